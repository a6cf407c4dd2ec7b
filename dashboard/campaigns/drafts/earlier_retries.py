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
    """`people` of it are those who are called, and are in the other one too."""

    draft: CampaignDraft
    people: int


@scope.requires_scope
def of_campaign(campaign: Campaign) -> list[EarlierRetry]:
    """The drafts of people of this campaign, the newest first; two queries, whatever their number."""
    found = CampaignDraft.objects.filter(tenant=campaign.tenant_id, retried_campaigns__0=campaign.pk)
    return _counted(found.order_by("-created_at", "-pk")[:MOST])


@scope.requires_scope
def also_in(draft: CampaignDraft) -> list[EarlierRetry]:
    """Other drafts with people of the same campaign, as far as they have people in common with this one."""
    if not draft.retried_campaigns:
        return []
    of_same = CampaignDraft.objects.filter(
        tenant=draft.tenant_id, retried_campaigns__contains=draft.retried_campaigns[0]
    )
    mine = _called([draft]).values("number")
    found = _counted(of_same.exclude(pk=draft.pk).order_by("-created_at", "-pk")[:MOST], among=mine)
    return [earlier for earlier in found if earlier.people]


def _counted(
    drafts: Iterable[CampaignDraft], *, among: QuerySet[DraftLead, object] | None = None
) -> list[EarlierRetry]:
    drafts = list(drafts)
    people = _called(drafts)
    if among is not None:
        people = people.filter(number__in=among)
    counts = dict(people.order_by().values_list("draft").annotate(people=Count("pk"))) if drafts else {}
    return [EarlierRetry(draft, counts.get(draft.pk, 0)) for draft in drafts]


def _called(drafts: Iterable[CampaignDraft]) -> QuerySet[DraftLead]:
    return DraftLead.objects.filter(draft__in=[draft.pk for draft in drafts], state__in=left_out.CALLED)
