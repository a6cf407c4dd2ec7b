"""The status of a client: suspended, reopened or closed, each time with a reason that the audit trail keeps."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from tenants import audit
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant, User

Status = Tenant.Status
LONGEST_REASON = 300
ALLOWED_FROM = {
    "suspend": [Status.ACTIVE],
    "reopen": [Status.SUSPENDED, Status.CLOSED],
    "close": [Status.ACTIVE, Status.SUSPENDED],
}
STATUS_ACTIONS = ["tenant.suspended", "tenant.reopened", "tenant.closed"]


class StatusChangeRefused(ActionRefused):
    """The client's present status does not allow the change, or a reason is missing; `message` says which."""


@scope.requires_scope
def suspend(tenant: Tenant, *, by: User | None, reason: str, **details: object) -> None:
    """No call can be placed from the commit on; the update waits for a call that is being claimed at this moment."""
    _change_status(tenant, ALLOWED_FROM["suspend"], Status.SUSPENDED, "tenant.suspended", by, reason, details)


@scope.requires_scope
def reopen(tenant: Tenant, *, by: User | None, reason: str) -> None:
    """Calls can be placed again with what is dedicated now: a client that was closed has no dedications left."""
    _change_status(tenant, ALLOWED_FROM["reopen"], Status.ACTIVE, "tenant.reopened", by, reason, {})


@scope.requires_scope
def close(tenant: Tenant, *, by: User | None, reason: str, **details: object) -> None:
    """No call can be placed and its members lose access; its records stay until the retention ends."""
    _change_status(tenant, ALLOWED_FROM["close"], Status.CLOSED, "tenant.closed", by, reason, details)


@scope.requires_scope
def change_retention(tenant: Tenant, days: int, *, by: User) -> None:
    """Set how long after closing the personal data of calls is kept; refused once that data was removed."""
    if message := retention_blocking_reason(lock_tenant(tenant)):
        raise StatusChangeRefused(message)
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=days)
    tenant.retention_days = days
    audit.record(by, tenant, "tenant.retention-changed", tenant, days=days)


@scope.requires_scope
def lock_tenant(tenant: Tenant | int) -> Tenant:
    """The client as it is now, locked: no call of it can be claimed until the transaction ends."""
    pk = tenant if isinstance(tenant, int) else tenant.pk
    return Tenant.objects.select_for_update(no_key=True).get(pk=pk)


def retention_blocking_reason(tenant: Tenant) -> str:
    """Why its retention cannot be changed any more; empty where it can."""
    if not tenant.data_is_removed:
        return ""
    return f"The personal data of {tenant.name}’s calls is removed already; nothing was changed."


@scope.requires_scope
def last_status_entry(tenant: Tenant) -> AuditEntry | None:
    """The audit entry of the last suspension, closing or reopening, which has the person and the reason."""
    entries = AuditEntry.objects.filter(tenant=tenant, action__in=STATUS_ACTIONS)
    return entries.order_by("-at", "-id").first()


def _change_status(
    tenant: Tenant,
    allowed_from: Iterable[str],
    status: str,
    action: str,
    by: User | None,
    reason: str,
    details: dict[str, object],
) -> None:
    reason = reason.strip()
    if not reason:
        raise StatusChangeRefused("Write why; it stays in the audit trail.")
    if len(reason) > LONGEST_REASON:
        raise StatusChangeRefused(f"Keep it below {LONGEST_REASON} characters: these are {len(reason)}.")
    closed_at = timezone.now() if status == Status.CLOSED else None
    rows = Tenant.objects.filter(pk=tenant.pk, status__in=list(allowed_from))
    if not rows.update(status=status, closed_at=closed_at, calls_held_until=None):
        current = Tenant.objects.get(pk=tenant.pk)
        raise StatusChangeRefused(
            f"{current.name} is {current.get_status_display().lower()} already; nothing was changed."
        )
    tenant.status = status
    audit.record(by, tenant, action, tenant, name=tenant.name, why=reason, **details)
