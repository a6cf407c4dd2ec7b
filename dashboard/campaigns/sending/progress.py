"""How far the sending of a draft is, for its page."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from dashboard.campaigns import windows
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.campaigns.schedules import Days
from dashboard.campaigns.sending.outcomes import SETTLED
from dashboard.rate_limits import shares
from dashboard.rate_limits.models import Priority
from dashboard.ui import units
from tenants.isolation import scope

State = DraftLead.State
LOOKED_BACK = timedelta(minutes=5)  # the rate is that of so long
SHORTEST = timedelta(seconds=20)  # less tells no rate
MOST_UNKNOWN, MOST_FOUND, MOST_REFUSED = 10, 5, 10
HOUR = 60  # minutes


@dataclass(frozen=True)
class Progress:
    """`people` are all that are to be sent; `rate` is people a minute, 0 while there is none to measure.

    `counts` are rows by state. `unknown`, `found` and `refused` are the first rows of each.
    """

    counts: dict[str, int]
    rate: float
    now: datetime
    one_by_one: int
    is_made: bool
    unknown: list[DraftLead] = field(default_factory=list)
    found: list[DraftLead] = field(default_factory=list)
    refused: list[DraftLead] = field(default_factory=list)
    begins: str = ""

    @property
    def is_adding(self) -> bool:
        return self.is_made and self.to_go > 0

    @property
    def is_counting(self) -> bool:
        return self.is_made and self.to_go == 0

    @property
    def sent(self) -> int:
        return self.counts.get(State.SENT, 0)

    @property
    def to_go(self) -> int:
        return sum(self.counts.get(state, 0) for state in DraftLead.OPEN)

    @property
    def not_answered(self) -> int:
        return self.counts.get(State.UNKNOWN, 0)

    @property
    def not_taken(self) -> int:
        return self.counts.get(State.REFUSED, 0)

    @property
    def people(self) -> int:
        return self.sent + self.to_go + self.not_taken

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def left_out(self) -> int:
        """Rows of the file that are not sent, for whichever reason."""
        return self.rows - self.people

    @property
    def rate_in_words(self) -> str:
        return f"{round(self.rate)} a minute" if self.rate >= 1 else "less than one a minute" if self.rate else ""

    @property
    def minutes_left(self) -> int | None:
        """By the measured rate; None where there is none."""
        return math.ceil(self.to_go / self.rate) if self.rate and self.to_go else None

    @property
    def left_in_words(self) -> str:
        left = self.minutes_left
        if left is None:
            return ""
        return (
            f"about {units.with_unit(left, 'min')} left"
            if left < 2 * HOUR
            else f"about {round(left / HOUR)} hours left"
        )

    @property
    def done_at(self) -> datetime | None:
        left = self.minutes_left
        return self.now + timedelta(minutes=left) if left is not None and left < 12 * HOUR else None

    @property
    def looked_up_at(self) -> datetime | None:
        """When those who were not answered are looked up."""
        asked = [lead.asked_at for lead in self.unknown if lead.asked_at]
        return max(min(asked) + SETTLED, self.now) if asked else None

    @property
    def kept_free(self) -> int:
        """Requests of a minute that sending leaves to everything else, of 100."""
        return 100 - shares.ceiling(Priority.BULK)


@scope.requires_scope
def of(draft: CampaignDraft) -> Progress:
    """Inside the scope of its client, with a bounded number of queries."""
    now, leads = timezone.now(), DraftLead.objects.filter(draft=draft)
    counts = dict(leads.order_by().values("state").annotate(n=Count("pk")).values_list("state", "n"))
    unknown = leads.filter(state=State.UNKNOWN).order_by("line") if counts.get(State.UNKNOWN) else leads.none()
    refused = leads.filter(state=State.REFUSED).order_by("line") if counts.get(State.REFUSED) else leads.none()
    return Progress(
        counts=counts,
        rate=_rate(draft, leads, now),
        now=now,
        one_by_one=max(0, counts.get(State.SENT, 0) - draft.in_bulk),
        is_made=bool(draft.remote_id),
        unknown=list(unknown[:MOST_UNKNOWN]),
        found=list(_found(leads, now)[:MOST_FOUND]),
        refused=list(refused[:MOST_REFUSED]),
        begins=_begins(draft, now),
    )


def _found(leads: QuerySet[DraftLead], now: datetime) -> QuerySet[DraftLead]:
    """Those whose request was not answered lately, and who were in VoiceDock's list nevertheless."""
    return leads.filter(asked_at__gt=now - LOOKED_BACK, found_at__isnull=False).order_by("-found_at")


def _rate(draft: CampaignDraft, leads: QuerySet[DraftLead], now: datetime) -> float:
    """Of those who were sent one by one: the creation takes any number in a moment."""
    if draft.state != CampaignDraft.State.SENDING or draft.asked_at is None:
        return 0.0
    since = max(draft.asked_at, now - LOOKED_BACK)
    single = leads.filter(asked_at__gt=since, state=State.SENT)
    span = now - since
    return float(single.count() / (span.total_seconds() / 60)) if span >= SHORTEST else 0.0


def _begins(draft: CampaignDraft, now: datetime) -> str:
    """`Monday 23 November, 9:30`: when it starts by itself, by the clock of its zone; "" where it does not."""
    window = windows.window_of(draft)
    if not draft.starts_itself or window is None:
        return ""
    day = Days.of(draft, window).next_day(now)
    return f"{day:%A %-d %B}, {window.starts:%-H:%M}" if day else ""
