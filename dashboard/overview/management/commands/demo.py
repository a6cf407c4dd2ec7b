"""`manage.py demo`: furnish the demo: people, connections, clients, what is dedicated to them; once, then quickly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Phrase
from dashboard.calls.updates import sync as calls
from dashboard.campaigns import sync as campaigns
from dashboard.connections import connect
from dashboard.connections import sync as connection_sync
from dashboard.inventory import sync as inventory_sync
from dashboard.overview.demo_data import (
    AUDITOR,
    CONNECTIONS,
    DAYS_AGO,
    HOUSES,
    KEPT_FREE,
    PASSWORD,
    STAFF,
    House,
    Person,
)
from dashboard.rate_limits import limiter
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import dedications
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
    help = "Furnish the demo: staff, an auditor, two connections to the sandbox, six clients with people and lines."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO and settings.SANDBOX_URL):
            raise CommandError("The demo belongs to the sandbox; this Patchbay speaks to the real VoiceDock.")
        admin = self._staff()
        connections = {name: self._connect(name, key, admin) for name, key in CONNECTIONS.items()}
        for connection in connections.values():
            self._look(connection_sync.organization, connection)
            self._look(inventory_sync.inventory, connection)
        for house in HOUSES:
            self._furnish(house, connections[house.connection], admin)
        for connection in connections.values():  # only now: a call belongs to whom its line was dedicated then
            self._look(calls.live, connection)
            self._look(campaigns.campaigns, connection)
            self._hook_up(connection, admin)
            runs.mark_due(connection, Kind.CALLS)  # the past is the worker's first task: nobody waits for it to sign in

    def _staff(self) -> User:
        people = {person: _person(person) for person in [*STAFF, AUDITOR]}
        for person, role in STAFF.items():
            StaffMember.objects.get_or_create(user=people[person], defaults={"role": role})
        Auditor.objects.get_or_create(user=people[AUDITOR], defaults={"sees_all": True})
        return people[next(iter(STAFF))]

    def _connect(self, name: str, key: str, admin: User) -> Connection:
        with scope.for_system("is it connected already"):
            known = Connection.objects.filter(name=name).first()
        if known is None:
            try:
                known = connect.add(name, key, by=admin)
            except connect.Refused as no:
                raise CommandError(f"The sandbox did not let us in: {no.words}") from no
            self.stdout.write(f"Connected {name}.")
        return known

    def _look(self, look: Callable[[Connection], None], connection: Connection) -> None:
        """Best effort: what does not come now, the worker brings in a moment."""
        try:
            look(connection)
        except (runs.Busy, limiter.RateLimitExceeded, voicedock.VoiceDockError) as no:
            self.stderr.write(f"{connection}: {no}")

    def _furnish(self, house: House, connection: Connection, admin: User) -> None:
        with scope.for_system("which clients are there"):
            if Tenant.objects.filter(slug=house.slug).exists():
                return
        with as_owner(), scope.for_system("furnish the demo"):  # only the owner may dedicate from a day in the past
            tenant = dedications.open_tenant(
                name=house.name,
                slug=house.slug,
                city=house.city,
                timezone=house.timezone,
                country=house.country,
                home_connection=connection,
                by=admin,
                brand_hue=house.hue,
                brand_chroma=house.chroma,
                max_concurrent_calls=house.at_once,
                max_calls_per_day=house.per_day,
            )
            self._dedicate(tenant, connection, admin)
            for person, role in house.people:
                Membership.objects.get_or_create(tenant=tenant, user=_person(person), defaults={"role": role})
            Phrase.objects.bulk_create(
                [Phrase(tenant=tenant, text=text, position=at) for at, text in enumerate(house.phrases)]
            )
        self.stdout.write(f"Opened {house.name}.")

    def _dedicate(self, tenant: Tenant, connection: Connection, admin: User) -> None:
        since = timezone.now() - timedelta(days=DAYS_AGO)
        numbers: list[NumberDedication] = []
        assistants: list[AssistantDedication] = []
        for number in _of(Number, tenant, connection):
            numbers.append(dedications.dedicate_number(tenant, number, by=admin, start=since))
        for assistant in _of(Assistant, tenant, connection):
            assistants.append(dedications.dedicate_assistant(tenant, assistant, by=admin, start=since))
        if numbers and assistants:
            dedications.set_defaults(tenant, number=numbers[0], assistant=assistants[0], by=admin)

    def _hook_up(self, connection: Connection, admin: User) -> None:
        address = connect.hook_address(connection)
        with scope.for_system("who reports elsewhere"):
            there = Assistant.objects.filter(connection=connection, vanished_at=None)
            todo = there.exclude(webhook_url=address).exists()
        if todo:
            connect.set_up_webhooks(connection, by=admin, take_over=True)


def _of(model: type[Model], tenant: Tenant, connection: Connection) -> list[Any]:
    mine = model._default_manager.filter(connection=connection, business_name=tenant.name, vanished_at=None)
    return list(mine.exclude(name__in=KEPT_FREE).order_by("pk"))


def _person(person: Person) -> User:
    known = User.objects.filter(email=person.email).first()
    return known or User.objects.create_user(person.email, PASSWORD, name=person.name)
