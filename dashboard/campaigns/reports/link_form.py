"""For how long a link to a report works. The form makes one link, however often it is sent."""

from __future__ import annotations

from uuid import uuid4

from django import forms

from dashboard.campaigns.reports import links

TOO_OLD = "This form is too old. Reload the page and try again."


class LinkForm(forms.Form):
    token = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid4,
        error_messages={"required": TOO_OLD, "invalid": TOO_OLD},
    )
    days = forms.TypedChoiceField(
        coerce=int,
        label="The link works for",
        initial=7,
        choices=[(days, f"{days} day{'s' if days > 1 else ''}") for days in links.DAYS],
    )
