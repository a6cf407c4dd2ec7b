"""Change the secret that webhooks are signed with, and refuse none of them meanwhile.

VoiceDock has no scheme for it (`voicedock-api.md §11.3`): each assistant is told by a request of its own, and a call
goes on with what its assistant was when it began. So both secrets are accepted until every assistant knows the new
one, and a day longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from dashboard.connections import connect
from dashboard.connections.connect import Refused, WebhookSetup
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope
from tenants.models import Assistant, Connection, ConnectionSecret, User

OVERLAP = timedelta(days=1)  # no call lasts longer


def rotate(connection: Connection, *, by: User) -> WebhookSetup:
    """Make a new secret and tell the assistants; what the minute leaves over, beat tells. Raises `Refused`."""
    with scope.for_system("change a webhook secret"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        if words := hindrance(secret):
            raise Refused(words)
        secret.new_webhook_secret()
        secret.save()
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.secret-changed", connection, name=connection.name)
    return connect.set_up_webhooks(connection, by=by)


def hindrance(secret: ConnectionSecret) -> str:
    """Why the webhook secret cannot be changed now; empty where it can."""
    if not secret.sealed_webhook_secret:
        return "There is no secret yet: have the assistants report to us first."
    if secret.sealed_webhook_secret_before:
        return "The last change is still under way: calls that began before it are signed with the old one."
    return ""


def retire(connection: Connection, *, by: User | None) -> bool:
    """No longer accept the secret before the last one; whether there was one."""
    with scope.for_system("retire a webhook secret"):
        secret = ConnectionSecret.objects.select_for_update().get(connection_id=connection.pk)
        if not secret.sealed_webhook_secret_before:
            return False
        secret.sealed_webhook_secret_before = ""
        secret.save()
        publish.row_changed("connection", connection.pk, tenant=None)
        audit.record(by, None, "connection.secret-retired", connection, name=connection.name)
    return True


def overlap_until(connection: Connection) -> datetime | None:
    """Until when the secret before the last one is accepted; None when there is none, or assistants wait to be told.

    Inside a scope that reaches all.
    """
    secret = ConnectionSecret.objects.filter(connection_id=connection.pk).first()
    if secret is None or not secret.sealed_webhook_secret_before or secret.rotated_at is None:
        return None
    if untold(connection, secret.rotated_at):
        return None
    last = _ours(connection).aggregate(last=Max("hooked_at"))["last"] or secret.rotated_at
    return max(last, secret.rotated_at) + OVERLAP


def untold(connection: Connection, since: datetime) -> int:
    """Assistants that report to us and do not know the newest secret."""
    return _ours(connection).filter(Q(hooked_at=None) | Q(hooked_at__lt=since)).count()


def go_on() -> None:
    """For beat: tell the assistants that are left, and retire what nothing can be signed with any more."""
    with scope.for_system("which webhook secrets are being changed"):
        changing = ConnectionSecret.objects.exclude(sealed_webhook_secret_before="").select_related("connection")
        found = [(one.connection, overlap_until(one.connection)) for one in changing]
    for connection, until in found:
        if until is None:
            connect.set_up_webhooks(connection)
        elif until < timezone.now():
            retire(connection, by=None)


def _ours(connection: Connection) -> QuerySet[Assistant]:
    address = connect.hook_address(connection)
    return Assistant.objects.filter(connection_id=connection.pk, vanished_at=None, webhook_url=address)
