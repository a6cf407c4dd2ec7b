"""Removes the personal data of a closed client's calls for good once its retention has ended, in small steps.

Audit entries cannot be changed, and the proof of a call's caller ID stays with the call.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Now

from dashboard.calls.history import removal as calls
from dashboard.campaigns import removing as leads
from dashboard.webhooks import deliveries
from tenants import audit, slices, tenant_status
from tenants.isolation import scope
from tenants.models import Tenant

BATCH = 500  # calls, and leads, in one transaction at most; fewer where they take long
MAX_CLIENTS = 20  # of one run
MAX_SECONDS = 20.0  # of one run; the next run continues
RETENTION = ExpressionWrapper(F("retention_days") * Value(timedelta(days=1)), output_field=DurationField())


def run() -> int:
    """For beat, idempotent: returns how many clients are done. Opens scopes of its own."""
    began = time.monotonic()
    with scope.for_system("clients whose retention has ended"):
        due = list(_due().order_by("closed_at").values_list("pk", flat=True)[:MAX_CLIENTS])
    return sum(_remove_data(pk, began + MAX_SECONDS) for pk in due)


def _due() -> QuerySet[Tenant]:
    closed = Tenant.objects.filter(status=Tenant.Status.CLOSED, closed_at__lte=Now() - RETENTION)
    return closed.filter(Q(data_removed_at=None) | Q(data_removed_at__lt=F("closed_at")))


def _remove_data(pk: int, until: float) -> bool:
    """Returns whether nothing is left. Each step locks and checks the client again, so that reopening it stops this."""
    after, size = None, slices.SliceSize(most=BATCH)
    while time.monotonic() < until:
        with size.measured() as most, scope.for_system("the retention of a client has ended"):
            tenant = tenant_status.lock_tenant(pk)
            if not _due().filter(pk=pk).exists():
                return False
            removed = calls.remove_personal_data(tenant, most, after)
            if removed.ids:
                deliveries.delete_for_calls(removed.connections, removed.ids)
            after = removed.last
            count = removed.count or leads.remove_personal_data(tenant, most)
            if not count and not calls.is_rest(tenant):
                count = calls.delete_saved_texts(tenant, most)
        if not count:
            return _finish(tenant)
    return False


def _finish(tenant: Tenant) -> bool:
    """Write that everything is gone, unless calls are left that are not over yet. Counts without a lock."""
    with scope.for_system("what the retention of a client has removed"):
        if calls.is_rest(tenant):
            return False
        counts = {"calls": calls.emptied(tenant), "leads": leads.count_removed(tenant)}
    with scope.for_system("the retention of a client has ended"):
        locked = tenant_status.lock_tenant(tenant.pk)
        if not _due().filter(pk=locked.pk).exists() or calls.is_rest(locked):
            return False
        Tenant.objects.filter(pk=locked.pk).update(data_removed_at=Now())
        facts = {"name": locked.name, "days": locked.retention_days}
        audit.record(None, locked, "tenant.data-removed", locked, **facts, **counts)
    return True
