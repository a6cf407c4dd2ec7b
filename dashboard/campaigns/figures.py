"""The strip of figures of a campaign's page; each leads to the people it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from dashboard.calls import outcomes
from dashboard.calls.outcomes import CALL_BACK
from dashboard.campaigns import pace
from dashboard.campaigns.campaign_calls import History
from dashboard.campaigns.queries import CampaignRow
from dashboard.campaigns.results import STATE_OF_GROUP, Group
from dashboard.ui import times


class Figure(NamedTuple):
    """`show` narrows the list of people to those counted; "" leads to all of them."""

    label: str
    value: str
    note: str
    show: str
    is_good: bool = False


class Chip(NamedTuple):
    label: str
    show: str
    people: int


def strip(row: CampaignRow, now: datetime) -> list[Figure]:
    """Of a campaign that still has people to call."""
    left = pace.pace_in_words(pace.per_minute(row.campaign, row.counts, now))
    skipped = f", {row.counts.skipped:,} skipped" if row.counts.skipped else ""
    return [
        Figure("Called", f"{row.counts.called:,}", f"of {_people(row.counts.total)}{skipped}", Group.CALLED),
        _reached(row),
        *_best(row),
        _call_back(row),
        _not_reached(row),
        Figure("Left", f"{row.counts.uncalled:,}", left, Group.LEFT),
    ]


def strip_of_ended(row: CampaignRow, history: History) -> list[Figure]:
    """Of one that is over: what it brought comes first."""
    minutes = f"{round(history.seconds / 60):,}"
    each = f"{times.talked(history.seconds_each)} a call" if history.talks else ""
    return [
        *_best(row),
        _reached(row),
        _call_back(row),
        _not_reached(row),
        Figure("Minutes", minutes, each, Group.REACHED),
    ]


def chips(row: CampaignRow, listed: Mapping[str, int], show: str) -> list[Chip]:
    """What the list of people can be narrowed to; the one that is chosen is always among them.

    `listed`: how many of the leads that are here are in each state. They are counted, since the list shows no others.
    """
    results, over = row.results, row.counts.left == 0
    by_state = {group: listed.get(STATE_OF_GROUP[group], 0) for group in (Group.CALLING, Group.LEFT, Group.SKIPPED)}
    found = [
        Chip("All", "", sum(listed.values())),
        Chip(Group.CALLING.label, Group.CALLING, by_state[Group.CALLING]),
        Chip(outcomes.read(CALL_BACK).label, CALL_BACK, results.figure(CALL_BACK)),
        Chip(Group.NOT_REACHED.label, Group.NOT_REACHED, results.not_reached),
        Chip(Group.LEFT.label, Group.LEFT, by_state[Group.LEFT]),
        Chip(Group.SKIPPED.label, Group.SKIPPED, by_state[Group.SKIPPED]),
    ]
    idle = (Group.CALLING, Group.LEFT, Group.SKIPPED) if over else (Group.SKIPPED,)
    shown = [chip for chip in found if chip.people or chip.show not in idle]
    if show and show not in [chip.show for chip in shown]:
        shown.append(_chosen(row, by_state, show))
    return shown


def _chosen(row: CampaignRow, by_state: Mapping[Group, int], show: str) -> Chip:
    results = row.results
    counts: dict[Group, int] = {
        Group.CALLED: results.called,
        Group.REACHED: results.reached,
        Group.VOICEMAIL: results.voicemail,
        Group.NOT_KNOWN: results.not_known,
        **by_state,
    }
    if show in Group.values:
        return Chip(Group(show).label, show, counts.get(Group(show), 0))
    return Chip(outcomes.read(show).label, show, results.figure(show))


def _reached(row: CampaignRow) -> Figure:
    results = row.results
    if not results.called:
        return Figure("Reached a person", "—", "", Group.REACHED)
    note = f"{results.reached:,} {'person' if results.reached == 1 else 'people'}" + (
        f", {results.voicemail:,} voicemail" if results.voicemail else ""
    )
    note += results.not_known_in_words
    return Figure("Reached a person", results.reached_share_in_words, note, Group.REACHED)


def _best(row: CampaignRow) -> list[Figure]:
    """The outcome that says best whether it works; none before the first."""
    best = row.results.best
    if best is None or best[0] == CALL_BACK:
        return []
    slug, count = best
    outcome = outcomes.read(slug)
    note = f"{row.results.share(count)}% of those reached"
    return [Figure(outcome.label, f"{count:,}", note, slug, is_good=outcome.tone == "good")]


def _call_back(row: CampaignRow) -> Figure:
    count = row.results.figure(CALL_BACK)
    note = f"{row.results.share(count)}% of those reached" if count else ""
    return Figure("Wants a call back", _known(row, count), note, CALL_BACK)


def _not_reached(row: CampaignRow) -> Figure:
    reasons = ", ".join(f"{count:,} {_reason(slug)}" for slug, count in row.results.reasons[:3])
    return Figure(Group.NOT_REACHED.label, _known(row, row.results.not_reached), reasons, Group.NOT_REACHED)


def _known(row: CampaignRow, count: int) -> str:
    """No figure is shown while no result is here."""
    return f"{count:,}" if row.results.called else "—"


def _reason(slug: str) -> str:
    return {"not_reached": "no answer", "failed": "broke off"}.get(slug) or outcomes.read(slug).label.lower()


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"
