"""Add the people of a draft to its campaign one by one: each request is recorded before and after."""

from __future__ import annotations

import time
from datetime import datetime

from django.db.models import Min
from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns.drafts import values
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.campaigns.sending import made, matching, rules, vendor
from dashboard.campaigns.sending.leases import Lease
from dashboard.campaigns.sending.outcomes import AFTER_SILENCE, NOT_DONE, NOTHING_GOES, SETTLED, Stopped
from dashboard.live_updates import publish
from dashboard.sync import text_lengths
from tenants.isolation import scope

State = DraftLead.State
SLICE = 15.0  # seconds for which one task sends
MOST = 60  # people of one task
REFUSED_IN_A_ROW = 20
ALL_REFUSED = "VoiceDock refused the last {count} people. {why}"
AFTER_UNREADABLE = 30.0  # seconds until a list that could not be read in full is read again
UNREADABLE = (
    "VoiceDock did not answer for {people}, and its list has entries that cannot be read, so it is not known whether "
    "all of them are in it. All others are sent. Look at the list there before you go on."
)
GONE = "VoiceDock does not have this campaign any more."


@scope.opens_scope
def look_up(draft: CampaignDraft, lease: Lease) -> None:
    """Whether those who were not answered are in VoiceDock's list, with one request for all of them."""
    with scope.for_tenant(draft.tenant_id):
        oldest = _oldest_unknown(draft)
        others_wait = DraftLead.objects.filter(draft=draft, state=State.READY).exists()
    if oldest is None or timezone.now() < oldest + SETTLED:
        return
    is_late = vendor.is_late(oldest)
    if is_late and others_wait:
        return  # these are sent first
    with vendor.client_for(draft, lease) as client:
        remotes = vendor.listed(lambda: client.leads(draft.remote_id), is_late=is_late)
        is_whole, there = not remotes.unreadable, matching.by_number(remotes)
        made.found(draft, there, after=SETTLED, is_whole=is_whole)
    _notify(draft)
    if is_late and not is_whole:
        _stop_for_unreadable(draft)


@scope.opens_scope
def send(draft: CampaignDraft, lease: Lease) -> float | None:
    """A part of those who wait. Returns in how many seconds to go on; None when nobody waits any more."""
    with scope.for_tenant(draft.tenant_id):
        ready = rules.allowed(draft, MOST)
    until = time.monotonic() + SLICE
    for lead in ready:
        if time.monotonic() > until:
            break
        outcome = _send(draft, lease, lead)
        if outcome == State.UNKNOWN:
            _notify(draft)
            return AFTER_SILENCE
        if outcome == State.REFUSED and _all_refused(draft):
            raise Stopped(ALL_REFUSED.format(count=REFUSED_IN_A_ROW, why=lead.reason))
    if ready:
        _notify(draft)
        return 0
    return _until_settled(draft)


def _send(draft: CampaignDraft, lease: Lease, lead: DraftLead) -> str:
    """The state it has afterwards."""
    if not _begin(lead):
        return str(lead.state)
    try:
        with vendor.client_for(draft, lease) as client:
            remote = client.add_lead(draft.remote_id, lead.number, values.of_lead(draft, lead))
            remote_id = text_lengths.fit(DraftLead, "remote_id", remote.id)
            _move(lead, (State.SENDING, State.UNKNOWN), state=State.SENT, remote_id=remote_id)
    except voicedock.Unanswered:
        _move(lead, (State.SENDING,), state=State.UNKNOWN)
    except voicedock.Invalid as error:
        _refuse(lead, error.message)
    except NOT_DONE:
        _wait_again(lead)
        raise
    except voicedock.NotFound as error:
        _wait_again(lead)
        raise Stopped(GONE) from error
    except NOTHING_GOES as error:
        _wait_again(lead)
        raise Stopped(error.message) from error
    except voicedock.Refused as error:
        _refuse(lead, error.message)
    return str(lead.state)


def _all_refused(draft: CampaignDraft) -> bool:
    """Whether VoiceDock refused the last people, in whichever parts they were sent."""
    with scope.for_tenant(draft.tenant_id):
        asked = DraftLead.objects.filter(draft=draft, asked_at__isnull=False).order_by("-asked_at")
        states = list(asked.values_list("state", flat=True)[:REFUSED_IN_A_ROW])
    return states.count(State.REFUSED) == REFUSED_IN_A_ROW


def _refuse(lead: DraftLead, reason: str) -> None:
    _move(lead, (State.SENDING, State.UNKNOWN), state=State.REFUSED, reason=reason[:300])


def _wait_again(lead: DraftLead) -> None:
    """VoiceDock certainly did not get it."""
    _move(lead, (State.SENDING, State.UNKNOWN), state=State.READY, asked_at=None)


def _begin(lead: DraftLead) -> bool:
    """Commit that VoiceDock is about to be asked."""
    at = timezone.now()
    with scope.for_tenant(lead.tenant_id):
        waiting = DraftLead.objects.filter(pk=lead.pk, state=State.READY)
        if not waiting.update(state=State.SENDING, asked_at=at):
            return False
    lead.state, lead.asked_at = State.SENDING, at
    return True


def _move(lead: DraftLead, states: tuple[str, ...], **change: object) -> None:
    """What came of this request; nothing where another worker has sent a later one."""
    with scope.for_tenant(lead.tenant_id):
        DraftLead.objects.filter(pk=lead.pk, state__in=states, asked_at=lead.asked_at).update(**change)
    for name, value in change.items():
        setattr(lead, name, value)


def _stop_for_unreadable(draft: CampaignDraft) -> None:
    """Whoever is in no entry that can be read may be in one that cannot. Raises `Stopped` where there is somebody."""
    with scope.for_tenant(draft.tenant_id):
        unknown = DraftLead.objects.filter(draft=draft, state=State.UNKNOWN).count()
    if unknown:
        raise Stopped(UNREADABLE.format(people="1 person" if unknown == 1 else f"{unknown} people"))


def _until_settled(draft: CampaignDraft) -> float | None:
    """None when nobody's answer is missing. Of those who were looked up by now VoiceDock's list told nothing."""
    with scope.for_tenant(draft.tenant_id):
        oldest = _oldest_unknown(draft)
    if oldest is None:
        return None
    wait = (oldest + SETTLED - timezone.now()).total_seconds()
    return max(1.0, wait) if wait > 0 else AFTER_UNREADABLE


def _oldest_unknown(draft: CampaignDraft) -> datetime | None:
    unknown = DraftLead.objects.filter(draft=draft, state=State.UNKNOWN)
    at: datetime | None = unknown.aggregate(at=Min("asked_at"))["at"]
    return at


def _notify(draft: CampaignDraft) -> None:
    """Tell open pages how far it is, once for a part of the people."""
    with scope.for_tenant(draft.tenant_id):
        publish.row_changed("campaign-draft", draft.pk, tenant=draft.tenant_id, version=draft.version)
