"""Remove the personal data from a client's leads and campaign drafts, once its retention has ended."""

from __future__ import annotations

from dashboard.campaigns.models import CampaignDoNotCallEntry, CampaignDraft, DraftLead, Lead
from dashboard.campaigns.sync import NO_PERSON
from tenants.isolation import scope
from tenants.models import Tenant


@scope.requires_scope
def remove_personal_data(tenant: Tenant, limit: int) -> int:
    """From at most `limit` leads, or from so many people of drafts once no lead is left; returns from how many rows.

    Inside the caller's scope. The results of the leads stay; drafts go with their file, whatever their state.
    """
    return _remove_leads(tenant, limit) or _remove_drafts(tenant, limit)


def _remove_leads(tenant: Tenant, limit: int) -> int:
    """By their number first, from the beginning of its index: those that are done already are behind."""
    leads = Lead.objects.filter(tenant=tenant)
    for named in (leads.filter(phone_number__gt="").order_by("phone_number"), leads.exclude(**NO_PERSON).order_by()):
        if count := Lead.objects.filter(pk__in=named.values("pk")[:limit]).update(**NO_PERSON):
            return count
    return 0


def _remove_drafts(tenant: Tenant, limit: int) -> int:
    """The people of drafts first, in steps, then the do-not-call lists of campaigns; the drafts once none is left."""
    for model in (DraftLead, CampaignDoNotCallEntry, CampaignDraft):
        some = model.objects.filter(tenant=tenant).order_by("pk").values("pk")[:limit]
        if count := model.objects.filter(pk__in=some).delete()[0]:  # type: ignore[misc]  # of one of these models
            return int(count)
    return 0


@scope.requires_scope
def count_removed(tenant: Tenant) -> int:
    """How many leads of this client have no personal data any more."""
    return Lead.objects.filter(tenant=tenant, **NO_PERSON).count()
