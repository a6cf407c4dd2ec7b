"""What the calls of a client are held to, as fields; each row of the page sends those of one rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from dashboard.contact_rules.hours import DAYS
from dashboard.contact_rules.models import ContactSettings
from tenants.shown_values import ShownValues

WRONG_ORDER = "Calling hours end later on the same day than they begin."


class ContactSettingsForm(ShownValues, forms.ModelForm):
    """`only` are the fields that were sent, or are shown; the others stay as they are."""

    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        choices=[(day, name[:3]) for day, name in enumerate(DAYS)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )

    class Meta:
        model = ContactSettings
        fields = (
            "calls_keep_hours",
            "campaigns_keep_hours",
            "uses_country_hours",
            "opens",
            "closes",
            "weekdays",
            "skips_holidays",
            "calls_keep_attempts",
            "campaigns_keep_attempts",
            "most_attempts",
            "attempt_days",
            "gap_days",
            "needs_consent",
            "most_failed",
            "failed_of_last",
            "low_credit",
        )
        labels = {
            "calls_keep_hours": "Single and planned calls keep calling hours",
            "campaigns_keep_hours": "Campaigns keep calling hours",
            "uses_country_hours": "Use the hours and attempts of the person’s country where they are known",
            "opens": "From",
            "closes": "Until",
            "skips_holidays": "Not on public holidays of the person’s country",
            "calls_keep_attempts": "Count for single and planned calls",
            "campaigns_keep_attempts": "Count for campaigns",
            "most_attempts": "Calls to one person, at most",
            "attempt_days": "In how many days",
            "gap_days": "Days between two campaigns that call the same person",
            "needs_consent": "Nobody is sent to a campaign whose consent is not in the file",
            "most_failed": "Percent of its last calls that failed",
            "failed_of_last": "Of how many calls",
            "low_credit": "Minutes of credit, below which it pauses",
        }
        help_texts = dict.fromkeys(fields, "") | {
            "gap_days": "0 for none.",
            "failed_of_last": "As long as it has made fewer, no share of them pauses it.",
            "low_credit": "0: once none is left.",
        }
        widgets = {name: forms.TimeInput(format="%H:%M", attrs={"type": "time"}) for name in ("opens", "closes")}

    def __init__(self, *args: Any, only: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(only):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        opens, closes = facts.get("opens"), facts.get("closes")
        if opens and closes and opens >= closes:
            self.add_error("closes", WRONG_ORDER)
        return facts
