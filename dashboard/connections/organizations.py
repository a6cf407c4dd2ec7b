"""Create an organization below ours, for one client; and enter the key of one that exists at VoiceDock only.

VoiceDock returns the key of a new organization once, in its response (`docs/voicedock-api.md §1.6, §9.1`). So the
request is committed before it is sent, the key is encrypted and committed before anything else is done, and a request
without a response is never repeated: the list of children shows whether the organization was created.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from dashboard import voicedock
from dashboard.connections import connect, queries
from dashboard.connections.connect import ChangeRefused
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
REQUESTED_ALREADY = (
    "VoiceDock did not answer the request for {name}, so it may exist already. Answer the question below first."
)
NO_KEY = "VoiceDock created it but returned no key."


@dataclass(frozen=True)
class UnansweredRequest:
    """A request without a response, and what the list of children has shown since.

    `checked_at` is when the list was read last, None before; `child` is {"id", "name"}, if it is listed.
    """

    request: OrganizationRequest
    checked_at: datetime | None
    child: dict[str, str] | None


def create(parent: Connection, name: str, *, by: User | None, client: Tenant | None = None) -> OrganizationRequest:
    """Send the request once; returns it with its outcome. `client` gets the new connection as its home.

    Raises `ChangeRefused` before anything is sent. Opens scopes of its own; none is open during the request.
    """
    request = _ask(parent, names.clean(name, 120), by, client)
    try:
        with limiter.client_for(parent, Priority.CONTROL) as vendor:
            created = vendor.create_organization(request.name, parent.organization_id)
            _store_key(request, created)
    except limiter.RateLimitExceeded as error:
        return _settle(request, Outcome.REFUSED, f"{error.message} Try again in {error.retry_after:.0f} seconds.")
    except voicedock.Unanswered as error:
        runs.mark_due(parent, Kind.ORGANIZATION)
        return _settle(request, Outcome.UNKNOWN, error.summary)
    except voicedock.VoiceDockError as error:
        return _settle(request, Outcome.REFUSED, error.message)
    return finish(request)


@scope.opens_scope
def finish(request: OrganizationRequest) -> OrganizationRequest:
    """Create the connection for a key that was stored; idempotent. Opens scopes of its own."""
    with scope.for_system("connect a new organization"):
        request = (
            OrganizationRequest.objects.select_for_update(of=("self",)).select_related("parent").get(pk=request.pk)
        )
        if request.sealed_api_key and request.connection_id is None:
            values = {"name": request.name, "organization_name": request.name, "parent": request.parent}
            connection, new = Connection.objects.get_or_create(
                organization_id=request.organization_id, defaults=values | {"last_contact_at": timezone.now()}
            )
            if new:  # otherwise a key of it was entered meanwhile
                secret = ConnectionSecret(connection=connection)
                secret.api_key = secrets.decrypt(request.sealed_api_key, request.place)
                secret.save()
            request.connection, request.sealed_api_key = connection, ""
            request.save(update_fields=["connection", "sealed_api_key"])
            publish.row_changed("connection", connection.pk, tenant=None)
            _audit(request, "organization.created")
    _set_home(request)
    return request


@scope.opens_scope
def enter_key(parent: Connection, organization_id: str, api_key: str, *, by: User) -> Connection:
    """Connect an organization below `parent` that VoiceDock listed. Raises `ChangeRefused`; opens scopes of its own."""
    with scope.for_system("find a child organization"):
        child = next((child for child in queries.children_without_key(parent) if child["id"] == organization_id), None)
    if child is None:
        raise ChangeRefused("VoiceDock does not list this organization below this one, or it is connected already.")
    connection = connect.add(child["name"], api_key, by=by, only=organization_id)
    with scope.for_system("settle an organization request"):
        lost = OrganizationRequest.objects.filter(parent_id=parent.pk, name=child["name"], outcome=Outcome.UNKNOWN)
        oldest = list(lost.filter(dismissed_at=None).select_related("parent").order_by("asked_at")[:1])
        for request in oldest:
            request.outcome, request.connection, request.organization_id = Outcome.CREATED, connection, organization_id
            request.save(update_fields=["outcome", "connection", "organization_id"])
    for request in oldest:
        _set_home(request)
    return connection


@scope.requires_scope
def dismiss(request: OrganizationRequest, *, by: User) -> None:
    """Stop showing it as unanswered. Inside a scope that covers all clients."""
    if OrganizationRequest.objects.filter(pk=request.pk, dismissed_at=None).update(dismissed_at=timezone.now()):
        publish.row_changed("connection", request.parent_id, tenant=None)
        audit.record(by, None, "organization.dismissed", request.parent, name=request.name)


@scope.requires_scope
def unanswered(parent: Connection) -> list[UnansweredRequest]:
    """Requests without a response that were not dismissed, the oldest first. Inside a scope that covers all clients."""
    open_requests = OrganizationRequest.objects.filter(parent_id=parent.pk, outcome=Outcome.UNKNOWN, dismissed_at=None)
    found = list(open_requests.select_related("asked_by").order_by("asked_at")[:20])
    if not found:
        return []
    children = queries.children_without_key(parent)
    state = SyncState.objects.filter(connection_id=parent.pk, kind=Kind.ORGANIZATION).first()
    return [_unanswered(request, children, state.fresh_at if state else None) for request in found]


@scope.opens_scope
def resume() -> None:
    """For beat: continue what a crash interrupted; opens scopes of its own."""
    with scope.for_system("unfinished organization requests"):
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
        Connection.objects.select_for_update(no_key=True).get(pk=parent.pk)  # one request at a time
        open_requests = OrganizationRequest.objects.filter(
            parent_id=parent.pk, name=name, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN], dismissed_at=None
        )
        if open_requests.exists():
            raise ChangeRefused(REQUESTED_ALREADY.format(name=name))
        request = OrganizationRequest.objects.create(
            parent=parent, name=name, for_client=client, asked_by=by, asked_at=limiter.clock()
        )
        _audit(request, "organization.asked", by=by)
    return request


def _store_key(request: OrganizationRequest, created: voicedock.CreatedOrganization) -> None:
    """Encrypt and commit the key, before anything else is done with the response."""
    sealed = secrets.encrypt(created.api_key, request.place)
    note = "" if sealed else NO_KEY
    with scope.for_system("store the key of a new organization"):
        OrganizationRequest.objects.filter(pk=request.pk).update(
            outcome=Outcome.CREATED, organization_id=created.id, sealed_api_key=sealed, note=note
        )


def _settle(request: OrganizationRequest, outcome: Outcome, note: str) -> OrganizationRequest:
    with scope.for_system("outcome of an organization request"):
        waiting = OrganizationRequest.objects.filter(pk=request.pk, outcome=Outcome.WAITING)
        if waiting.update(outcome=outcome, note=note[:300]):
            publish.row_changed("connection", request.parent_id, tenant=None)
            _audit(request, f"organization.{outcome}", why=note)
    request.outcome, request.note = outcome, note[:300]
    return request


def _set_home(request: OrganizationRequest) -> None:
    if request.for_client_id is None or request.connection_id is None:
        return
    with scope.for_system("set the home of a client"):
        tenant = Tenant.objects.get(pk=request.for_client_id)
        elsewhere = Tenant.objects.filter(pk=tenant.pk).exclude(home_connection=request.connection_id)
        if elsewhere.update(home_connection=request.connection_id):
            details = {"name": tenant.name, "connection": request.name}
            audit.record(request.asked_by, tenant, "tenant.connection-changed", tenant, **details)


def _unanswered(
    request: OrganizationRequest, children: list[dict[str, str]], fresh_at: datetime | None
) -> UnansweredRequest:
    """A child of that name counts whenever it was created, since clocks differ."""
    checked_at = fresh_at if fresh_at and fresh_at > request.asked_at else None
    named = next((child for child in children if child["name"] == request.name), None)
    return UnansweredRequest(request, checked_at, named if checked_at else None)


def _audit(request: OrganizationRequest, action: str, *, by: User | None = None, **more: str) -> None:
    audit.record(by, None, action, request.parent, name=request.name, parent=request.parent.name, **more)
