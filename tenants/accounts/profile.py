"""What users change about themselves: their name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from tenants import audit
from tenants.form_fields import NameField, names_of_reseller, names_of_staff
from tenants.isolation import scope
from tenants.models import User
from tenants.shown_values import ShownValues


class ProfileForm(ShownValues, forms.Form):
    """A name that others see beside what this user does; nobody takes the name of the reseller or of its staff."""

    name = NameField(label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"name": user.name}})
        self.user = user
        self.fields["name"].reserved = self._reserved  # type: ignore[attr-defined]

    def _reserved(self) -> Iterable[str]:
        return names_of_reseller() if hasattr(self.user, "staff") else names_of_staff()


@scope.opens_scope
def rename(user: User, name: str) -> bool:
    """Save the name if it is another one; returns whether it is."""
    before = user.name
    if before == name:
        return False
    user.name = name
    with scope.for_system("a user changed their name"):
        user.save(update_fields=["name"])
        audit.record(user, None, "person.renamed", f"user:{user.pk}", before=before, name=name)
    return True
