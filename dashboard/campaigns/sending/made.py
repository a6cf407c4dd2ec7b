"""Record what VoiceDock has of a draft: the campaign, and which of its people."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns import sync
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignSchedule, DraftLead
from dashboard.campaigns.sending import matching, vendor
from dashboard.campaigns.sending.leases import LeaseLost
from dashboard.campaigns.sending.matching import Found
from dashboard.campaigns.sending.outcomes import Stopped
from dashboard.live_updates import publish
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind
from tenants import audit
from tenants.isolation import scope

State = DraftLead.State
CHUNK = 1000
DAYS = ("weekdays", "skips_holidays", "holiday_country", "first_day", "last_day")
OF_ANOTHER = "Its assistant went to another client while the campaign was made, so nobody is added to it."


@scope.opens_scope
def keep(draft: CampaignDraft, remote_id: str, people: int, *, all_there: bool) -> None:
    """VoiceDock made the campaign with so many people. Those it may not have taken are looked up. Opens a scope.

    Raises `LeaseLost` where another worker has recorded one meanwhile.
    """
    remote_id = text_lengths.fit(CampaignDraft, "remote_id", remote_id)
    with scope.for_tenant(draft.tenant_id):
        rows = CampaignDraft.objects.filter(pk=draft.pk, remote_id="")
        if not rows.update(remote_id=remote_id, in_bulk=people):
            raise LeaseLost
        draft.remote_id, draft.in_bulk = remote_id, people
        asked = DraftLead.objects.filter(draft=draft, state__in=[State.SENDING, State.UNKNOWN])
        asked.filter(asked_at=draft.asked_at).update(state=State.SENT if all_there else State.UNKNOWN)
        audit.record(None, draft.tenant, "campaign.made", draft, name=draft.name, count=people)
        publish.row_changed("campaign-draft", draft.pk, tenant=draft.tenant_id, version=draft.version)


@scope.opens_scope
def link(draft: CampaignDraft, remote: voicedock.RemoteCampaign) -> None:
    """Have our copy of the campaign and the days on which it calls. Raises `Stopped`. Opens a scope of its own."""
    connection = vendor.assistant_of(draft).connection
    with scope.for_system("the copy of a campaign that was made here"):
        sync.store_campaigns(connection, [remote])
        campaign = Campaign.objects.get(connection=connection, remote_id=draft.remote_id)
        if campaign.tenant_id == draft.tenant_id:
            draft.campaign = campaign
            CampaignDraft.objects.filter(pk=draft.pk).update(campaign=campaign)
            do_not_call.hand_over(draft, campaign)
            days = {name: getattr(draft, name) for name in DAYS}
            CampaignSchedule.objects.get_or_create(campaign=campaign, tenant=draft.tenant, defaults=days)
    if draft.campaign_id is None:
        raise Stopped(OF_ANOTHER)
    runs.mark_due(connection, Kind.LEADS)


@scope.opens_scope
def interrupted(draft: CampaignDraft) -> None:
    """Whoever was being sent when a worker died may be at VoiceDock or not. Opens a scope of its own."""
    with scope.for_tenant(draft.tenant_id):
        DraftLead.objects.filter(draft=draft, state=State.SENDING).update(state=State.UNKNOWN)


@scope.opens_scope
def found(draft: CampaignDraft, there: Found, *, after: timedelta, is_whole: bool = False) -> None:
    """Settle those who were not answered, by VoiceDock's list. Opens scopes of its own.

    Whoever is not in a list that `is_whole` waits again, once so much time has passed `after` the request.
    """
    at = timezone.now()
    unknown = Q(draft=draft, state=State.UNKNOWN)
    while True:
        with scope.for_tenant(draft.tenant_id):
            leads = list(DraftLead.objects.filter(unknown).order_by("line")[:CHUNK])
            for lead in leads:
                lead.found_at, lead.remote_id = at, _id_of(lead, there)
            listed = [lead for lead in leads if lead.remote_id]
            for lead in listed:
                lead.state = State.SENT
            DraftLead.objects.bulk_update(listed, ["state", "found_at", "remote_id"])
            lost = [lead.pk for lead in leads if not lead.remote_id and is_whole and _is_old(lead, after)]
            DraftLead.objects.filter(pk__in=lost).update(state=State.READY, asked_at=None)
        if len(leads) < CHUNK:
            return
        unknown &= Q(line__gt=leads[-1].line)


def _id_of(lead: DraftLead, there: Found) -> str:
    ids = there.get(matching.key(lead.number))
    return str(text_lengths.fit(DraftLead, "remote_id", ids[0])) if ids else ""


def _is_old(lead: DraftLead, after: timedelta) -> bool:
    return lead.asked_at is None or lead.asked_at + after <= timezone.now()
