"""What staff order of the sandbox: a fault, how calls go, a caller, a balance."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.practice import words
from dashboard.ui import phone_numbers
from tenants.models import Number


class FaultForm(forms.Form):
    fault = forms.ChoiceField(choices=words.FAULTS, label="What goes wrong")
    route = forms.ChoiceField(choices=words.ROUTES, label="Where", help_text="Webhooks are met whatever they tell.")
    organization = forms.ChoiceField(required=False, label="For whom")
    times = forms.ChoiceField(choices=words.TIMES, required=False, initial="1", label="How often")
    shape = forms.ChoiceField(
        choices=words.SHAPES, required=False, label="How a refusal is told", help_text="VoiceDock documents several."
    )
    seconds = forms.IntegerField(
        min_value=1,
        max_value=3600,
        required=False,
        label="Seconds",
        help_text="Of a late answer, of silence, or of a late webhook, if not as named.",
    )
    chance = forms.IntegerField(
        min_value=1, max_value=100, initial=100, label="Chance", help_text="In percent of the requests it could meet."
    )

    def __init__(self, *args: Any, organizations: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = {one["id"]: one["api_key"] for one in organizations if one["api_key"]}
        named = [(one["id"], one["name"]) for one in organizations if one["api_key"]]
        self.fields["organization"].choices = [("", "Every organization"), *named]  # type: ignore[attr-defined]

    def order(self) -> dict[str, Any]:
        """As `POST /_sandbox/faults` takes it."""
        said = self.cleaned_data
        order: dict[str, Any] = {"fault": said["fault"], "times": int(said["times"]) if said["times"] else None}
        if not said["fault"].startswith("webhook_"):
            order |= {"route": said["route"], "key": self.keys.get(said["organization"], "")}
        if said["fault"].isdecimal() and said["shape"]:
            order["shape"] = said["shape"]
        if said["fault"] in words.TAKE_SECONDS and said["seconds"]:
            order["seconds"] = said["seconds"]
        if said["chance"] < 100:
            order["chance"] = said["chance"] / 100
        return order


class ScenarioForm(forms.Form):
    scenario = forms.ChoiceField(label="What shall happen")

    def __init__(self, *args: Any, scenarios: list[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scenario"].choices = [(one["file"], one["name"]) for one in scenarios]  # type: ignore[attr-defined]


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(choices=words.OUTCOMES, required=False, label="How calls from now on go")


class RingForm(forms.Form):
    """Somebody calls one of our numbers."""

    number = forms.ChoiceField(label="Which number is called")
    outcome = forms.ChoiceField(choices=words.OUTCOMES, required=False, label="And then")

    def __init__(self, *args: Any, lines: list[Number], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].choices = [  # type: ignore[attr-defined]
            (
                line.e164,
                f"{phone_numbers.grouped(line.e164)}, {line.name}" if line.name else phone_numbers.grouped(line.e164),
            )
            for line in lines
        ]


class BalanceForm(forms.Form):
    organization = forms.CharField(max_length=80)
    minutes = forms.FloatField(min_value=0, max_value=1_000_000, label="Minutes left")


class ClockForm(forms.Form):
    """One of both: `speed` in world seconds per second, `advance` in seconds."""

    speed = forms.FloatField(min_value=0, max_value=1000, required=False)
    advance = forms.FloatField(min_value=0, max_value=7 * 86_400, required=False)

    def order(self) -> dict[str, float]:
        return {name: value for name, value in self.cleaned_data.items() if value is not None}
