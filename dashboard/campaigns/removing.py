"""Take the people out of a client's leads, once its retention has ended."""

from __future__ import annotations

from dashboard.campaigns.models import Lead
from dashboard.campaigns.sync import NOBODY
from tenants.isolation import scope
from tenants.models import Tenant


@scope.requires_scope
def remove_people(tenant: Tenant, most: int) -> int:
    """Out of as many leads as `most`; how many these were. Inside the caller's scope; their results stay."""
    known = Lead.objects.filter(tenant=tenant).exclude(**NOBODY)
    return Lead.objects.filter(pk__in=known.order_by("pk").values("pk")[:most]).update(**NOBODY)


def emptied(tenant: Tenant) -> int:
    return Lead.objects.filter(tenant=tenant, **NOBODY).count()
