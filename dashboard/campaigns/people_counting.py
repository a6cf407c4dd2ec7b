"""Counts the people of campaigns in the background and keeps what came of it (`kept_counts.py`).

While something changes, the figures are at most `EVERY` old, unless the workers cannot keep up.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.campaigns import campaign_calls, counts, results
from dashboard.campaigns.kept_counts import FEW
from dashboard.campaigns.models import Campaign
from tenants.isolation import scope

EVERY = timedelta(seconds=15)
LATER = timedelta(minutes=15)  # after the last read of its people: reports of their calls come late
MAX_SECONDS = 10.0  # of one run; the next one continues


@scope.opens_scope
def run() -> int:
    """For beat: count those that are due, the oldest figures first; returns how many. Opens scopes of its own."""
    until, done = time.monotonic() + MAX_SECONDS, 0
    with scope.for_system("campaigns whose people are counted"):
        due = list(_due().order_by(F("people_counted_at").asc(nulls_first=True), "pk").values_list("pk", flat=True))
    for pk in due:
        if time.monotonic() > until:
            break
        with scope.for_system("count the people of a campaign"):
            done += count(Campaign.objects.get(pk=pk))
    return done


@scope.requires_scope
def count(campaign: Campaign) -> bool:
    """Count the people of this campaign and keep it, with the row that is given too. Inside a scope that covers it."""
    pk, at = campaign.pk, timezone.now()
    campaign.people_counts = None
    states, recent = counts.by_state([campaign])
    found = {
        "states": states[pk],
        "recent": [recent[pk].people, recent[pk].since],
        "outcomes": results.outcomes_of([campaign])[pk],
        "history": campaign_calls.as_json(campaign_calls.history(campaign)),
    }
    is_kept = bool(Campaign.objects.filter(pk=pk).update(people_counts=found, people_counted_at=at))
    if is_kept:
        campaign.refresh_from_db(fields=["people_counts", "people_counted_at"])
    return is_kept


def _due() -> QuerySet[Campaign]:
    many = Campaign.objects.filter(total_leads__gt=FEW, leads_seen_at__isnull=False)
    is_old = Q(people_counted_at__lte=Now() - EVERY)
    is_started = Q(status=Campaign.Status.SCHEDULED, vanished_at=None)
    is_new = Q(people_counted_at__lte=F("leads_seen_at") + LATER)
    return many.filter(Q(people_counted_at=None) | (is_old & (is_started | is_new)))
