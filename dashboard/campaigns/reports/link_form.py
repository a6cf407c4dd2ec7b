"""For how long a link to a report works. The form makes one link, however often it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from dashboard.campaigns.reports import links

TOO_OLD = "This form is too old. Reload the page and try again."
CHOICES = [(days, f"{days} day{'s' if days > 1 else ''}") for days in links.DAYS]


class LinkForm(forms.Form):
    """`until`: when the access of support ends under which the link would be made. It offers no choice beyond that."""

    token = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid4,
        error_messages={"required": TOO_OLD, "invalid": TOO_OLD},
    )
    days = forms.TypedChoiceField(
        coerce=int,
        label="The link works for",
        initial=7,
        choices=CHOICES,
    )

    def __init__(self, *args: Any, until: datetime | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        if until is not None and (shown := _up_to(until)):
            # All choices stay valid: a form of before may name a longer one, and its link ends with the access too.
            self.fields["days"].widget.choices = shown
            self.fields["days"].initial = shown[-1][0]


def _up_to(until: datetime) -> list[tuple[int, str]]:
    """The choices that end before, and the first beyond, which ends then; all where there is none beyond."""
    left = until - timezone.now()
    beyond = next((days for days in links.DAYS if timedelta(days=days) > left), None)
    if beyond is None:
        return []
    shown = [(days, label) for days, label in CHOICES if days < beyond]
    return [*shown, (beyond, f"Until your access ends, {timezone.localtime(until):%-d %b %H:%M}")]
