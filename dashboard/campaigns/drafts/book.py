"""Campaign drafts are made, saved, copied and deleted, each with its entry in the audit trail."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from dashboard.calls.queries import assistants
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.drafts import holiday_choices, queries
from dashboard.campaigns.lead_files import uploads
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignSchedule
from dashboard.contact_rules import contact_settings, country_presets
from dashboard.live_updates import publish
from tenants import audit, tenant_status
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import AssistantDedication, Tenant, User

DAYS = ("weekdays", "skips_holidays", "holiday_country", "first_day", "last_day")
HOURS = ("starts", "ends", "timezone")
VALUES = ("name", "assistant_dedication_id", "template", "instead", *HOURS, *DAYS, "starts_itself")
IN_WORDS = {  # by field, what the audit trail calls it
    "name": "its name",
    "assistant_dedication_id": "its assistant",
    "template": "its instructions",
    "instead": "what is said in place of empty values",
    **dict.fromkeys(HOURS, "its hours"),
    **dict.fromkeys(DAYS, "its days"),
    "starts_itself": "whether it starts by itself",
}
LONGEST_NAME = 120
COPY, AGAIN = "copy", "again"  # behind the name of what a draft was made from
TOO_MANY = (
    f"There are {queries.MOST} campaigns here that are not sent yet, which is the most. Send or delete one first."
)
STILL_READ = "Its file is being read. It can be deleted once that is done."
NOT_DELETED = "It is being sent or was sent, so it stays. Stop the sending first."


class DraftRefused(ActionRefused):
    """Nothing was written."""


class RetriedBefore(Exception):
    """The same press has made this draft before. Nothing was written."""

    def __init__(self, draft: CampaignDraft) -> None:
        super().__init__(f"draft {draft.pk}")
        self.draft = draft


@scope.requires_scope
def create(tenant: Tenant, *, by: User) -> CampaignDraft:
    """With what is usual for the client filled in. Raises `DraftRefused`."""
    speaker = next(iter(assistants(tenant)), None)
    facts = {
        "assistant_dedication": speaker,
        "starts": time(9),
        "ends": time(17),
        "timezone": tenant.zone.key,
        **_holidays(tenant),
    }
    draft = _insert(tenant, facts, by)
    audit.record(by, tenant, "campaign.draft-made", draft)
    return draft


@scope.requires_scope
def copy(draft: CampaignDraft, *, by: User) -> CampaignDraft:
    """Its values and its do-not-call list, without its people. Raises `DraftRefused`."""
    facts = {name: getattr(draft, name) for name in VALUES}
    return _copied(draft, facts, str(draft), by)


@scope.requires_scope
def copy_campaign(campaign: Campaign, *, by: User) -> CampaignDraft:
    """A campaign as a new draft: its values, days and do-not-call list, without its people. Raises `DraftRefused`."""
    return _copied(campaign, _facts_of(campaign), campaign.name, by)


@scope.requires_scope
def retry_campaign(campaign: Campaign, *, token: UUID, by: User) -> CampaignDraft:
    """A draft for people of a campaign once more, with its values, days and do-not-call list.

    The caller adds the people and the audit entry. `token` is that of the form: one that made a draft already raises
    `RetriedBefore`. Raises `DraftRefused`.
    """
    tenant = campaign.tenant
    assert tenant is not None  # read through the client
    tenant_status.lock_tenant(tenant)
    if (made := CampaignDraft.objects.filter(tenant=tenant, retry_token=token).first()) is not None:
        raise RetriedBefore(made)
    before = CampaignDraft.objects.filter(tenant=tenant, campaign=campaign).first()
    more = {"name": _named(campaign.name, AGAIN), "instead": before.instead if before else {}, "retry_token": token}
    more["retried_campaigns"] = [campaign.pk, *(before.retried_campaigns if before else [])]
    draft = _insert(tenant, _facts_of(campaign) | more, by)
    do_not_call.copy(campaign, draft)
    return draft


def _facts_of(campaign: Campaign) -> dict[str, Any]:
    tenant = campaign.tenant
    assert tenant is not None  # read through the client
    open_ones = AssistantDedication.objects.open().filter(tenant=tenant, assistant=campaign.assistant_id)
    schedule = CampaignSchedule.objects.filter(campaign=campaign).first()
    facts = {
        "name": campaign.name,
        "assistant_dedication": open_ones.first(),
        "template": campaign.template,
        "starts": campaign.starts and campaign.starts.replace(second=0),
        "ends": campaign.ends and campaign.ends.replace(second=0),
        "timezone": campaign.timezone or tenant.zone.key,
    }
    return facts | ({name: getattr(schedule, name) for name in DAYS} if schedule else _days_allowed(tenant))


def _days_allowed(tenant: Tenant) -> dict[str, Any]:
    """Those on which campaigns of the client may call people of its country."""
    settings = contact_settings.of(tenant)
    if not settings.campaigns_keep_hours:
        return {"weekdays": [*range(7)], "skips_holidays": False}
    hours = contact_settings.hours_of(settings, tenant.country, country_presets.known())
    found = {"weekdays": [day for day, spans in enumerate(hours.days) if spans], "skips_holidays": False}
    return found | (_holidays(tenant) if hours.holidays == () else {})


def _holidays(tenant: Tenant) -> dict[str, Any]:
    """Those of the client's country are skipped, where they are known."""
    country = tenant.country if tenant.country in holiday_choices.known() else ""
    return {"holiday_country": country, "skips_holidays": bool(country)}


@scope.requires_scope
def change(draft: CampaignDraft, facts: dict[str, Any], *, by: User) -> bool:
    """Of a draft that its caller has locked; `facts` are some of `VALUES`. False when nothing differs."""
    changed = {name: value for name, value in facts.items() if getattr(draft, name) != value}
    if not changed:
        return False
    for name, value in changed.items():
        setattr(draft, name, value)
    CampaignDraft.objects.filter(pk=draft.pk, tenant=draft.tenant_id).update(
        **changed, changed_by=by, changed_at=Now(), version=F("version") + 1
    )
    publish.row_changed("campaign-draft", draft.pk, tenant=draft.tenant_id, version=draft.version + 1)
    what = dict.fromkeys(IN_WORDS[name] for name in VALUES if name in changed)
    audit.record(by, draft.tenant, "campaign.draft-changed", draft, name=str(draft), what=", ".join(what))
    return True


@scope.requires_scope
def delete(draft: CampaignDraft, *, by: User) -> None:
    """With its file and people; what VoiceDock has of one whose sending was stopped stays there.

    Of a draft that its caller has locked; raises `DraftRefused`.
    """
    if draft.state not in (CampaignDraft.State.DRAFT, CampaignDraft.State.STOPPED):
        raise DraftRefused(NOT_DELETED)
    if uploads.is_being_read(draft):
        raise DraftRefused(STILL_READ)
    facts = {"name": str(draft), "people": draft.leads.count()}
    audit.record(by, draft.tenant, "campaign.draft-deleted", draft, **facts)
    draft.delete()


def _copied(original: CampaignDraft | Campaign, facts: dict[str, Any], source: str, by: User) -> CampaignDraft:
    tenant = original.tenant
    assert tenant is not None  # read through the client
    draft = _insert(tenant, facts | {"name": _named(facts["name"], COPY)}, by)
    do_not_call.copy(original, draft)
    audit.record(by, tenant, "campaign.draft-copied", draft, name=str(draft), source=source)
    return draft


def _named(name: str, mark: str) -> str:
    """With the mark behind it, where both fit."""
    marked = f"{name} ({mark})" if name else ""
    return marked if len(marked) <= LONGEST_NAME else name[:LONGEST_NAME]


def _insert(tenant: Tenant, facts: dict[str, Any], by: User) -> CampaignDraft:
    tenant_status.lock_tenant(tenant)  # so that two at once keep the limit
    if queries.unfinished(tenant).count() >= queries.MOST:
        raise DraftRefused(TOO_MANY)
    return CampaignDraft.objects.create(tenant=tenant, created_by=by, changed_by=by, **facts)
