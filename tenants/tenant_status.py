"""The life of a client: suspended, reopened, closed. Each inside the caller's scope, each with a reason that stays."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from tenants import audit
from tenants.models import AuditEntry, Tenant, User

Status = Tenant.Status
LONGEST_REASON = 300
TURNS = ["tenant.suspended", "tenant.reopened", "tenant.closed"]


class NotNow(Exception):
    """The client is not in a state from which this can be done; `words` say so."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def suspend(tenant: Tenant, *, by: User | None, reason: str, **facts: object) -> None:
    """Nothing can be dialed from the commit on; the row's lock waits for a claim that is being made."""
    _turn(tenant, [Status.ACTIVE], Status.SUSPENDED, "tenant.suspended", by, reason, facts)


def reopen(tenant: Tenant, *, by: User | None, reason: str) -> None:
    """It may dial again, with what is dedicated to it then: a client that was closed has nothing left."""
    _turn(tenant, [Status.SUSPENDED, Status.CLOSED], Status.ACTIVE, "tenant.reopened", by, reason, {})


def close(tenant: Tenant, *, by: User | None, reason: str, **facts: object) -> None:
    """Nothing can be dialed and its people are shut out; what it did stays until its retention ends."""
    _turn(tenant, [Status.ACTIVE, Status.SUSPENDED], Status.CLOSED, "tenant.closed", by, reason, facts)


def lock_tenant(tenant: Tenant | int) -> Tenant:
    """The client as it is now, locked: no call of it can be claimed until the transaction ends."""
    pk = tenant if isinstance(tenant, int) else tenant.pk
    return Tenant.objects.select_for_update(no_key=True).get(pk=pk)


def keep_for(tenant: Tenant, days: int, *, by: User) -> None:
    """How long after closing the personal data of its calls are kept; raises `NotNow` when there is none left."""
    now = lock_tenant(tenant)
    if now.data_is_removed:
        raise NotNow(f"The personal data of {now.name}’s calls is removed already; nothing was changed.")
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=days)
    tenant.retention_days = days
    audit.record(by, tenant, "tenant.retention-changed", tenant, days=days)


def last_turn(tenant: Tenant) -> AuditEntry | None:
    """Who suspended, closed or reopened it last, and why."""
    return AuditEntry.objects.filter(tenant=tenant, action__in=TURNS).order_by("-at", "-id").first()


def _turn(
    tenant: Tenant,
    came_from: Iterable[str],
    status: str,
    action: str,
    by: User | None,
    reason: str,
    facts: dict[str, object],
) -> None:
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise NotNow("Write why; it stays in the audit trail.")
    if not Tenant.objects.filter(pk=tenant.pk, status__in=list(came_from)).update(
        status=status, closed_at=timezone.now() if status == Status.CLOSED else None, calls_held_until=None
    ):
        now = Tenant.objects.get(pk=tenant.pk)
        raise NotNow(f"{now.name} is {now.get_status_display().lower()} already; nothing was changed.")
    tenant.status = status
    audit.record(by, tenant, action, tenant, name=tenant.name, why=why, **facts)
