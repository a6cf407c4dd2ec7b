"""The countries whose public holidays are known, for a campaign that does not call on them."""

from __future__ import annotations

from functools import cache

import holidays

from dashboard.ui import phone_numbers

NO_COUNTRY = "No country"


@cache
def known() -> dict[str, str]:
    """Names by ISO code."""
    found = holidays.list_supported_countries(include_aliases=False)
    return {code: name for code, name in phone_numbers.countries().items() if code in found}


def choices() -> list[tuple[str, str]]:
    return [("", NO_COUNTRY), *known().items()]
