"""Who of a campaign is in another draft already: people are put on a second one knowingly, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Count, QuerySet

from dashboard.campaigns import left_out
from dashboard.campaigns.models import Campaign, CampaignDraft, DraftLead
from tenants.isolation import scope

MOST = 5  # the newest


class EarlierRetry(NamedTuple):
    """`people` of it are in the other draft too, and are called by both."""

    draft: CampaignDraft
    people: int


@scope.requires_scope
def of_campaign(campaign: Campaign) -> list[CampaignDraft]:
    """The drafts that were made of people of this campaign, the newest first. Others may be in their files since."""
    found = CampaignDraft.objects.filter(tenant=campaign.tenant_id, retried_campaigns__0=campaign.pk)
    return list(found.order_by("-created_at", "-pk")[:MOST])


@scope.requires_scope
def also_in(draft: CampaignDraft) -> list[EarlierRetry]:
    """Other drafts with people of the same campaign, as far as they have people in common with this one.

    None once this one is sent: then nobody can be left out of it any more.
    """
    if not draft.retried_campaigns or draft.state not in CampaignDraft.WRITABLE:
        return []
    of_same = CampaignDraft.objects.filter(
        tenant=draft.tenant_id, retried_campaigns__contains=draft.retried_campaigns[0]
    )
    mine = _called([draft]).values("number")
    others = list(of_same.exclude(pk=draft.pk).order_by("-created_at", "-pk")[:MOST])
    people = _called(others).filter(number__in=mine).order_by()
    counts = dict(people.values_list("draft").annotate(people=Count("pk"))) if others else {}
    return [EarlierRetry(other, counts[other.pk]) for other in others if other.pk in counts]


def _called(drafts: Iterable[CampaignDraft]) -> QuerySet[DraftLead]:
    return DraftLead.objects.filter(draft__in=[draft.pk for draft in drafts], state__in=left_out.CALLED)
