"""The form field for every name that people type: cleaned, and refused where it could pass for somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants import names
from tenants.models import User


def names_of_reseller() -> list[str]:
    """What no client may call itself."""
    return [settings.RESELLER_NAME, "Patchbay", "VoiceDock"]


def names_of_staff() -> list[str]:
    """What nobody of a client may be called: the reseller and its people."""
    return [*names_of_reseller(), *User.objects.filter(staff__isnull=False).values_list("name", flat=True)]


class NameField(forms.CharField):
    """`reserved` returns the names that this one may not look like; `max_length` is counted after cleaning."""

    def __init__(self, *, max_length: int = 120, reserved: Callable[[], Iterable[str]] = tuple, **kwargs: Any) -> None:
        self.reserved = reserved
        super().__init__(max_length=max_length, **kwargs)
        self.widget.attrs.pop("maxlength", None)  # a pasted name is cleaned first, then measured, then answered

    def to_python(self, value: Any) -> str:
        return names.clean(super().to_python(value))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and (words := names.problem(value, self.reserved())):
            raise ValidationError(words)
