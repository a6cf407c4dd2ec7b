"""The form field for a time zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants import time_zones


class ZoneField(forms.CharField):
    """Any name that `tenants.time_zones` reads; its exact name afterwards."""

    NOT_KNOWN = "Choose a time zone from the list, such as Europe/Amsterdam."

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": "zones", "autocomplete": "off"})
        super().__init__(max_length=time_zones.LONGEST, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if (zone := time_zones.read(text)) is None:
            raise ValidationError(self.NOT_KNOWN)
        return zone.key
