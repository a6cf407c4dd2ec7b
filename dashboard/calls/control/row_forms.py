"""A row of a list that is edited as one form."""

from __future__ import annotations

from typing import ClassVar

from django import forms


class RowForm(forms.Form):
    """`needed` are the fields without which a stored row says nothing: emptied of them, it goes."""

    needed: ClassVar[tuple[str, ...]] = ()

    @property
    def is_blank(self) -> bool:
        """A new row counts as typed with anything, so that nothing is dropped silently."""
        names = self.needed if self.initial else self.fields
        return not any(self._typed(name) for name in names)

    def _typed(self, name: str) -> bool:
        field = self[name]
        value = field.field.widget.value_from_datadict(self.data, self.files, field.html_name)
        return bool(value.strip() if isinstance(value, str) else value)
