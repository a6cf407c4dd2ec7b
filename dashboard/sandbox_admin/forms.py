"""Forms of the sandbox's page: faults, scenarios, outcomes, inbound calls, balances, the clock."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.sandbox_admin import labels
from dashboard.ui.phone_numbers import grouped
from tenants.models import Number


class FaultForm(forms.Form):
    fault = forms.ChoiceField(choices=labels.FAULTS, label="Fault")
    route = forms.ChoiceField(
        choices=labels.ROUTES, label="Where", help_text="Faults of webhooks apply to every webhook."
    )
    organization = forms.ChoiceField(required=False, label="Organization")
    times = forms.ChoiceField(choices=labels.TIMES, required=False, initial="1", label="How often")
    shape = forms.ChoiceField(
        choices=labels.SHAPES, required=False, label="Format of a refusal", help_text="VoiceDock documents several."
    )
    seconds = forms.IntegerField(
        min_value=1,
        max_value=3600,
        required=False,
        label="Seconds",
        help_text="For a late answer, no answer or a late webhook. Empty: as named in the fault.",
    )
    chance = forms.IntegerField(
        min_value=1, max_value=100, initial=100, label="Chance", help_text="Percent of the requests that it applies to."
    )

    def __init__(self, *args: Any, organizations: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_key = [organization for organization in organizations if organization["api_key"]]
        self.keys = {organization["id"]: organization["api_key"] for organization in with_key}
        choices = [(organization["id"], organization["name"]) for organization in with_key]
        self.fields["organization"].choices = [("", "Every organization"), *choices]  # type: ignore[attr-defined]

    def body(self) -> dict[str, Any]:
        """The body of `POST /_sandbox/faults`."""
        data = self.cleaned_data
        body: dict[str, Any] = {"fault": data["fault"], "times": int(data["times"]) if data["times"] else None}
        if not data["fault"].startswith("webhook_"):
            body |= {"route": data["route"], "key": self.keys.get(data["organization"], "")}
        if data["fault"].isdecimal() and data["shape"]:
            body["shape"] = data["shape"]
        if data["fault"] in labels.WITH_SECONDS and data["seconds"]:
            body["seconds"] = data["seconds"]
        if data["chance"] < 100:
            body["chance"] = data["chance"] / 100
        return body


class ScenarioForm(forms.Form):
    scenario = forms.ChoiceField(label="Scenario")

    def __init__(self, *args: Any, scenarios: list[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scenario"].choices = [(scenario["file"], scenario["name"]) for scenario in scenarios]  # type: ignore[attr-defined]


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(choices=labels.OUTCOMES, required=False, label="Result of new calls")


class InboundCallForm(forms.Form):
    """An inbound call to one of our numbers."""

    number = forms.ChoiceField(label="Number called")
    outcome = forms.ChoiceField(choices=labels.OUTCOMES, required=False, label="Result")

    def __init__(self, *args: Any, numbers: list[Number], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].choices = [  # type: ignore[attr-defined]
            (number.e164, f"{grouped(number.e164)}, {number.name}" if number.name else grouped(number.e164))
            for number in numbers
        ]


class BalanceForm(forms.Form):
    organization = forms.CharField(max_length=80)
    minutes = forms.FloatField(min_value=0, max_value=1_000_000, label="Minutes left")


class ClockForm(forms.Form):
    """Either `speed` in sandbox seconds per second, or `advance` in seconds."""

    speed = forms.FloatField(min_value=0, max_value=1000, required=False)
    advance = forms.FloatField(min_value=0, max_value=7 * 86_400, required=False)

    def body(self) -> dict[str, float]:
        return {name: value for name, value in self.cleaned_data.items() if value is not None}
