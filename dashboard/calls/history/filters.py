"""Filters of the calls list: they live in the URL, and each is a chip that can be taken off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.calls.history import search
from dashboard.calls.models import END_LATE, OVER, Call, State
from dashboard.ui import date_fields, search_fields

STATES = {
    "live": "Live now",
    "over": "Not live",
    "talked": "Talked",
    "machine": "Voicemail or a machine",
    "missed": "Not reached or refused",
    "person": "Needs a person",
}
DIRECTIONS = {"outbound": "Calls out", "inbound": "Calls in", "web": "From the browser"}
MISSED = [State.FAILED, State.REJECTED, State.INSUFFICIENT_CREDITS, State.REFUSED]


def state_group(calls: QuerySet[Call], name: str, value: str) -> QuerySet[Call]:
    match value:
        case "live":
            return calls.filter(finished=False)
        case "over":
            return calls.filter(finished=True)
        case "talked":
            return calls.filter(state__in=[one for one in OVER if one not in MISSED], machine_source="")
        case "machine":
            return calls.exclude(machine_source="")
        case "missed":
            return calls.filter(state__in=MISSED)
        case "person":
            return calls.filter(~Q(alarm="") | END_LATE)
    return calls


class CallFilter(filters.FilterSet):
    """`words` lets the search look into transcripts, `countries` are where it reads numbers without a country code;
    `lines`, `assistants`, `clients` are (value, words) pairs."""

    q = search_fields.SearchFilter(method="find")
    since = date_fields.DayFilter(method="from_day", label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = date_fields.DayFilter(method="to_day", label="To", widget=forms.DateInput(attrs={"type": "date"}))
    client = filters.ChoiceFilter(field_name="tenant__slug", label="Client", empty_label="Every client")
    line = filters.ChoiceFilter(field_name="line", label="Line", empty_label="Every line")
    assistant = filters.ChoiceFilter(field_name="assistant_name", label="Assistant", empty_label="Every assistant")
    state = filters.ChoiceFilter(
        method=state_group, label="State", choices=list(STATES.items()), empty_label="Any state"
    )
    direction = filters.ChoiceFilter(label="Direction", choices=list(DIRECTIONS.items()), empty_label="Out and in")

    def __init__(
        self,
        data: QueryDict,
        calls: QuerySet[Call],
        *,
        zone: ZoneInfo,
        words: bool,
        countries: Collection[str] = (),
        lines: list[tuple[str, str]],
        assistants: list[tuple[str, str]],
        clients: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(data, queryset=calls)
        self.zone, self.words, self.countries = zone, words, countries
        for name, choices in (("line", lines), ("assistant", assistants), ("client", clients)):
            if choices:
                self.filters[name].extra["choices"] = choices
            else:
                del self.filters[name]

    def find(self, calls: QuerySet[Call], name: str, value: str) -> QuerySet[Call]:
        """What the list shows of a call, or words that were spoken."""
        return calls.filter(search.matching(value.strip(), countries=self.countries, words=self.words))

    def from_day(self, calls: QuerySet[Call], name: str, day: Any) -> QuerySet[Call]:
        return calls.filter(created_at__gte=datetime.combine(day, time.min, self.zone))

    def to_day(self, calls: QuerySet[Call], name: str, day: Any) -> QuerySet[Call]:
        return calls.filter(created_at__lt=datetime.combine(day + timedelta(days=1), time.min, self.zone))


@dataclass(frozen=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    words: str
    without: str


def chips(found: CallFilter) -> Iterator[Chip]:
    if not found.form.is_valid():
        return
    said = found.form.cleaned_data
    for name, value in said.items():
        if not value:
            continue
        choices = dict(found.filters[name].extra.get("choices", ()))
        words = {
            "q": lambda value=value: f"“{value}”",
            "since": lambda value=value: f"From {value.day} {value:%b %Y}",
            "until": lambda value=value: f"Until {value.day} {value:%b %Y}",
        }.get(name, lambda value=value, choices=choices: choices.get(value, value))()
        yield Chip(words, _without(found.data, name))


def _without(data: QueryDict, name: str) -> str:
    rest = data.copy()
    for gone in (name, "before", "after"):
        rest.pop(gone, None)
    return f"?{rest.urlencode()}"
