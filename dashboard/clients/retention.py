"""When the retention of a closed client has ended: the personal data of its calls goes, in small steps, and for good.

What the audit trail tells cannot be taken out of it, and what proves whose line a call left from stays with the call.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Now

from dashboard.calls.history import removal as calls
from dashboard.campaigns import removing as leads
from dashboard.webhooks import deliveries
from tenants import audit, tenant_status
from tenants.isolation import scope
from tenants.models import Tenant

AT_ONCE = 500  # calls, and leads, in one transaction
CLIENTS = 20  # looked at in one round
LONG_ENOUGH = 20.0  # seconds of one round; the next one goes on
KEPT_FOR = ExpressionWrapper(F("retention_days") * Value(timedelta(days=1)), output_field=DurationField())


def run() -> int:
    """For beat, any number of times: how many clients were emptied. Opens scopes of its own."""
    began = time.monotonic()
    with scope.for_system("clients whose retention has ended"):
        due = list(_due().order_by("closed_at").values_list("pk", flat=True)[:CLIENTS])
    return sum(_empty(pk, began + LONG_ENOUGH) for pk in due)


def _due() -> QuerySet[Tenant]:
    closed = Tenant.objects.filter(status=Tenant.Status.CLOSED, closed_at__lte=Now() - KEPT_FOR)
    return closed.filter(Q(data_removed_at=None) | Q(data_removed_at__lt=F("closed_at")))


def _empty(pk: int, until: float) -> bool:
    """Whether nothing is left. Each step holds the client and asks again, so that reopening it stops this."""
    after = None
    while time.monotonic() < until:
        with scope.for_system("the retention of a client has ended"):
            tenant = tenant_status.lock_tenant(pk)
            if not _due().filter(pk=pk).exists():
                return False
            removed = calls.remove_personal_data(tenant, AT_ONCE, after)
            people = leads.remove_people(tenant, AT_ONCE)
            if removed.ids:
                deliveries.drop(removed.connections, removed.ids)
            after = removed.last
            if not removed.count and not people:
                if calls.is_rest(tenant):
                    return False
                Tenant.objects.filter(pk=pk).update(data_removed_at=Now())
                _tell(tenant)
                return True
    return False


def _tell(tenant: Tenant) -> None:
    facts = {"calls": calls.emptied(tenant), "leads": leads.emptied(tenant)}
    audit.record(None, tenant, "tenant.data-removed", tenant, name=tenant.name, days=tenant.retention_days, **facts)
