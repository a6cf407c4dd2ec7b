"""`manage.py demo`: create the people, connections, clients and dedications of the demo; later runs change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.control import action_book, transfer_book
from dashboard.calls.models import Phrase
from dashboard.calls.transient import drafts
from dashboard.calls.updates import sync as calls
from dashboard.campaigns import sync as campaigns
from dashboard.connections import connect
from dashboard.connections import sync as connection_sync
from dashboard.inventory import sync as inventory_sync
from dashboard.overview import demo_campaign_draft, demo_planned_calls, demo_presets
from dashboard.overview.demo_data import (
    ACTIONS,
    AUDITOR,
    CLIENTS,
    CONNECTIONS,
    DAYS_AGO,
    PASSWORD,
    STAFF,
    UNASSIGNED,
    DemoClient,
    DemoPerson,
)
from dashboard.rate_limits import limiter
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import audit, dedications
from tenants.access.permissions import Role
from tenants.accounts import members
from tenants.isolation import scope
from tenants.isolation.database_grants import as_owner
from tenants.models import (
    Assistant,
    AssistantDedication,
    Auditor,
    Connection,
    Membership,
    Number,
    NumberDedication,
    StaffMember,
    Tenant,
    User,
)


class Command(BaseCommand):
    help = "Create the demo: staff, an auditor, two connections to the sandbox, seven clients with people and lines."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO and settings.SANDBOX_URL):
            raise CommandError("The demo belongs to the sandbox; this Patchbay speaks to the real VoiceDock.")
        with audit.dated(_days_ago(DAYS_AGO)):  # before the calls of the sandbox, as the dedications are
            admin = self._staff()
            connections = {name: self._connect(name, key, admin) for name, key in CONNECTIONS.items()}
        for connection in connections.values():
            self._sync(connection_sync.organization, connection)
            self._sync(inventory_sync.inventory, connection)
        for client in CLIENTS:
            self._open_client(client, connections[client.connection], admin)
        self._plan(CLIENTS[0])
        for connection in connections.values():  # after the dedications, which decide whose a call is
            self._sync(calls.live, connection)
            self._sync(campaigns.campaigns, connection)
            self._set_up_webhooks(connection, admin)
            runs.mark_due(connection, Kind.CALLS)  # the worker reads the history first; signing in does not wait for it

    def _plan(self, client: DemoClient) -> None:
        with scope.for_system("who plans calls and campaigns"):
            tenant = Tenant.objects.get(slug=client.slug)
        operator = next(person for person, role in client.people if role == Role.OPERATOR)
        demo_planned_calls.plan(tenant, by=_person(operator))
        manager = next(person for person, role in client.people if role in (Role.MANAGER, Role.OWNER))
        demo_campaign_draft.make(tenant, by=_person(manager))

    def _staff(self) -> User:
        people = {person: _person(person) for person in [*STAFF, AUDITOR]}
        for person, role in STAFF.items():
            member, new = StaffMember.objects.get_or_create(user=people[person], defaults={"role": role})
            if new:
                with scope.for_system("the staff of the demo"):
                    facts = {"person": person.name, "email": person.email, "role": member.get_role_display()}
                    audit.record(None, None, "staff.invited", member.user, **facts)
        Auditor.objects.get_or_create(user=people[AUDITOR], defaults={"sees_all": True})
        return people[next(iter(STAFF))]

    def _connect(self, name: str, key: str, admin: User) -> Connection:
        with scope.for_system("is it connected already"):
            known = Connection.objects.filter(name=name).first()
        if known is None:
            try:
                known = connect.add(name, key, by=admin)
            except connect.ChangeRefused as error:
                raise CommandError(f"The sandbox did not let us in: {error.message}") from error
            with scope.for_system("since when it is connected"):
                Connection.objects.filter(pk=known.pk).update(created_at=_days_ago(DAYS_AGO))
            self.stdout.write(f"Connected {name}.")
        return known

    def _sync(self, sync: Callable[[Connection], None], connection: Connection) -> None:
        """Best effort: what fails now is synced by the worker a moment later."""
        try:
            sync(connection)
        except (runs.Busy, limiter.RateLimitExceeded, voicedock.VoiceDockError) as error:
            self.stderr.write(f"{connection}: {error}")

    def _open_client(self, client: DemoClient, connection: Connection, admin: User) -> None:
        with scope.for_system("which clients are there"):
            if Tenant.objects.filter(slug=client.slug).exists():
                return
        since = _days_ago(client.days_ago)
        # only the owner may dedicate from a day in the past; the audit entries bear the same time
        with as_owner(), audit.dated(since), scope.for_system("create the demo"):
            tenant = dedications.open_tenant(
                name=client.name,
                slug=client.slug,
                city=client.city,
                timezone=client.timezone,
                country=client.country,
                home_connection=connection,
                by=admin,
                brand_hue=client.hue,
                brand_chroma=client.chroma,
                max_concurrent_calls=client.at_once,
                max_calls_per_day=client.per_day,
            )
            Tenant.objects.filter(pk=tenant.pk).update(created_at=since)
            lines, assistants = self._dedicate(tenant, connection, admin, since)
            for person, role in client.people:
                user = _person(person)
                membership = Membership.objects.create(tenant=tenant, user=user, role=role, created_at=since)
                audit.record(user, tenant, "person.joined", membership, email=user.email, role=role)
            Phrase.objects.bulk_create(
                [Phrase(tenant=tenant, text=text, position=at) for at, text in enumerate(client.phrases)]
            )
            targets = [target.row() for target in client.transfer_targets]
            transfer_book.save(tenant, targets, made_from="", by=admin)
            action_book.save(tenant, ACTIONS, made_from="", by=admin)
            demo_presets.save(tenant, lines, assistants, by=admin)
            if client.one_time_assistant:
                _give_one_time_assistants(tenant, *client.one_time_assistant, admin)
        self.stdout.write(f"Opened {client.name}.")

    def _dedicate(
        self, tenant: Tenant, connection: Connection, admin: User, since: datetime
    ) -> tuple[list[NumberDedication], list[AssistantDedication]]:
        numbers: list[NumberDedication] = []
        assistants: list[AssistantDedication] = []
        for number in _of(Number, tenant, connection):
            numbers.append(dedications.dedicate_number(tenant, number, by=admin, start=since))
        for assistant in _of(Assistant, tenant, connection):
            assistants.append(dedications.dedicate_assistant(tenant, assistant, by=admin, start=since))
        if numbers and assistants:
            dedications.set_defaults(tenant, number=numbers[0], assistant=assistants[0], by=admin)
        return numbers, assistants

    def _set_up_webhooks(self, connection: Connection, admin: User) -> None:
        address = connect.webhook_url(connection)
        with scope.for_system("who reports elsewhere"):
            assistants = Assistant.objects.filter(connection=connection, vanished_at=None)
            todo = assistants.exclude(webhook_url=address).exists()
        if todo:
            connect.set_up_webhooks(connection, by=admin, take_over=True)


def _give_one_time_assistants(tenant: Tenant, name: str, configuration: dict[str, Any], admin: User) -> None:
    """Staff allow them, the owner gives them to those who place calls, and saves the first."""
    dedications.change_transient_calls(tenant, True, by=admin)
    callers = Membership.objects.filter(tenant=tenant, role__in=[Role.OWNER, Role.OPERATOR]).select_related("user")
    owner = callers.get(role=Role.OWNER).user
    for membership in callers:
        membership.tenant = tenant
        members.change_transient_calls(membership, True, by=owner)
    drafts.save(tenant, None, name=name, configuration=configuration, made_from=0, by=owner)


def _of(model: type[Model], tenant: Tenant, connection: Connection) -> list[Any]:
    found = model._default_manager.filter(connection=connection, business_name=tenant.name, vanished_at=None)
    return list(found.exclude(name__in=UNASSIGNED).order_by("pk"))


def _person(person: DemoPerson) -> User:
    known = User.objects.filter(email=person.email).first()
    return known or User.objects.create(email=person.email, name=person.name, password=_password())


@cache
def _password() -> str:
    """The same for everybody: to hash it takes long."""
    return make_password(PASSWORD)


def _days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
