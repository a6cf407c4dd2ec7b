"""Filters of the live board: what is offered occurs among the live calls that one may see, each with its count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from dashboard.calls import labels
from dashboard.calls.models import Call
from dashboard.ui import phone_numbers, states
from dashboard.voicedock import capabilities
from dashboard.voicedock.capabilities import Family

NEEDS_PERSON = "person"  # among the states: whatever state it is in
Choice = tuple[str, str]  # the value in the address, and its words


def _state(call: Call) -> Choice:
    if labels.board_column(call) == NEEDS_PERSON:
        return NEEDS_PERSON, "Needs a person"
    return call.state, states.read(call.state)[1]


def _assistant(call: Call) -> Choice:
    name = labels.assistant(call)
    return name, name


def _line(call: Call) -> Choice:
    return call.line, f"{labels.line(call)} {phone_numbers.grouped(call.line)}".strip()


def _family(call: Call) -> Choice:
    family = call.family or Family.UNKNOWN
    return family, capabilities.badge(family).label


FILTERS: dict[str, tuple[str, Callable[[Call], Choice]]] = {
    "state": ("State", _state),
    "assistant": ("Assistant", _assistant),
    "line": ("Line", _line),
    "family": ("Model", _family),
}


@dataclass(frozen=True)
class Option:
    """`count`: how many calls are shown with it, with the other filters as they are."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Filter:
    name: str
    label: str
    chosen: str
    options: Sequence[Option]

    @property
    def words(self) -> str:
        """Of what is chosen."""
        return next((option.label for option in self.options if option.is_chosen), "")


def chosen(query: QueryDict) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := query.get(name, ""))}


def fits(call: Call, wanted: Mapping[str, str], *, without: str = "") -> bool:
    """Whether a call passes all filters, but that of the name `without`."""
    return all(FILTERS[name][1](call)[0] == value for name, value in wanted.items() if name != without)


def offered(calls: Sequence[Call], wanted: Mapping[str, str]) -> list[Filter]:
    """Those that tell at least two calls apart, or are chosen; `calls` are all that may be shown."""
    found = [_filter(name, calls, wanted) for name in FILTERS]
    return [offer for offer in found if offer.chosen or len(offer.options) > 1]


def _filter(name: str, calls: Sequence[Call], wanted: Mapping[str, str]) -> Filter:
    label, read = FILTERS[name]
    words, counts = dict(map(read, calls)), Counter[str]()
    counts.update(read(call)[0] for call in calls if fits(call, wanted, without=name))
    value = wanted.get(name, "")
    if value:
        words.setdefault(value, value)
    ordered = sorted((word.casefold(), key) for key, word in words.items() if key)
    options = [Option(key, words[key], counts[key], key == value) for _, key in ordered]
    return Filter(name, label, value, options)
