"""The counts of a campaign, made in one place, so that lists, pages, sentences and progress bars show the same.

VoiceDock counts all, completed and failed leads; its leads say more (skipped, being called). Once all leads are here
they are what is counted: the page lists them. Whether VoiceDock's counters include skipped leads is not documented
(`voicedock-api.md §6.1`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dashboard.campaigns import kept_counts
from dashboard.campaigns.called import (
    CALLING,
    COUNTED_STATE,
    OPEN,
    PENDING,
    PENDING_TRIED,
    SKIPPED,
    SKIPPED_TRIED,
    merged,
)
from dashboard.campaigns.models import Campaign, Lead
from tenants.isolation import scope

Status = Campaign.Status
REST_LABELS = {Status.COMPLETED: "without a result", Status.CANCELLED: "not called"}
NOT_CALLED_LABELS = ("calling", "skipped", "left", *REST_LABELS.values())  # of people who do not count as called
KINDS = {  # CSS names
    "completed": "done",
    "no_answer": "failed",
    **dict.fromkeys((SKIPPED, SKIPPED_TRIED, PENDING_TRIED), "other"),
}
ALWAYS_SHOWN = ("completed", "failed", CALLING)
NOT_COUNTED_THERE = (SKIPPED, SKIPPED_TRIED, PENDING_TRIED, "no_answer")  # by VoiceDock, as far as is documented
RECENT = timedelta(hours=1)  # over which a pace is measured


class Part(NamedTuple):
    """`kind` is its CSS name, `label` follows the figure."""

    kind: str
    label: str
    figure: int


class Recent(NamedTuple):
    """How many people were dealt with in the last hour, and when the first of them was called."""

    people: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Counts:
    """`parts` add up to `total`; `left` are those still to be called or being called, `uncalled` without the latter.

    `dealt_with` are all others: the `called` (`called.py`), the `skipped`, whom nobody called, and those of a completed
    campaign without a result. A lead in a state that we do not know counts as called: it neither waits nor was it
    skipped.
    """

    total: int
    dealt_with: int
    called: int
    skipped: int
    left: int
    calling: int
    parts: tuple[Part, ...]
    recent: Recent

    @property
    def in_words(self) -> str:
        """`all 120 people were called`, `117 of 120 people were called, 3 skipped`: the parts, in a sentence."""
        were = "person was" if self.total == 1 else "people were"
        if self.called == self.total:
            return f"all {self.total:,} {were} called" if self.total else "nobody was on it"
        rest = [(CALLING, self.calling), ("skipped", self.skipped)]
        rest += [(part.label, part.figure) for part in self.parts if part.label in (*REST_LABELS.values(), "left")]
        others = "".join(f", {figure:,} {label}" for label, figure in rest if figure)
        return f"{self.called:,} of {self.total:,} {were} called{others}"

    @property
    def uncalled(self) -> int:
        return self.left - self.calling


def of(campaign: Campaign, leads: Mapping[str, int], recent: Recent | None = None) -> Counts:
    """`leads`: how many leads are in each state, as far as they are known."""
    known, recent = sum(leads.values()), recent or Recent()
    if known and known == campaign.total_leads:
        return _made(campaign, known, dict(leads), recent)
    total = campaign.total_leads
    counted = {"completed": campaign.completed_leads, "failed": campaign.failed_leads}
    more = {name: leads.get(name, 0) for name in (CALLING, *NOT_COUNTED_THERE)}
    return _made(campaign, total, counted | more, recent)


@scope.requires_scope
def of_all(campaigns: Iterable[Campaign]) -> dict[int, Counts]:
    """By the campaign's id, with one query for any number of them."""
    found = list(campaigns)
    leads, recent = by_state(found)
    return {campaign.pk: of(campaign, leads[campaign.pk], recent[campaign.pk]) for campaign in found}


@scope.requires_scope
def by_state(campaigns: Iterable[Campaign]) -> tuple[dict[int, dict[str, int]], dict[int, Recent]]:
    """How many leads of each campaign are in each state, and what the last hour brought; one query at most.

    States are those by which they are counted (`called.py`).
    """
    found = list(campaigns)
    states: dict[int, dict[str, int]] = defaultdict(dict)
    recent: dict[int, Recent] = defaultdict(Recent)
    for campaign in found:
        if known := kept_counts.kept(campaign, "states"):
            people, since = kept_counts.kept(campaign, "recent")
            states[campaign.pk] = merged(campaign, known)
            recent[campaign.pk] = Recent(people, since and parse_datetime(since))
    rest = kept_counts.to_count(found, "states")
    lately = Q(last_attempt_at__gte=timezone.now() - RECENT)
    grouped = Lead.objects.filter(campaign__in=rest).order_by().annotate(counted=COUNTED_STATE)
    figures = {"n": Count("pk"), "lately": Count("pk", filter=lately), "since": Min("last_attempt_at", filter=lately)}
    for pk, status, count, people, since in grouped.values_list("campaign", "counted").annotate(**figures):
        states[pk][status] = count
        if status not in (*OPEN, PENDING_TRIED) and since is not None:
            before = recent[pk]
            recent[pk] = Recent(before.people + people, min(since, before.since or since))
    for campaign in rest:
        states[campaign.pk] = merged(campaign, states[campaign.pk])
    return states, recent


def _made(campaign: Campaign, total: int, states: dict[str, int], recent: Recent) -> Counts:
    """Parts are capped at what is left of the total, so that their sum never exceeds it; the rest is left to call."""
    rest, parts = total, []
    for kind, label in (
        ("completed", "completed"),
        ("failed", "not reached"),
        (CALLING, "calling"),
        ("no_answer", "no answer"),
        (SKIPPED, "skipped"),
        (SKIPPED_TRIED, "skipped after a call"),
        (PENDING_TRIED, "not called again"),
    ):
        count = min(rest, states.pop(kind, 0))
        rest -= count
        if count or kind in ALWAYS_SHOWN:
            parts.append(Part(KINDS.get(kind, kind), label, count))
    for state, count in sorted(states.items()):
        if state != PENDING and count and rest:
            parts.append(Part("other", state, min(rest, count)))
            rest -= min(rest, count)
    calling = next(part.figure for part in parts if part.kind == CALLING)
    is_over = campaign.status in REST_LABELS
    if rest or not is_over:
        parts.append(Part("other" if is_over else PENDING, REST_LABELS.get(campaign.status, "left"), rest))  # type: ignore[call-overload]
    left = calling + (0 if is_over else rest)
    unreached = rest if campaign.status == Status.CANCELLED else 0
    skipped = sum(part.figure for part in parts if part.label == "skipped")
    dealt_with = total - left - unreached
    called = dealt_with - skipped - (rest if campaign.status == Status.COMPLETED else 0)
    return Counts(total, dealt_with, called, skipped, left, calling, tuple(parts), recent)
