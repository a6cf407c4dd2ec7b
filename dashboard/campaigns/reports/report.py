"""What the report of a campaign says: how far it is, who was reached, why others were not, when, and from which number.

The shared report has the same figures without anything of a single person: no numbers, names or words of a call, and
an outcome that few people have is counted with others, since assistants name outcomes in words of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from dashboard.calls import outcomes
from dashboard.calls.outcomes import CALL_BACK
from dashboard.campaigns import attestation, campaign_calls, history_chart, queries, taken_off
from dashboard.campaigns.attestation import CallerIdFigures
from dashboard.campaigns.campaign_calls import History
from dashboard.campaigns.history_chart import HistoryChart
from dashboard.campaigns.models import Campaign
from dashboard.campaigns.queries import CampaignRow
from dashboard.campaigns.results import Group, Results, group_of
from dashboard.ui import times
from tenants.isolation import scope

FEWEST = 3  # people of an outcome that a shared report names in the words of the assistant
OTHERS = "Other results"
REASONS = {"not_reached": "No answer", "failed": "Broke off"}


class Line(NamedTuple):
    """An outcome, or a reason: its bar is `width` percent wide, `share` is of those reached, or ""."""

    label: str
    people: int
    bar: str
    width: str
    share: str = ""


class Figure(NamedTuple):
    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Report:
    """`is_over`: nobody is called any more, so that the figures stay as they are."""

    row: CampaignRow
    history: History
    is_over: bool
    figures: list[Figure]
    outcomes: list[Line]
    reasons: list[Line]
    caller_id: CallerIdFigures
    chart: HistoryChart
    taken_off: int


@scope.requires_scope
def of(campaign: Campaign, *, shared: bool = False) -> Report:
    """The same number of queries, whatever the number of people."""
    now = timezone.now()
    row, _ = queries.campaign_row(campaign, now, {})
    history = campaign_calls.history(campaign)
    return Report(
        row=row,
        history=history,
        is_over=campaign.status in Campaign.OVER and not row.counts.calling,
        figures=_figures(row, history, shared=shared),
        outcomes=_outcomes(row.results, shared=shared),
        reasons=_reasons(row.results),
        caller_id=attestation.figures_of(campaign),
        chart=history_chart.of(campaign),
        taken_off=taken_off.count(campaign),
    )


def _figures(row: CampaignRow, history: History, *, shared: bool) -> list[Figure]:
    results, counts = row.results, row.counts
    reached = f"{results.reached:,} {'person' if results.reached == 1 else 'people'}{results.not_known_in_words}"
    return [
        Figure("Called", f"{counts.called:,}", f"of {counts.total:,}"),
        *_best(results, shared=shared),
        Figure("Reached a person", results.reached_share_in_words, reached),
        Figure("Wants a call back", f"{results.figure(CALL_BACK):,}", ""),
        Figure(
            "Not reached",
            f"{results.not_reached:,}",
            f"and {results.voicemail:,} voicemail" if results.voicemail else "",
        ),
        Figure("Minutes", f"{round(history.seconds / 60):,}", _each(history)),
    ]


def _best(results: Results, *, shared: bool) -> list[Figure]:
    """The outcome that says best whether it works; none before the first, or where a shared report does not name it."""
    if results.best is None or results.best[0] == CALL_BACK:
        return []
    slug, count = results.best
    if shared and not _is_named(slug, count):
        return []
    return [Figure(outcomes.read(slug).label, f"{count:,}", f"{results.share(count)}% of those reached")]


def _each(history: History) -> str:
    return f"{times.talked(history.seconds_each)} a call" if history.talks else ""


def _outcomes(results: Results, *, shared: bool) -> list[Line]:
    found = Counter[tuple[str, str]]()
    people: dict[tuple[str, str], bool] = {}
    for slug, count in results.outcomes:
        outcome = outcomes.read(slug)
        label = outcome.label if slug else Group.NOT_KNOWN.label
        key = (label, outcome.bar if slug else outcomes.PLAIN_BAR)
        if shared and not _is_named(slug, count):
            key = (OTHERS, outcomes.PLAIN_BAR)
        found[key] += count
        people[key] = group_of(slug) is Group.REACHED
    return _lines(found, {key: f"{results.share(found[key])}%" for key, reached in people.items() if reached})


def _reasons(results: Results) -> list[Line]:
    """Why people were not reached; all of these are outcomes that Patchbay names itself."""
    labels = {slug: REASONS.get(slug) or outcomes.read(slug).label for slug, _ in results.reasons}
    return _lines(Counter({(labels[slug], outcomes.PLAIN_BAR): count for slug, count in results.reasons}), {})


def _lines(found: Counter[tuple[str, str]], shares: dict[tuple[str, str], str]) -> list[Line]:
    most = max(found.values(), default=1)
    ranked = sorted(found.items(), key=lambda pair: (pair[0][0] == OTHERS, -pair[1], pair[0]))
    return [
        Line(label, count, bar, f"{100 * count / most:.2f}", shares.get((label, bar), ""))
        for (label, bar), count in ranked
    ]


def _is_named(slug: str, count: int) -> bool:
    return not slug or slug in outcomes.KNOWN or count >= FEWEST
