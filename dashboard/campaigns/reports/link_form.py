"""For how long a link to a report works."""

from __future__ import annotations

from django import forms

from dashboard.campaigns.reports import links


class LinkForm(forms.Form):
    days = forms.TypedChoiceField(
        coerce=int,
        label="The link works for",
        initial=7,
        choices=[(days, f"{days} day{'s' if days > 1 else ''}") for days in links.DAYS],
    )
