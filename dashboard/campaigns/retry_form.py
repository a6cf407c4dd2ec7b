"""The form that makes a new draft of people of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from dashboard.campaigns.drafts import retry
from dashboard.campaigns.drafts.retry import Chosen
from dashboard.campaigns.results import Group

SELECTED, MATCHING, UNREACHED, LEFT = "selected", "matching", "unreached", "left"
NOBODY = "Nobody was selected. Select people in the list, then press the button again."


class RetryForm(forms.Form):
    """`which`: the people who are selected, all to whom the list is narrowed, all who were not reached, or all
    who are left of a campaign that is over.
    """

    token = forms.UUIDField()
    which = forms.ChoiceField(
        choices=[(SELECTED, "Selected"), (MATCHING, "Matching"), (UNREACHED, "Not reached"), (LEFT, "Left")]
    )
    person = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        typed = [value for value in data.getlist("person") if value.isascii() and value.isdecimal() and len(value) < 19]
        self.fields["person"].choices = [(value, value) for value in typed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("which") == SELECTED and not facts.get("person") and not self.errors:
            self.add_error("person", NOBODY)
        return facts

    @property
    def refusal(self) -> str:
        """Why nothing was done, in a sentence."""
        return next((str(error) for field in ("person", "which", "token") for error in self.errors.get(field, [])), "")

    def chosen(self, asked: Mapping[str, str]) -> Chosen:
        """`asked` is to whom the list is narrowed."""
        which = self.cleaned_data["which"]
        if which == SELECTED:
            return Chosen(ids=tuple(self.cleaned_data["person"]))
        if which == UNREACHED:
            return Chosen(groups=retry.UNREACHED)
        if which == LEFT:
            return Chosen(groups=(Group.LEFT.value,))
        return Chosen(groups=(asked["show"],), status=asked["status"], text=asked["q"])
