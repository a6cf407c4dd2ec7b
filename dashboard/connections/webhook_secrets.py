"""Rotate the secret that webhooks are signed with, and reject no webhook meanwhile.

VoiceDock has no rotation (`docs/voicedock-api.md §11.3`): each assistant is updated by a request of its own, and a call
keeps the secret that its assistant had when it began. So both secrets are accepted until every assistant has the new
one, and a day longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from dashboard.connections import connect
from dashboard.connections.connect import ChangeRefused, WebhookSetup
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope
from tenants.models import Assistant, Connection, ConnectionSecret, User

OVERLAP = timedelta(days=1)  # no call lasts longer


@scope.opens_scope
def rotate(connection: Connection, *, by: User) -> WebhookSetup:
    """Make a new secret and send it to the assistants, as far as the rate limit allows; beat sends it to the others.

    Raises `ChangeRefused`.
    """
    with scope.for_system("change a webhook secret"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        if message := blocking_reason(secret):
            raise ChangeRefused(message)
        secret.new_webhook_secret()
        secret.save()
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.secret-changed", connection, name=connection.name)
    return connect.set_up_webhooks(connection, by=by)


def blocking_reason(secret: ConnectionSecret) -> str:
    """Why the webhook secret cannot be changed now; empty where it can."""
    if not secret.sealed_webhook_secret:
        return "There is no secret yet: set up webhooks first."
    if secret.sealed_webhook_secret_before:
        return "The last change is still under way: calls that began before it are signed with the old one."
    return ""


@scope.opens_scope
def retire(connection: Connection, *, by: User | None) -> bool:
    """Stop accepting the previous secret; returns whether there was one."""
    with scope.for_system("retire a webhook secret"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        if not secret.sealed_webhook_secret_before:
            return False
        secret.sealed_webhook_secret_before = ""
        secret.save()
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.secret-retired", connection, name=connection.name)
    return True


@scope.requires_scope
def overlap_until(connection: Connection) -> datetime | None:
    """Until when the previous secret is accepted; None when there is none, or some assistants lack the new one.

    Inside a scope that covers all clients.
    """
    secret = ConnectionSecret.objects.filter(connection_id=connection.pk).first()
    if secret is None or not secret.sealed_webhook_secret_before or secret.rotated_at is None:
        return None
    if without_newest_secret(connection, secret.rotated_at):
        return None
    last = _ours(connection).aggregate(last=Max("hooked_at"))["last"] or secret.rotated_at
    return max(last, secret.rotated_at) + OVERLAP


def without_newest_secret(connection: Connection, since: datetime) -> int:
    """How many assistants with our webhook do not have the newest secret."""
    return _ours(connection).filter(Q(hooked_at=None) | Q(hooked_at__lt=since)).count()


@scope.opens_scope
def resume() -> None:
    """For beat: update the assistants that are left, and retire secrets once no call can use them."""
    with scope.for_system("webhook secrets being rotated"):
        changing = ConnectionSecret.objects.exclude(sealed_webhook_secret_before="").select_related("connection")
        found = [(secret.connection, overlap_until(secret.connection)) for secret in changing]
    for connection, until in found:
        if until is None:
            connect.set_up_webhooks(connection)
        elif until < timezone.now():
            retire(connection, by=None)


def _ours(connection: Connection) -> QuerySet[Assistant]:
    url = connect.webhook_url(connection)
    return Assistant.objects.filter(connection_id=connection.pk, vanished_at=None, webhook_url=url)
