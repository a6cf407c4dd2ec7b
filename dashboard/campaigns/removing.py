"""Remove the personal data from a client's leads, once its retention has ended."""

from __future__ import annotations

from dashboard.campaigns.models import Lead
from dashboard.campaigns.sync import NO_PERSON
from tenants.isolation import scope
from tenants.models import Tenant


@scope.requires_scope
def remove_personal_data(tenant: Tenant, limit: int) -> int:
    """From at most `limit` leads; returns from how many. Inside the caller's scope; the results of the leads stay."""
    named = Lead.objects.filter(tenant=tenant).exclude(**NO_PERSON)
    return Lead.objects.filter(pk__in=named.order_by("pk").values("pk")[:limit]).update(**NO_PERSON)


@scope.requires_scope
def count_removed(tenant: Tenant) -> int:
    """How many leads of this client have no personal data any more."""
    return Lead.objects.filter(tenant=tenant, **NO_PERSON).count()
