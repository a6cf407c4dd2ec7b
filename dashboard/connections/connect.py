"""Connect a VoiceDock organization: try its key, keep it sealed, and have its assistants report to us."""

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
from tenants.isolation import scope
from tenants.models import Assistant, Connection, ConnectionSecret, User

Outcome = VendorRequest.Outcome
EVENTS = ["status-update", "end-of-call-report"]  # those that need no answer from us (`voicedock-api.md §11.2`)


class Refused(Exception):
    """Not connected; `words` say why and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class WebhookSetup:
    """How many assistants report to us, how many keep a webhook of their own, how many wait for the next minute."""

    ours: int
    foreign: int
    left: int


def add(name: str, api_key: str, *, by: User | None, only: str = "") -> Connection:
    """Connect the organization that this key opens; asks VoiceDock first. Raises `Refused`; opens scopes of its own.

    `only` is the id of the organization that is meant: a key of another one is refused.
    """
    api_key = api_key.strip()
    found = _try(api_key)
    if only and found.id != only:
        raise Refused(f"This key belongs to {found.name}. It is a good key, but not of this organization.")
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
        raise Refused(f"{found.name} is connected already.") from error
    return connection


def replace_key(connection: Connection, api_key: str, *, by: User | None) -> None:
    """Use another key of the same organization from now on. Raises `Refused`; opens scopes of its own."""
    api_key = api_key.strip()
    found = _try(api_key)
    if found.id != connection.organization_id:
        raise Refused(f"This key belongs to {found.name}, not to {connection.organization_name}.")
    with scope.for_system("replace a key"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        secret.api_key = api_key
        secret.save()
        Connection.objects.filter(pk=connection.pk).update(last_error="", last_contact_at=timezone.now())
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.key-replaced", connection, name=connection.name)


def set_up_webhooks(connection: Connection, *, by: User | None = None, take_over: bool = False) -> WebhookSetup:
    """Have every assistant send its events to us, one request each; opens scopes of its own.

    An assistant with a webhook of its own keeps it, unless `take_over`: somebody may depend on it, and polling finds
    its calls too. What the minute's budget leaves over is done when this is called again.
    """
    address = hook_address(connection)
    with scope.for_system("which assistants report to us"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        known, since = secret.webhook_secrets, secret.rotated_at
        token = known[0] if known else secret.new_webhook_secret()
        if not known:
            secret.save()
        assistants = list(Assistant.objects.filter(connection_id=connection.pk, vanished_at=None).order_by("pk"))
    foreign = [one for one in assistants if one.webhook_url and one.webhook_url != address and not take_over]
    todo = [
        one
        for one in assistants
        if one not in foreign
        and (one.webhook_url != address or not known or not one.hooked_at or (since and one.hooked_at < since))
    ]
    request = _ask_to_hook_up(connection, by, len(todo)) if todo and by else None  # beat goes on with what was asked
    done = _tell(connection, todo, address, token)
    hooked = WebhookSetup(len(assistants) - len(foreign) - len(todo) + len(done), len(foreign), len(todo) - len(done))
    with scope.for_system("assistants report to us"):
        if request:
            vendor_requests.settle(request, Outcome.ACCEPTED if done else Outcome.REFUSED)
        if done or request:
            publish.row_changed("connection", connection.pk, tenant=None)
            audit.record(by, None, "connection.hooked-up", connection, name=connection.name, assistants=len(done))
    return hooked


def _ask_to_hook_up(connection: Connection, by: User, assistants: int) -> VendorRequest:
    with scope.for_system("have assistants report to us"):
        request = vendor_requests.begin(
            connection, connection, tenant=None, by=by, lost_action="connection.hook-up-given-up", name=connection.name
        )
        facts = {"name": connection.name, "assistants": assistants}
        audit.record(by, None, "connection.hook-up-asked", connection, **facts)
    return request


def hook_address(connection: Connection) -> str:
    return f"{settings.PUBLIC_URL}/hooks/voicedock/{connection.webhook_token}/"


def _try(api_key: str) -> voicedock.RemoteOrganization:
    """One request that no budget counts yet: the four that each minute keeps back are for this."""
    if not api_key:
        raise Refused("Paste the API key.")
    try:
        with voicedock.Client(
            api_key, base_url=settings.VOICEDOCK_API_URL, transport=settings.VOICEDOCK_TRANSPORT, timeout=10
        ) as vendor:
            return vendor.organization(include_children=True)
    except voicedock.BadKey as error:
        raise Refused("VoiceDock does not know this key, or has withdrawn it.") from error
    except voicedock.VoiceDockError as error:
        raise Refused(error.words) from error


def _tell(connection: Connection, assistants: list[Assistant], address: str, token: str) -> list[int]:
    """Those that were told, each written down before the next is asked."""
    done: list[int] = []
    for one in assistants:
        try:
            with limiter.client_for(connection, Priority.REST) as vendor:
                vendor.update_assistant(one.remote_id, webhook_url=address, webhook_secret=token, webhook_events=EVENTS)
                with scope.for_system("an assistant reports to us"):
                    Assistant.objects.filter(pk=one.pk).update(webhook_url=address, hooked_at=timezone.now())
        except (limiter.RateLimitExceeded, voicedock.VoiceDockError):
            break
        done.append(one.pk)
    return done
