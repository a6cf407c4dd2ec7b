"""Create an organization below ours, for one client; and enter the key of one that VoiceDock knows and we do not.

VoiceDock tells the key of a new organization once, in the answer (`voicedock-api.md §1.6, §9.1`). So the question is
committed before it is asked, the key is sealed and committed before anything else is done with the answer, and an
answer that was lost is never asked for again by itself: the list of children shows whether it was created.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from dashboard import voicedock
from dashboard.connections import connect, queries
from dashboard.connections.connect import Refused
from dashboard.connections.models import OrganizationRequest
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind, SyncState
from tenants import audit, names, secrets
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret, Tenant, User

Outcome = OrganizationRequest.Outcome
LOST = timedelta(seconds=90)  # longer than the one attempt may take
NOT_AGAIN = (
    "VoiceDock did not answer when {name} was asked for, and it may be there already. Look at the question below first."
)
NO_KEY = "VoiceDock created it but told no key."


@dataclass(frozen=True)
class Question:
    """A request whose answer was lost: what the list of children has shown since."""

    request: OrganizationRequest
    looked_at: datetime | None
    child: dict[str, str] | None


def create(parent: Connection, name: str, *, by: User | None, client: Tenant | None = None) -> OrganizationRequest:
    """Ask once; the request, whatever became of it. `client` gets the new connection as its home.

    Raises `Refused` before anything has left. Opens scopes of its own, with nothing open while VoiceDock is asked.
    """
    request = _ask(parent, names.clean(name, 120), by, client)
    try:
        with limiter.client_for(parent, Priority.CONTROL) as vendor:
            created = vendor.create_organization(request.name, parent.organization_id)
            _seal(request, created)
    except limiter.RateLimitExceeded as no:
        return _settle(request, Outcome.REFUSED, f"{no.words} Try again in {no.retry_after:.0f} seconds.")
    except voicedock.Unanswered as silence:
        runs.mark_due(parent, Kind.ORGANIZATION)
        return _settle(request, Outcome.UNKNOWN, silence.plain)
    except voicedock.VoiceDockError as no:
        return _settle(request, Outcome.REFUSED, no.words)
    return finish(request)


def finish(request: OrganizationRequest) -> OrganizationRequest:
    """Make the connection of a key that is sealed; any number of times. Opens scopes of its own."""
    with scope.for_system("connect a new organization"):
        request = (
            OrganizationRequest.objects.select_for_update(of=("self",)).select_related("parent").get(pk=request.pk)
        )
        if request.sealed_api_key and request.connection_id is None:
            facts = {"name": request.name, "organization_name": request.name, "parent": request.parent}
            connection, new = Connection.objects.get_or_create(
                organization_id=request.organization_id, defaults=facts | {"last_contact_at": timezone.now()}
            )
            if new:  # else somebody has entered a key of it meanwhile
                secret = ConnectionSecret(connection=connection)
                secret.api_key = secrets.decrypt(request.sealed_api_key, request.place)
                secret.save()
            request.connection, request.sealed_api_key = connection, ""
            request.save(update_fields=["connection", "sealed_api_key"])
            publish.row_changed("connection", connection.pk, tenant=None)
            _tell(request, "organization.created")
    _move_in(request)
    return request


def enter_key(parent: Connection, organization_id: str, api_key: str, *, by: User) -> Connection:
    """Connect an organization below `parent` that VoiceDock told of. Raises `Refused`; opens scopes of its own."""
    with scope.for_system("which organization is meant"):
        child = next((one for one in queries.children_without_key(parent) if one["id"] == organization_id), None)
    if child is None:
        raise Refused("VoiceDock does not list this organization below this one, or it is connected already.")
    connection = connect.add(child["name"], api_key, by=by, only=organization_id)
    with scope.for_system("a question is answered"):
        lost = OrganizationRequest.objects.filter(parent_id=parent.pk, name=child["name"], outcome=Outcome.UNKNOWN)
        asked = list(lost.filter(dismissed_at=None).select_related("parent").order_by("asked_at")[:1])
        for request in asked:
            request.outcome, request.connection, request.organization_id = Outcome.CREATED, connection, organization_id
            request.save(update_fields=["outcome", "connection", "organization_id"])
    for request in asked:
        _move_in(request)
    return connection


@scope.requires_scope
def dismiss(request: OrganizationRequest, *, by: User) -> None:
    """Somebody has looked. Inside a scope that reaches all."""
    if OrganizationRequest.objects.filter(pk=request.pk, dismissed_at=None).update(dismissed_at=timezone.now()):
        publish.row_changed("connection", request.parent_id, tenant=None)
        audit.record(by, None, "organization.put-aside", request.parent, name=request.name)


def questions(parent: Connection) -> list[Question]:
    """What nobody knows yet, the oldest first. Inside a scope that reaches all."""
    open_ones = OrganizationRequest.objects.filter(parent_id=parent.pk, outcome=Outcome.UNKNOWN, dismissed_at=None)
    found = list(open_ones.select_related("asked_by").order_by("asked_at")[:20])
    if not found:
        return []
    children = queries.children_without_key(parent)
    state = SyncState.objects.filter(connection_id=parent.pk, kind=Kind.ORGANIZATION).first()
    return [_question(one, children, state.fresh_at if state else None) for one in found]


def go_on() -> None:
    """For beat: what a crash left half done; opens scopes of its own."""
    with scope.for_system("organizations asked for"):
        lost = OrganizationRequest.objects.filter(outcome=Outcome.WAITING, asked_at__lt=Now() - LOST)
        sealed = OrganizationRequest.objects.filter(connection=None).exclude(sealed_api_key="")
        waiting, unfinished = list(lost.select_related("parent")[:20]), list(sealed[:20])
    for request in waiting:
        runs.mark_due(request.parent_id, Kind.ORGANIZATION)
        _settle(request, Outcome.UNKNOWN, "We were interrupted while asking.")
    for request in unfinished:
        finish(request)


def _ask(parent: Connection, name: str, by: User | None, client: Tenant | None) -> OrganizationRequest:
    with scope.for_system("ask for an organization"):
        Connection.objects.select_for_update(no_key=True).get(pk=parent.pk)  # one question at a time
        open_ones = OrganizationRequest.objects.filter(
            parent_id=parent.pk, name=name, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN], dismissed_at=None
        )
        if open_ones.exists():
            raise Refused(NOT_AGAIN.format(name=name))
        request = OrganizationRequest.objects.create(
            parent=parent, name=name, for_client=client, asked_by=by, asked_at=limiter.clock()
        )
        _tell(request, "organization.asked", by=by)
    return request


def _seal(request: OrganizationRequest, created: voicedock.CreatedOrganization) -> None:
    """The first thing that is done with the answer, and nothing beside it."""
    sealed = secrets.encrypt(created.api_key, request.place)
    note = "" if sealed else NO_KEY
    with scope.for_system("seal the key of a new organization"):
        OrganizationRequest.objects.filter(pk=request.pk).update(
            outcome=Outcome.CREATED, organization_id=created.id, sealed_api_key=sealed, note=note
        )


def _settle(request: OrganizationRequest, outcome: Outcome, why: str) -> OrganizationRequest:
    with scope.for_system("what became of an organization"):
        waiting = OrganizationRequest.objects.filter(pk=request.pk, outcome=Outcome.WAITING)
        if waiting.update(outcome=outcome, note=why[:300]):
            publish.row_changed("connection", request.parent_id, tenant=None)
            _tell(request, f"organization.{outcome}", why=why)
    request.outcome, request.note = outcome, why[:300]
    return request


def _move_in(request: OrganizationRequest) -> None:
    if request.for_client_id is None or request.connection_id is None:
        return
    with scope.for_system("a client moves into its own organization"):
        tenant = Tenant.objects.get(pk=request.for_client_id)
        homeless = Tenant.objects.filter(pk=tenant.pk).exclude(home_connection=request.connection_id)
        if homeless.update(home_connection=request.connection_id):
            words = {"name": tenant.name, "connection": request.name}
            audit.record(request.asked_by, tenant, "tenant.connection-changed", tenant, **words)


def _question(request: OrganizationRequest, children: list[dict[str, str]], fresh_at: datetime | None) -> Question:
    """One of that name counts whenever it was made: clocks differ, and a second one would be for nobody."""
    looked = fresh_at if fresh_at and fresh_at > request.asked_at else None
    named = next((one for one in children if one["name"] == request.name), None)
    return Question(request, looked, named if looked else None)


def _tell(request: OrganizationRequest, action: str, *, by: User | None = None, **more: str) -> None:
    audit.record(by, None, action, request.parent, name=request.name, parent=request.parent.name, **more)
