"""What people search for: no more than a hundred characters of it, and the page says when it was cut."""

from __future__ import annotations

from typing import Any

from django import forms

LONGEST = 100


class SearchField(forms.CharField):
    """Cuts instead of refusing; `components/_search_shortened.html` says so."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(cut(value)) or "")

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The field shows what was searched for."""
        return cut(super().bound_data(data, initial))


def cut(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value
