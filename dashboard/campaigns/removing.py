"""Remove the personal data from a client's leads and campaign drafts, once its retention has ended."""

from __future__ import annotations

from dashboard.campaigns.models import CampaignDoNotCallEntry, CampaignDraft, DraftLead, Lead
from dashboard.campaigns.sync import NO_PERSON
from tenants.isolation import scope
from tenants.models import Tenant


@scope.requires_scope
def remove_personal_data(tenant: Tenant, limit: int) -> int:
    """From at most `limit` leads, and with them so many people of drafts; returns from how many rows.

    Inside the caller's scope. The results of the leads stay; drafts go with their file, whatever their state.
    """
    named = Lead.objects.filter(tenant=tenant).exclude(**NO_PERSON)
    leads = Lead.objects.filter(pk__in=named.order_by("pk").values("pk")[:limit]).update(**NO_PERSON)
    return leads + _remove_drafts(tenant, limit)


def _remove_drafts(tenant: Tenant, limit: int) -> int:
    """The people of drafts first, in steps, then the do-not-call lists of campaigns; the drafts once none is left."""
    people = DraftLead.objects.filter(tenant=tenant)
    removed: int = DraftLead.objects.filter(pk__in=people.order_by("pk").values("pk")[:limit]).delete()[0]
    lists = CampaignDoNotCallEntry.objects.filter(tenant=tenant)
    removed = removed or lists.filter(pk__in=lists.order_by("pk").values("pk")[:limit]).delete()[0]
    return removed or CampaignDraft.objects.filter(tenant=tenant).delete()[0]


@scope.requires_scope
def count_removed(tenant: Tenant) -> int:
    """How many leads of this client have no personal data any more."""
    return Lead.objects.filter(tenant=tenant, **NO_PERSON).count()
