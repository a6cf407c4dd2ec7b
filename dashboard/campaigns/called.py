"""Which people of a campaign count as called: one rule for figures, lists, reports, files and drafts made of them.

What VoiceDock means by `skipped` is not stated (`voicedock-api.md §6.4`), nor does `pending` say whether a person is
called for the first time. Attempts and the last call do.
"""

from __future__ import annotations

from django.db.models import Case, F, Q, Value, When

from dashboard.campaigns.models import Campaign, Lead

PENDING, CALLING, SKIPPED = "pending", "calling", "skipped"  # states of leads
OPEN = (PENDING, CALLING)  # their last word is not spoken
PENDING_TRIED, SKIPPED_TRIED = "pending-tried", "skipped-tried"  # states that are counted apart
TRIED = Q(attempts__gt=0) | ~Q(call_remote_id="")
# Whoever is to be tried again is called once that is over, or the campaign is.
CALLED = ~Q(status__in=(*OPEN, SKIPPED)) | (
    TRIED & (Q(status=SKIPPED) | Q(status=PENDING, campaign__status__in=Campaign.OVER))
)
COUNTED_STATE = Case(  # of a lead
    When(TRIED, status=PENDING, then=Value(PENDING_TRIED)),
    When(TRIED, status=SKIPPED, then=Value(SKIPPED_TRIED)),
    default=F("status"),
)


def was_called(campaign: Campaign, lead: Lead) -> bool:
    """The same as `CALLED` of one lead of the campaign."""
    if lead.status not in (*OPEN, SKIPPED):
        return True
    tried = bool(lead.attempts or lead.call_remote_id)
    return tried and (lead.status == SKIPPED or (lead.status == PENDING and campaign.status in Campaign.OVER))


def merged(campaign: Campaign, states: dict[str, int]) -> dict[str, int]:
    """How many are in each counted state, where those to be tried again wait like all others until it is over."""
    tried = states.get(PENDING_TRIED, 0)
    if not tried or campaign.status in Campaign.OVER:
        return states
    rest = {state: count for state, count in states.items() if state != PENDING_TRIED}
    return rest | {PENDING: rest.get(PENDING, 0) + tried}
