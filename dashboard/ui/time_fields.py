"""A field for a time of the day in hours and minutes."""

from __future__ import annotations

from typing import Any

from django import forms

NOT_A_TIME = "Write hours and minutes, like 9:00."


class ClockField(forms.TimeField):
    """Hours and minutes. A time with seconds is refused, since nothing shows or keeps them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput({"type": "time"}, format="%H:%M"))
        kwargs.setdefault("error_messages", {"invalid": NOT_A_TIME})
        super().__init__(input_formats=["%H:%M", "%H:%M:00"], **kwargs)
