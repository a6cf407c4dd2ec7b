"""The part of *Call now* that plans the call for a time; each value beside its own error."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone

from dashboard.calls.planned import by_hand, local_times
from dashboard.calls.planned.first_values import LATER, NOW, USUAL_WINDOW, WINDOWS
from dashboard.calls.planned.planning import ChangedMeanwhile, PlanRefused
from dashboard.calls.planned.wish import Wish
from dashboard.ui import date_fields, times
from dashboard.ui.time_fields import ClockField
from tenants import time_zones
from tenants.form_fields import ZoneField
from tenants.models import Tenant

MOST_DAYS = 90
NO_WHEN = "Choose whether to call now or at a time."
NO_DAY, NO_TIME = "Choose the day.", "Choose the time."
NOT_A_TIME = "Write the time as hours and minutes, like 14:30."
PASSED = "This time is over: in {place} it is {now} on {day}. Choose a later one."
TOO_FAR = f"Choose a day within {MOST_DAYS} days."
SKIPPED = "The clocks in {place} skip this time: they are put forward that night. Choose {earliest}, or another time."
TWICE = "The clocks in {place} show {time} twice that night. The first time is meant."


class WhenForm(forms.Form):
    """Fields for the time of a call; all of them may be empty of a call that is placed now."""

    when = forms.ChoiceField(
        required=False,
        choices=[(NOW, "Now"), (LATER, "At a time")],
        widget=forms.RadioSelect,
        initial=NOW,
        error_messages={"invalid_choice": NO_WHEN},
    )
    plan_date = date_fields.DayField(required=False, label="Day", widget=date_fields.day_input())
    plan_time = ClockField(required=False, label="Time", error_messages={"invalid": NOT_A_TIME})
    plan_zone = forms.CharField(
        required=False,
        label="Time zone",
        max_length=time_zones.LONGEST,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
    )
    plan_window = forms.TypedChoiceField(
        required=False,
        label="Not later than",
        coerce=int,
        empty_value=None,
        choices=list(WINDOWS.items()),
        initial=USUAL_WINDOW,
    )
    plan_anyway = forms.BooleanField(required=False)
    planned = forms.UUIDField(required=False, widget=forms.HiddenInput)
    planned_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    tenant: Tenant
    moment: local_times.LocalMoment | None = None  # of a valid form that plans

    @property
    def is_for_later(self) -> bool:
        return str(self["when"].value() or "") == LATER

    @property
    def is_about_plan(self) -> bool:
        """Whether a valid form plans a call, or places one that is planned."""
        return self.is_for_later or bool(self.cleaned_data.get("planned"))

    @property
    def is_change_of_plan(self) -> bool:
        """Whether it says what a planned call is to be from now on."""
        return self.is_for_later and bool(self["planned"].value())

    def refuse_plan(self, error: PlanRefused) -> None:
        """Put the error beside its field. A form about an older version becomes one about the version of now."""
        if isinstance(error, ChangedMeanwhile):
            data = cast(QueryDict, self.data).copy()
            data["planned_version"] = str(error.planned.version)
            if not self.is_for_later:
                data["token"] = str(by_hand.token_of_next(error.planned))
            self.data = data
        self.add_error(error.field or None, error.message)

    def clean_plan_zone(self) -> str:
        """The exact name in the IANA database; the client's where none is typed."""
        text = self.cleaned_data["plan_zone"]
        zone = time_zones.read(text) if text else self.tenant.zone
        if zone is None and self.is_for_later:
            raise forms.ValidationError(ZoneField.NOT_KNOWN)
        return (zone or self.tenant.zone).key

    def check_time(self) -> None:
        """Sets `moment`, or puts the error beside the field that causes it; nothing for a call that is placed now."""
        if not self.is_for_later:
            self._forget_errors()
            return
        day, clock = self.cleaned_data.get("plan_date"), self.cleaned_data.get("plan_time")
        for name, value, words in (("plan_date", day, NO_DAY), ("plan_time", clock, NO_TIME)):
            if value is None and name not in self.errors:
                self.add_error(name, words)
        if day is None or clock is None or "plan_zone" in self.errors:
            return
        zone = ZoneInfo(self.cleaned_data["plan_zone"])
        try:
            found = local_times.moment(day, clock, zone)
        except local_times.NoSuchTime as error:
            self.add_error("plan_time", SKIPPED.format(place=_place(zone), earliest=f"{error.earliest:%H:%M}"))
            return
        self._check_range(found.at, zone)
        self.moment = found

    def _check_range(self, at: datetime, zone: ZoneInfo) -> None:
        now = timezone.now()
        if at <= now:
            there = now.astimezone(zone)
            words = {"place": _place(zone), "now": f"{there:%H:%M}", "day": f"{there.day} {there:%B}"}
            self.add_error("plan_time", PASSED.format(**words))
        elif at > now + timedelta(days=MOST_DAYS):
            self.add_error("plan_date", TOO_FAR)

    def _forget_errors(self) -> None:
        for name in ("plan_date", "plan_time", "plan_zone", "plan_window"):
            self.errors.pop(name, None)

    @property
    def latest_at(self) -> datetime | None:
        window = self.cleaned_data.get("plan_window") or USUAL_WINDOW
        return self.moment.at + timedelta(minutes=window) if self.moment else None

    def wish(self) -> Wish:
        """What a valid form plans."""
        if self.moment is None or self.latest_at is None:
            raise ValueError("This form plans no call.")
        intent: dict[str, Any] = self.intent()  # type: ignore[attr-defined]  # of the form that this is a part of
        return Wish(
            **{name: value for name, value in intent.items() if name != "token"},
            line_by_rule=bool(self.cleaned_data.get("line_by_rule")),
            due_at=self.moment.at,
            latest_at=self.latest_at,
            zone=self.cleaned_data["plan_zone"],
        )

    @property
    def plan_button_label(self) -> str:
        """`Plan for Thu 26 Nov, 14:30`, as far as it is typed; with the place where its clock is not the client's."""
        day, clock = _day(self["plan_date"].value()), str(self["plan_time"].value() or "")[:5]
        zone = time_zones.read(str(self["plan_zone"].value() or "")) or self.tenant.zone
        place = f" ({time_zones.label(zone.key)})" if clock and zone.key != self.tenant.zone.key else ""
        when = ", ".join(filter(None, [f"{day:%a} {day.day} {day:%b}" if day else "", clock]))
        return f"Plan for {when}{place}" if when else "Plan this call"

    @property
    def planned_words(self) -> dict[str, str]:
        """When it is placed, in words; empty while the form does not say."""
        if not (self.is_bound and self.is_for_later and self.moment and self.latest_at):
            return {}
        zone = self.cleaned_data["plan_zone"]
        where = times.zone(zone)
        there, today = self.moment.at.astimezone(where), timezone.now().astimezone(where)
        twice = TWICE.format(place=_place(where), time=f"{there:%H:%M}") if self.moment.is_first_of_two else ""
        return {
            "day": times.day(there.date(), today.date()),
            "time": local_times.words(self.moment.at, zone),
            "latest": f"{self.latest_at.astimezone(where):%H:%M}",
            "here": local_times.on_clocks_of(self.tenant.zone, self.moment.at, where),
            "twice": twice,
        }


def _day(typed: Any) -> date | None:
    """The day in a field, as the form begins with it or as it is typed."""
    try:
        return typed if isinstance(typed, date) else date.fromisoformat(str(typed or ""))
    except ValueError:
        return None


def _place(zone: ZoneInfo) -> str:
    return time_zones.label(zone.key)
