"""Calling hours that countries prescribe for calls that sell, each with the text that says so.

A country is listed only where its text is known and names hours for the whole country; parts of it may have stricter
ones. Whether a rule applies to a client's calls is for the client to know: staff can switch these hours off for it, and
put others in their place for all clients (`country_presets.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from dashboard.contact_rules.hours import Hours, Spans

READ_ON = date(2026, 11, 26)


@dataclass(frozen=True)
class CountryHours:
    """`source` is where the hours are written, `read_on` when they were read there last.

    At most `most_attempts` calls to one person in `attempt_days`, where the country has such a rule. `changed_at`: when
    staff put them in the place of ours; None for ours.
    """

    hours: Hours
    source: str
    read_on: date = READ_ON
    most_attempts: int | None = None
    attempt_days: int | None = None
    changed_at: datetime | None = None

    @property
    def by_staff(self) -> bool:
        return self.changed_at is not None


def _from(start: int, end: int, minutes: int = 0) -> Spans:
    return ((time(start), time(end, minutes)),)


COUNTRY_HOURS = {
    "AU": CountryHours(
        Hours((*[_from(9, 20)] * 5, _from(9, 17), ())),
        "Telecommunications (Telemarketing and Research Calls) Industry Standard 2017",
    ),
    "CA": CountryHours(
        Hours((*[_from(9, 21, 30)] * 5, *[_from(10, 18)] * 2), holidays=_from(10, 18)),
        "CRTC Unsolicited Telecommunications Rules, Part III",
    ),
    "ES": CountryHours(
        Hours((*[_from(9, 21)] * 5, (), ())),
        "Ley General para la Defensa de los Consumidores y Usuarios, art. 96.2",
    ),
    "FR": CountryHours(
        Hours((*[_from(10, 13) + _from(14, 20)] * 5, (), ())),
        "Code de la consommation, art. D. 223-9",
    ),
    "US": CountryHours(
        Hours((_from(8, 21),) * 7, holidays=None),
        "47 CFR 64.1200(c)(1) and 16 CFR 310.4(c)",
    ),
}
