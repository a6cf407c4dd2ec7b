"""Filters of the calls list. They live in the URL; each that is set is a chip that can be removed (ui/filters.py)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.http import QueryDict

from dashboard.calls import outcomes
from dashboard.calls.history import search
from dashboard.calls.history.search import Found, Key
from dashboard.calls.models import TALKED, CallQuerySet, State
from dashboard.ui import date_fields, search_fields
from dashboard.ui.client_field import ClientField
from tenants import time_zones
from tenants.models import Tenant

STATES = {
    "live": "Live now",
    "over": "Not live",
    "talked": "Reached",
    "machine": "Voicemail or a machine",
    "missed": "Not reached or refused",
    "person": "Needs a person",
    "call-back": "To be called back",
}
EMPTY = {"line": "Every line", "assistant": "Every assistant", "preset": "With or without a preset"}
NARROWING = ("line", "assistant", "preset", "outcome", "state", "direction")  # filters that a search knows nothing of
OFTEN = ("booked", "moved")  # outcomes that usual analyses name
DIRECTIONS = {"outbound": "Calls out", "inbound": "Calls in", "web": "From the browser"}
MISSED = [State.FAILED, State.REJECTED, State.INSUFFICIENT_CREDITS, State.REFUSED]


class OutcomeField(forms.ChoiceField):
    """Offers the usual outcomes and takes any: an assistant's analysis may name others."""

    def valid_value(self, value: object) -> bool:
        return re.fullmatch(r"\w+", str(value)) is not None and len(str(value)) <= outcomes.MOST


class CallFilter(date_fields.PeriodForm):
    """`searches_words` lets the search look into transcripts; in `countries` numbers are read without a country code.

    `tenant` is the id of the one client whose calls are searched, None for those of all; `of_all` offers to choose one.
    Of one client, `offer` tells what can be chosen.
    """

    q = search_fields.SearchField(required=False, label="Find a number or name")
    client = ClientField()
    line = forms.ChoiceField(required=False, label="Line")
    assistant = forms.ChoiceField(required=False, label="Assistant")
    preset = forms.ChoiceField(required=False, label="Preset")
    outcome = OutcomeField(required=False, label="Outcome")
    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any state"), *STATES.items()])
    direction = forms.ChoiceField(required=False, label="Direction", choices=[("", "Out and in"), *DIRECTIONS.items()])

    def __init__(
        self,
        query: QueryDict,
        *,
        zone: ZoneInfo,
        searches_words: bool,
        countries: Collection[str] = (),
        tenant: int | None = None,
        of_all: bool = False,
    ) -> None:
        super().__init__(query)
        self.zone, self.searches_words, self.countries, self.tenant = zone, searches_words, countries, tenant
        self.is_too_broad = False
        self._found: dict[Key | None, Found] = {}
        offered = dict.fromkeys([*outcomes.KNOWN, *OFTEN, query.get("outcome", "")])
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            ("", "Any outcome"),
            *((slug, outcomes.read(slug).label) for slug in offered if slug),
        ]
        self.fields["q"].widget.attrs["placeholder"] = (
            "Number, name or words said" if searches_words else "Number or name"
        )
        if of_all:
            self.fields["client"].choose(query.get("client", ""))  # type: ignore[attr-defined]
            self.offer({})
        else:
            del self.fields["client"]

    def offer(self, choices: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What `line`, `assistant` and `preset` can be; a field without choices is left out.

        Before it is validated where one of them is chosen (`needs_choices`), and before it is shown.
        """
        for name, empty in EMPTY.items():
            if choices.get(name):
                self.fields[name].choices = [("", empty), *choices[name]]  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    @property
    def needs_choices(self) -> bool:
        return any(self.data.get(name) for name in EMPTY)

    @property
    def text(self) -> str:
        """What is searched for."""
        return " ".join(str(self.cleaned_data.get("q") or "").split()) if self.is_valid() else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves some of the calls out that a search found."""
        return any(self.cleaned_data.get(name) for name in NARROWING) or bool(self._signs())

    def find(self, before: Key | None = None, *, most: int = 0) -> Found:
        """What the search finds in the chosen period, older than `before`. Raises `search.TooBroad`."""
        most = most or (search.MOST_NARROWED if self.is_narrowed else search.MOST)
        since, until = self._period()
        return search.find(
            search.Wish(self.text, self.searches_words, self.countries, self.tenant, since, until, most), before
        )

    def found(self, before: Key | None = None) -> Found:
        """The same, found once; nothing where it `is_too_broad`."""
        if before not in self._found:
            try:
                self._found[before] = self.find(before)
            except search.TooBroad:
                self.is_too_broad, self._found[before] = True, Found()
        return self._found[before]

    def apply(self, calls: CallQuerySet, *, without: str = "", before: Key | None = None) -> CallQuerySet:
        """Calls as the filters leave them, but for the one named `without`; none when a filter does not exist.

        Of a search the newest that are older than `before`.
        """
        narrowed = self.narrow(calls, without=without)
        return narrowed.filter(pk__in=self.found(before).ids) if self.text else narrowed

    def narrow(self, calls: CallQuerySet, *, without: str = "") -> CallQuerySet:
        """The same without the search."""
        if not self.is_valid():
            return calls.none()
        chosen = self.cleaned_data | ({without: ""} if without else {})
        exact = {
            "line": "line",
            "assistant_name": "assistant",
            "preset_name": "preset",
            "direction": "direction",
            "outcome": "outcome",
        }
        calls = calls.filter(**{column: chosen[name] for column, name in exact.items() if chosen.get(name)})
        if slug := chosen.get("client"):
            calls = calls.filter(tenant=Tenant.key_of(slug))
        since, until = self._period()
        if since:
            calls = calls.filter(created_at__gte=since)
        if until:
            calls = calls.filter(created_at__lt=until)
        return _in_state(calls.filter(self._signs()), chosen["state"])

    def _period(self) -> tuple[datetime | None, datetime | None]:
        """The moments at which the chosen days begin and end."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        return (
            time_zones.start_of_day(since, self.zone) if since else None,
            time_zones.start_of_day(until + timedelta(days=1), self.zone) if until else None,
        )

    def _signs(self) -> Q:
        return search.signs(self.text, words=self.searches_words)


def _in_state(calls: CallQuerySet, group: str) -> CallQuerySet:
    match group:
        case "live":
            return calls.filter(finished=False)
        case "over":
            return calls.filter(finished=True)
        case "talked":
            return calls.filter(TALKED)
        case "machine":
            return calls.exclude(machine_source="")
        case "missed":
            return calls.filter(state__in=MISSED)
        case "person":
            return calls.needing_attention()
        case "call-back":
            return calls.to_call_back()
    return calls
