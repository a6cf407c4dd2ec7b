"""Make the campaign at VoiceDock, with its first people. A lost answer is looked up before it is made again.

Only the creation takes many people at once (`docs/voicedock-api.md §6.2`); how many is not documented, so that a
refused one is tried with half of them, down to none.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns.drafts import values
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.campaigns.sending import made, matching, rules, vendor
from dashboard.campaigns.sending.leases import Lease, LeaseLost
from dashboard.campaigns.sending.matching import Found
from dashboard.campaigns.sending.outcomes import NOT_DONE, NOTHING_GOES, SETTLED, Stopped
from tenants.isolation import scope

State = DraftLead.State
NOBODY = (
    "The contact rules leave out everybody who was to be sent, so VoiceDock was not asked to make a campaign. The list "
    "of those who are left out says why."
)
UNREADABLE = (
    "VoiceDock did not answer when it was asked to make this campaign, and its list has campaigns that cannot be read, "
    "so it is not known whether it was made. Look at them there before you go on."
)
SEVERAL = (
    "VoiceDock did not answer when it was asked to make this campaign, and now lists {count} new ones like it. Look at "
    "them there before you go on."
)


@scope.opens_scope
def make(draft: CampaignDraft, lease: Lease) -> float:
    """Make it, or look up whether it was made. Returns in how many seconds to go on. Opens scopes of its own."""
    return _ask(draft, lease) if draft.asked_at is None else _look_up(draft, lease)


def _ask(draft: CampaignDraft, lease: Lease) -> float:
    with vendor.client_for(draft, lease) as client:
        people = _intend(draft, lease, matching.like(draft, client.campaigns()))
        try:
            remote = client.create_campaign(
                name=draft.name,
                assistant_id=vendor.assistant_of(draft).remote_id,
                starts=draft.starts,  # type: ignore[arg-type]
                ends=draft.ends,  # type: ignore[arg-type]
                timezone=draft.timezone,
                template=draft.template,
                leads=[(lead.number, values.of_lead(draft, lead)) for lead in people],
            )
        except voicedock.Unanswered:
            raise
        except voicedock.Refused as error:
            return _refused(draft, error, len(people))
        except NOT_DONE:
            _take_back(draft)
            raise
        made.keep(draft, remote.id, len(people), all_there=remote.total_leads == len(people))
        made.link(draft, remote)
    return 0


def _intend(draft: CampaignDraft, lease: Lease, before: list[str]) -> list[DraftLead]:
    """Commit what is about to be asked. Returns the people that go with it.

    Raises `LeaseLost` where another worker has it by now: what that one has asked is not to be forgotten, and `Stopped`
    where the rules leave everybody out.
    """
    now = timezone.now()
    with scope.for_tenant(draft.tenant_id):
        allowed = rules.allowed(draft, max(draft.bulk_limit, 1))  # of whom none may go with it
    if not allowed:
        raise Stopped(NOBODY)
    with scope.for_tenant(draft.tenant_id):
        mine = CampaignDraft.objects.filter(pk=draft.pk, try_at=lease.until, asked_at=None, remote_id="")
        if not mine.update(asked_at=now, same_before=before):
            raise LeaseLost
        people = allowed[: draft.bulk_limit]
        DraftLead.objects.filter(pk__in=[lead.pk for lead in people]).update(state=State.SENDING, asked_at=now)
        draft.asked_at, draft.same_before = now, before
    return people


def _refused(draft: CampaignDraft, error: voicedock.Refused, people: int) -> float:
    """Refused with people it may be accepted with fewer; refused without, a person has to look."""
    if isinstance(error, voicedock.RateLimited):
        _take_back(draft)
        raise error
    if isinstance(error, NOTHING_GOES) or not people:
        _take_back(draft)
        raise Stopped(error.message)
    _take_back(draft, people // 2)
    return 0


def _take_back(draft: CampaignDraft, limit: int | None = None) -> None:
    """VoiceDock certainly did not make it, so its people wait again: those of this request, not of a later one."""
    limit = draft.bulk_limit if limit is None else limit
    with scope.for_tenant(draft.tenant_id):
        mine = CampaignDraft.objects.filter(pk=draft.pk, remote_id="", asked_at=draft.asked_at)
        if mine.update(asked_at=None, bulk_limit=limit):
            waiting = DraftLead.objects.filter(draft=draft, state__in=[State.SENDING, State.UNKNOWN])
            waiting.filter(asked_at=draft.asked_at).update(state=State.READY, asked_at=None)


def _look_up(draft: CampaignDraft, lease: Lease) -> float:
    """Whether a creation without an answer was done; asked again only where VoiceDock lists none after a while."""
    wait = (draft.asked_at + SETTLED - timezone.now()).total_seconds()  # type: ignore[operator]
    if wait > 0:
        return wait
    with scope.for_tenant(draft.tenant_id):
        asked = list(DraftLead.objects.filter(draft=draft, state=State.UNKNOWN).values_list("number", flat=True))
    people = {matching.key(number) for number in asked}
    is_late = vendor.is_late(draft.asked_at)  # type: ignore[arg-type]
    with vendor.client_for(draft, lease) as client:
        remotes = vendor.listed(client.campaigns, is_late=is_late)
        found = {}
        for remote_id in _new(draft, matching.like(draft, remotes)):
            there = matching.by_number(vendor.listed(partial(client.leads, remote_id), is_late=is_late))
            if there.keys() <= people:
                found[remote_id] = there
        if len(found) > 1:
            raise Stopped(SEVERAL.format(count=len(found)))
        if found:
            _take(draft, *found.popitem())
            return 0
    if remotes.unreadable:  # one of these may be it
        if is_late:
            raise Stopped(UNREADABLE)
        return SETTLED.total_seconds()
    _take_back(draft, len(people) // 2)
    return 0


def _new(draft: CampaignDraft, like: list[str]) -> list[str]:
    """Those that were not there before, and that no other draft was made into."""
    with scope.for_system("campaigns that drafts were made into"):
        taken = set(CampaignDraft.objects.filter(remote_id__in=like).values_list("remote_id", flat=True))
    return [remote_id for remote_id in like if remote_id not in taken and remote_id not in draft.same_before]


def _take(draft: CampaignDraft, remote_id: str, there: Found) -> None:
    made.keep(draft, remote_id, sum(map(len, there.values())), all_there=False)
    made.found(draft, there, after=timedelta(0))
