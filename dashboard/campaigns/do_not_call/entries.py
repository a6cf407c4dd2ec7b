"""The do-not-call list of one campaign: of its draft until VoiceDock has the campaign, then of the campaign itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from dashboard.campaigns.models import Campaign, CampaignDoNotCallEntry, CampaignDraft
from dashboard.contact_rules import entries as all_campaigns
from dashboard.contact_rules import number_list
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope
from tenants.models import User

Owner = CampaignDraft | Campaign
COPIED = ("number", "source", "note", "added_by_id", "added_at")
CHUNK = 1000


@scope.requires_scope
def of(owner: Owner) -> QuerySet[CampaignDoNotCallEntry]:
    """The entries of its list, the newest first."""
    found = CampaignDoNotCallEntry.objects.filter(tenant=owner.tenant_id).select_related("added_by")
    return found.filter(draft=owner) if isinstance(owner, CampaignDraft) else found.filter(campaign=owner)


@scope.requires_scope
def listed(draft: CampaignDraft, numbers: Sequence[str]) -> dict[str, datetime]:
    """Which of these numbers (E.164) are on the list of this draft or its campaign, and since when."""
    found = CampaignDoNotCallEntry.objects.filter(tenant=draft.tenant_id, number__in=numbers)
    own = Q(draft=draft.pk) if draft.campaign_id is None else Q(draft=draft.pk) | Q(campaign=draft.campaign_id)
    return dict(found.filter(own).values_list("number", "added_at"))


@scope.requires_scope
def listed_of(campaign: Campaign, number: str) -> dict[str, datetime]:
    """The same of a campaign, for one number as VoiceDock reports it."""
    found = CampaignDoNotCallEntry.objects.filter(tenant=campaign.tenant_id, campaign=campaign, number=number)
    return dict(found.values_list("number", "added_at"))


@scope.requires_scope
def add(
    owner: Owner,
    numbers: Sequence[str],
    *,
    source: DoNotCallEntry.Source,
    by: User,
    notes: Mapping[str, str] | None = None,
) -> list[str]:
    """Those of these numbers (E.164) that were not on it yet, as they are dialed. Last in its transaction.

    `notes` are by number.
    """
    now = _locked(owner)
    numbers = [number_list.normalized(number) for number in numbers]
    known = set(of(now).filter(number__in=numbers).values_list("number", flat=True))
    new = [number for number in dict.fromkeys(numbers) if number not in known]
    notes = notes or {}
    facts = _owned_by(now) | {"source": source, "added_by": by}
    rows = [CampaignDoNotCallEntry(number=number, note=notes.get(number, ""), **facts) for number in new]
    CampaignDoNotCallEntry.objects.bulk_create(rows, batch_size=CHUNK)
    if new:
        _notify(now)
        _record(by, now, "added", new)
    return new


@scope.requires_scope
def remove(owner: Owner, entry_id: int, *, by: User, reason: str) -> CampaignDoNotCallEntry | None:
    """The entry that was removed; None when it is gone already. Last in its transaction."""
    now = _locked(owner)
    entry = of(now).filter(pk=entry_id).first()
    if entry is None or not of(now).filter(pk=entry_id).delete()[0]:
        return None
    _notify(now)
    _record(by, now, "removed", [entry.number], why=reason)
    return entry


@scope.requires_scope
def copy(source: Owner, draft: CampaignDraft) -> None:
    """The list of another draft or campaign as the list of a new draft, with who added each number, when and why."""
    owner = source.campaign if isinstance(source, CampaignDraft) and source.campaign else source
    rows = of(owner).order_by("pk").values(*COPIED)
    copies = [CampaignDoNotCallEntry(**row, **_owned_by(draft)) for row in rows]
    CampaignDoNotCallEntry.objects.bulk_create(copies, batch_size=CHUNK)


@scope.requires_scope
def hand_over(draft: CampaignDraft, campaign: Campaign) -> None:
    """VoiceDock has the campaign of the draft: from now on the list is the campaign's, with what that has already."""
    own = CampaignDoNotCallEntry.objects.filter(draft=draft)
    own.filter(number__in=CampaignDoNotCallEntry.objects.filter(campaign=campaign).values("number")).delete()
    own.update(draft=None, campaign=campaign, compared_at=None)


def _locked(owner: Owner) -> Owner:
    """What has the list now, until the end of the transaction: a draft becomes a campaign meanwhile."""
    if isinstance(owner, Campaign):
        return Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=owner.pk)
    drafts = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).select_related("tenant")
    draft = drafts.get(pk=owner.pk)
    return draft.campaign or draft  # read by a statement of its own: a join would show it as it was before the wait


def _owned_by(owner: Owner) -> dict[str, Any]:
    name = "draft" if isinstance(owner, CampaignDraft) else "campaign"
    return {"tenant_id": owner.tenant_id, name: owner}


def _notify(owner: Owner) -> None:
    """People of a draft are asked for anew when it is opened; those of a campaign are taken off it by a task."""
    if isinstance(owner, CampaignDraft):
        CampaignDraft.objects.filter(pk=owner.pk).update(version=F("version") + 1)
        publish.row_changed("campaign-draft", owner.pk, tenant=owner.tenant_id, version=owner.version + 1)
    else:
        all_campaigns.notify()


def _record(by: User, owner: Owner, what: str, numbers: list[str], **more: str) -> None:
    facts = {"name": str(owner)} | more
    if len(numbers) == 1:
        audit.record(by, owner.tenant, f"campaign.number-{what}", owner, counterpart=numbers[0], **facts)
    else:
        audit.record(by, owner.tenant, f"campaign.numbers-{what}", owner, numbers=len(numbers), **facts)
