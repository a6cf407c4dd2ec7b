"""The sections of a draft's page, each a form of its own: an error in one does not keep another from being saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.calls.placing.spoken_text import BRACES_IN_VALUE, clean, has_braces, one_line
from dashboard.campaigns import calling_days
from dashboard.campaigns.drafts import book, holiday_choices, readiness
from dashboard.campaigns.drafts.template_check import VariableUse
from dashboard.campaigns.models import CampaignDraft
from dashboard.ui import date_fields
from dashboard.ui.time_fields import ClockField
from tenants.form_fields import NameField, ZoneField
from tenants.models import AssistantDedication
from tenants.shown_values import ShownValues

LONGEST_TEMPLATE, LONGEST_INSTEAD = 20_000, 200
NOT_YOURS = "This one is not assigned to you. Choose one of the list."
NO_ORDER = (
    "Choose an end that is later on the same day. What VoiceDock does with hours over midnight is not known, so they "
    "are not sent."
)
NO_WEEKDAY = "Choose one day of the week at least."
NO_COUNTRY = "Choose whose public holidays are left out."
DAYS_REVERSED = "The last day is before the first."
DAY_OVER = "This day is over. Choose a later one, or none."
HAND, ITSELF = "hand", "itself"
INSTEAD = "instead_"


class SectionForm(ShownValues, forms.Form):
    """`stored()` is what `book.change` takes, of a valid form."""

    def stored(self) -> dict[str, Any]:
        return self.cleaned_data


class BasicsForm(SectionForm):
    """`assistant` is the id of one of the client's own open dedications. Both may be empty in a draft."""

    name = NameField(
        max_length=book.LONGEST_NAME,
        required=False,
        label="Name",
        help_text="For you: the people who are called do not hear it.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    assistant = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        label="Assistant",
        help_text="It cannot be changed once the campaign is sent.",
        error_messages={"invalid_choice": NOT_YOURS},
    )

    def __init__(
        self, data: QueryDict | None, *, draft: CampaignDraft, assistants: Sequence[AssistantDedication]
    ) -> None:
        now = draft.assistant_dedication
        chosen = next((one.pk for one in assistants if now and one.assistant_id == now.assistant_id), "")
        super().__init__(data, prefix="basics", initial={"name": draft.name, "assistant": chosen})
        speakers = [(one.pk, str(one.assistant)) for one in assistants]
        self.fields["assistant"].choices = [("", "Choose"), *speakers]  # type: ignore[attr-defined]

    def stored(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["name"], "assistant_dedication_id": self.cleaned_data["assistant"]}


class WhenForm(SectionForm):
    """Hours on the wall clock of a zone, the days, and who starts it."""

    starts = ClockField(required=False, label="From")
    ends = ClockField(required=False, label="Until")
    timezone = ZoneField(label="Time zone")
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        label="On",
        choices=[(day, name[:3]) for day, name in enumerate(calling_days.NAMES)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": NO_WEEKDAY},
    )
    first_day = date_fields.DayField(required=False, label="First day", widget=date_fields.day_input())
    last_day = date_fields.DayField(required=False, label="Last day", widget=date_fields.day_input())
    skips_holidays = forms.BooleanField(required=False, label="Not on public holidays")
    holiday_country = forms.ChoiceField(required=False, label="Public holidays of", choices=holiday_choices.choices)
    start = forms.ChoiceField(
        label="It begins to call",
        choices=[(HAND, "When somebody starts it"), (ITSELF, "By itself, once all its people are sent")],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: QueryDict | None, *, draft: CampaignDraft) -> None:
        names = ("starts", "ends", "timezone", "weekdays", "first_day", "last_day", "skips_holidays", "holiday_country")
        first = {name: getattr(draft, name) for name in names}
        first |= {name: first[name] and f"{first[name]:%H:%M}" for name in ("starts", "ends")}
        first["start"] = ITSELF if draft.starts_itself else HAND
        self.last_day_before = draft.last_day
        super().__init__(data, prefix="when", initial=first)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        starts, ends = facts.get("starts"), facts.get("ends")
        if starts and ends and starts >= ends:
            self.add_error("ends", NO_ORDER)
        first, last = facts.get("first_day"), facts.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", DAYS_REVERSED)
        elif last and last != self.last_day_before and last < readiness.today(facts.get("timezone", "")):
            self.add_error("last_day", DAY_OVER)
        if facts.get("skips_holidays") and not facts.get("holiday_country") and "holiday_country" not in self.errors:
            self.add_error("holiday_country", NO_COUNTRY)
        return facts

    def stored(self) -> dict[str, Any]:
        facts = {name: value for name, value in self.cleaned_data.items() if name != "start"}
        return facts | {"starts_itself": self.cleaned_data["start"] == ITSELF, "weekdays": sorted(facts["weekdays"])}


class SaysForm(SectionForm):
    """The instructions, and for each variable that is empty for somebody what they get instead."""

    template = forms.CharField(
        required=False,
        max_length=LONGEST_TEMPLATE,
        label="Instructions for this campaign",
        help_text="Write {{name}} where a value of the file is filled in.",
        widget=forms.Textarea({"rows": 7, "spellcheck": "true"}),
    )

    def __init__(self, data: QueryDict | None, *, draft: CampaignDraft, uses: Sequence[VariableUse]) -> None:
        first: dict[str, Any] = {"template": draft.template}
        self.draft = draft
        self.asked = [use for use in uses if use.empty or use.is_unknown or use.instead]
        super().__init__(data, prefix="says", initial=first)
        for use in self.asked:
            self.fields[INSTEAD + use.name] = forms.CharField(
                required=False, max_length=LONGEST_INSTEAD, label=f"Say instead of {use.name}"
            )
            self.initial[INSTEAD + use.name] = use.instead

    def instead_fields(self) -> list[tuple[VariableUse, forms.BoundField]]:
        return [(use, self[INSTEAD + use.name]) for use in self.asked]

    def clean_template(self) -> str:
        return clean(self.cleaned_data["template"])

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        for name in [name for name in facts if name.startswith(INSTEAD)]:
            facts[name] = one_line(facts[name])
            if has_braces(facts[name]):
                self.add_error(name, BRACES_IN_VALUE)
        return facts

    def stored(self) -> dict[str, Any]:
        typed = {use.name: self.cleaned_data.get(INSTEAD + use.name, "") for use in self.asked}
        instead = {name: text for name, text in (self.draft.instead | typed).items() if text}
        return {"template": self.cleaned_data["template"], "instead": instead}


def is_sent(data: QueryDict, prefix: str) -> bool:
    """Whether a request holds this section."""
    return any(name.startswith(f"{prefix}-") for name in data)
