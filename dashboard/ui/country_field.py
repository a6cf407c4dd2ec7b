"""The country in which a client's numbers are read, in a form."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.ui import phone_numbers

NOT_READ = "Are not read"


class CountryField(forms.ChoiceField):
    """An ISO code, or "" when numbers without a country code are not read."""

    def __init__(self, **kwargs: Any) -> None:
        facts: dict[str, Any] = {
            "required": False,
            "label": "Numbers without a country code",
            "help_text": "Read as they are written in this country.",
            "choices": lambda: [("", NOT_READ), *phone_numbers.countries().items()],
        }
        super().__init__(**facts | kwargs)
