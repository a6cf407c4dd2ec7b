"""Form fields for names that people type and for time zones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants import names, time_zones
from tenants.models import User


class NameField(forms.CharField):
    """A name: cleaned, and refused where it could pass for somebody else's.

    `reserved` returns the names that this one may not look like; `max_length` is counted after cleaning.
    """

    def __init__(self, *, max_length: int = 120, reserved: Callable[[], Iterable[str]] = tuple, **kwargs: Any) -> None:
        self.reserved = reserved
        super().__init__(max_length=max_length, **kwargs)
        self.widget.attrs.pop("maxlength", None)  # a pasted name is cleaned before its length is checked

    def to_python(self, value: Any) -> str:
        return names.clean(super().to_python(value))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and (message := names.problem(value, self.reserved())):
            raise ValidationError(message)


def names_of_reseller() -> list[str]:
    """Names that no client may have."""
    return [settings.RESELLER_NAME, "Patchbay", "VoiceDock"]


def names_of_staff() -> list[str]:
    """Names that nobody of a client may have: the reseller's, and those of its staff."""
    return [*names_of_reseller(), *User.objects.filter(staff__isnull=False).values_list("name", flat=True)]


class ZoneField(forms.CharField):
    """Takes any name that `tenants.time_zones` reads; its cleaned value is the exact name in the IANA database."""

    NOT_KNOWN = "Choose a time zone from the list, such as Europe/Amsterdam."

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": "zones", "autocomplete": "off"})
        super().__init__(max_length=time_zones.LONGEST, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if (zone := time_zones.read(text)) is None:
            raise ValidationError(self.NOT_KNOWN)
        return zone.key
