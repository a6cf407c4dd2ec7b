"""Connect a VoiceDock organization: test its key, store it encrypted, and set up the webhooks of its assistants."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from dashboard import voicedock
from dashboard.connections import vendor_requests
from dashboard.connections.models import VendorRequest
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from tenants import audit, names
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Assistant, Connection, ConnectionSecret, User

Outcome = VendorRequest.Outcome
EVENTS = ["status-update", "end-of-call-report"]  # those whose response VoiceDock ignores (`voicedock-api.md §11.2`)


class ChangeRefused(ActionRefused):
    """A connection cannot be changed that way."""


@dataclass(frozen=True)
class WebhookSetup:
    """Counts of assistants: `ours` send their events to us, `foreign` elsewhere, `left` wait for the rate limit."""

    ours: int
    foreign: int
    left: int


@scope.opens_scope
def add(name: str, api_key: str, *, by: User | None, only: str = "") -> Connection:
    """Connect the organization of this key, once VoiceDock accepts it. Raises `ChangeRefused`; opens its own scopes.

    `only` is the id of the organization that is expected: a key of another one is refused.
    """
    api_key = api_key.strip()
    found = _organization_of(api_key)
    if only and found.id != only:
        raise ChangeRefused(f"This key belongs to {found.name}. It is a good key, but not of this organization.")
    children = [child.id for child in found.children]
    try:
        with scope.for_system("connect an organization"):
            connection = Connection.objects.create(
                name=names.clean(name, 120) or names.clean(found.name, 120),
                organization_id=found.id,
                organization_name=names.clean(found.name, 200),
                parent=Connection.objects.filter(organization_id=found.parent_id).first() if found.parent_id else None,
                minutes_balance=found.minutes_balance,
                last_contact_at=timezone.now(),
            )
            Connection.objects.filter(organization_id__in=children, parent=None).update(parent=connection)
            secret = ConnectionSecret(connection=connection)
            secret.api_key = api_key
            secret.save()
            publish.row_changed("connection", connection.pk, tenant=None)
            audit.record(by, None, "connection.added", connection, name=connection.name, organization=found.name)
    except IntegrityError as error:
        raise ChangeRefused(f"{found.name} is connected already.") from error
    return connection


@scope.opens_scope
def replace_key(connection: Connection, api_key: str, *, by: User | None) -> None:
    """Use another key of the same organization from now on. Raises `ChangeRefused`; opens scopes of its own."""
    api_key = api_key.strip()
    found = _organization_of(api_key)
    if found.id != connection.organization_id:
        raise ChangeRefused(f"This key belongs to {found.name}, not to {connection.organization_name}.")
    with scope.for_system("replace a key"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        secret.api_key = api_key
        secret.save()
        Connection.objects.filter(pk=connection.pk).update(last_error="", last_contact_at=timezone.now())
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.key-replaced", connection, name=connection.name)


@scope.opens_scope
def set_up_webhooks(connection: Connection, *, by: User | None = None, take_over: bool = False) -> WebhookSetup:
    """Have every assistant send its events to us, with one request each; opens scopes of its own.

    An assistant with another webhook URL keeps it, unless `take_over`: another system may depend on it, and the sync
    finds its calls too. Assistants over the rate limit are set up when this is called again.
    """
    url = webhook_url(connection)
    with scope.for_system("assistants without our webhook"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        secrets, rotated_at = secret.webhook_secrets, secret.rotated_at
        newest = secrets[0] if secrets else secret.new_webhook_secret()
        if not secrets:
            secret.save()
        assistants = list(Assistant.objects.filter(connection_id=connection.pk, vanished_at=None).order_by("pk"))
    foreign = [row for row in assistants if row.webhook_url and row.webhook_url != url and not take_over]
    outdated = [
        assistant
        for assistant in assistants
        if assistant.webhook_url != url
        or not secrets
        or not assistant.hooked_at
        or (rotated_at and assistant.hooked_at < rotated_at)
    ]
    todo = [assistant for assistant in outdated if assistant not in foreign]
    request = _ask_for_webhooks(connection, by, len(todo)) if todo and by else None  # beat continues what was asked
    done = _update_assistants(connection, todo, url, newest)
    setup = WebhookSetup(len(assistants) - len(foreign) - len(todo) + len(done), len(foreign), len(todo) - len(done))
    with scope.for_system("record a webhook set-up"):
        if request:
            vendor_requests.settle(request, Outcome.ACCEPTED if done else Outcome.REFUSED)
        if done or request:
            publish.row_changed("connection", connection.pk, tenant=None)
            audit.record(by, None, "connection.webhooks-set-up", connection, name=connection.name, assistants=len(done))
    return setup


def _ask_for_webhooks(connection: Connection, by: User, assistants: int) -> VendorRequest:
    with scope.for_system("ask for webhooks"):
        request = vendor_requests.begin(
            connection, connection, tenant=None, by=by, lost_action="connection.webhooks-given-up", name=connection.name
        )
        details = {"name": connection.name, "assistants": assistants}
        audit.record(by, None, "connection.webhooks-asked", connection, **details)
    return request


def webhook_url(connection: Connection) -> str:
    return f"{settings.PUBLIC_URL}/hooks/voicedock/{connection.webhook_token}/"


def _organization_of(api_key: str) -> voicedock.RemoteOrganization:
    """The organization of this key, read with one request that is not counted: each minute keeps 4 for this."""
    if not api_key:
        raise ChangeRefused("Paste the API key.")
    try:
        with voicedock.Client(
            api_key, base_url=settings.VOICEDOCK_API_URL, transport=settings.VOICEDOCK_TRANSPORT, timeout=10
        ) as vendor:
            return vendor.organization(include_children=True)
    except voicedock.BadKey as error:
        raise ChangeRefused("VoiceDock does not know this key, or has withdrawn it.") from error
    except voicedock.VoiceDockError as error:
        raise ChangeRefused(error.message) from error


def _update_assistants(connection: Connection, assistants: list[Assistant], url: str, secret: str) -> list[int]:
    """Set them up in turn; returns the ids of those that VoiceDock accepted, each committed before the next request."""
    done: list[int] = []
    for assistant in assistants:
        try:
            with limiter.client_for(connection, Priority.REST) as vendor:
                vendor.update_assistant(
                    assistant.remote_id, webhook_url=url, webhook_secret=secret, webhook_events=EVENTS
                )
                with scope.for_system("an assistant has our webhook"):
                    Assistant.objects.filter(pk=assistant.pk).update(webhook_url=url, hooked_at=timezone.now())
        except (limiter.RateLimitExceeded, voicedock.VoiceDockError):
            break
        done.append(assistant.pk)
    return done
