"""When the leads of which campaign are read again, so that the reads that are left go where something changes.

VoiceDock has no page of the lists, and no news of a lead (`voicedock-api.md §6.2`): one read brings all leads of one
campaign. The list of campaigns tells whose counters moved: these are read first. A started campaign is read again by
and by all the same, since a lead begins to be called without moving a counter: how soon by the square root of how often
its leads change, which keeps the age of all of them together as low as so many reads allow. Where more is due than may
be read, the square root decides too, over the time since the last read: so nothing is left out for good.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt

from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Extract, Now, Sqrt
from django.utils import timezone

from dashboard.campaigns.models import Campaign
from tenants.isolation import scope
from tenants.models import Connection

SOONEST = timedelta(seconds=60)  # of a started campaign that nobody looks at
LATEST = timedelta(hours=1)
READS = 30  # a minute, of all started campaigns of a connection together
WEIGHT = 0.3  # of the newest read in the rate
RATES = (0.02, 4.0)  # changes a minute that are told apart
AFTER_REFUSAL = timedelta(seconds=60)
MOVED = 4  # times as urgent, as if it had not been read for `LATEST` more
NEVER_READ = timedelta(days=1)  # as if it had last been read so long ago


@scope.requires_scope
def due(connection: Connection) -> QuerySet[Campaign]:
    """Those with moved counters first, unless others have waited for hours; each by its rate and how long it waits."""
    moved = Q(leads_seen_at=None) | Q(counted_at__gt=F("leads_seen_at"))
    found = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None, leads_due_at__lte=timezone.now())
    waited = Case(When(moved, then=MOVED * (_seconds_unread() + LATEST.total_seconds())), default=_seconds_unread())
    urgency = ExpressionWrapper(waited * Sqrt("leads_change_rate"), output_field=FloatField())
    return found.alias(urgency=urgency).order_by("-urgency", "pk")


def _seconds_unread() -> Extract:
    since = Coalesce("leads_seen_at", Now() - Value(NEVER_READ))
    unread = ExpressionWrapper(Now() - since, output_field=DurationField())
    return Extract(unread, "epoch", output_field=FloatField())


@scope.requires_scope
def weights(connection: Connection) -> float:
    """The square roots of the rates of all started campaigns together."""
    started = Campaign.objects.filter(
        connection_id=connection.pk, vanished_at=None, status=Campaign.Status.SCHEDULED
    ).order_by()
    return started.aggregate(all=Sum(Sqrt("leads_change_rate")))["all"] or 0.0


def after_read(campaign: Campaign, *, changed: bool, at: datetime, together: float) -> None:
    """Set its rate and when it is read again; `together` as of `weights`, `at` when the read began. Does not save."""
    campaign.leads_change_rate = rate(campaign.leads_change_rate, changed, at, campaign.leads_seen_at)
    if campaign.status != Campaign.Status.SCHEDULED:
        campaign.leads_due_at = None
    else:
        campaign.leads_due_at = at + pause(campaign.leads_change_rate, together)


def rate(before: float, changed: bool, at: datetime, last: datetime | None) -> float:
    """Changes a minute, with what a read has found."""
    minutes = max((at - last).total_seconds() / 60, 0.25) if last else 1.0
    found = 1 / minutes if changed else 0.0
    return min(max((1 - WEIGHT) * before + WEIGHT * found, RATES[0]), RATES[1])


def pause(change_rate: float, together: float) -> timedelta:
    """Between two reads of one with this rate."""
    seconds = 60 * together / (READS * sqrt(change_rate))
    return min(max(timedelta(seconds=seconds), SOONEST), LATEST)
