"""The contact rules of a client as values, each with the fields that change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.contact_rules import contact_settings, country_presets
from dashboard.contact_rules.country_hours import CountryHours
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.settings_form import ContactSettingsForm
from dashboard.ui import phone_numbers

RULES_TITLE, PAUSES_TITLE = "When people may be called", "When campaigns pause by themselves"
RULES_WORDS = (
    "Hours count on the clock of the person who is called. Where the number leaves several time zones open, only hours "
    "that are inside in all of them count. The client’s own hours are a choice of the account team, not of a law."
)
BY_STAFF = "Your account team changes these"


class Row(NamedTuple):
    """`key` is in the address of its form; `fields` are those of `ContactSettingsForm`."""

    key: str
    label: str
    fields: tuple[str, ...]
    words: Callable[[ContactSettings], str]


@dataclass(frozen=True)
class ShownRow:
    """One value; `form` is None for a reader who may not change it."""

    key: str
    label: str
    value: str
    form: ContactSettingsForm | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        return bool(self.form is not None and self.form.errors)


class CountryRow(NamedTuple):
    """Calling hours that a country prescribes; `attempts` is empty where it has no rule about them."""

    country: str
    code: str
    hours: str
    attempts: str
    source: str
    read_on: str
    by_staff: bool


def _who(calls: bool, campaigns: bool) -> str:
    both = {
        (True, True): "single and planned calls, and campaigns that are made here",
        (True, False): "single and planned calls",
        (False, True): "campaigns that are made here",
    }
    return both.get((calls, campaigns), "nobody")


def _hours_words(settings: ContactSettings) -> str:
    return f"Kept by {_who(settings.calls_keep_hours, settings.campaigns_keep_hours)}"


def _attempts_words(settings: ContactSettings) -> str:
    who = _who(settings.calls_keep_attempts, settings.campaigns_keep_attempts)
    return f"{settings.most_attempts:,} in {settings.attempt_days:,} days, kept by {who}"


def _failures_words(settings: ContactSettings) -> str:
    return f"Once {settings.most_failed} % or more of its last {settings.failed_of_last:,} calls failed"


def _credit_words(settings: ContactSettings) -> str:
    if not settings.low_credit:
        return "Once no credit is left"
    return f"Below {settings.low_credit:,} minutes; one that is started below that, once none is left"


ROWS = (
    Row("keeping", "Calling hours", ("calls_keep_hours", "campaigns_keep_hours"), _hours_words),
    Row(
        "hours",
        "Hours of this client’s calls",
        ("opens", "closes", "weekdays", "skips_holidays"),
        lambda settings: contact_settings.own_hours(settings).words(),
    ),
    Row(
        "countries",
        "Countries with hours of their own",
        ("uses_country_hours",),
        lambda settings: "Are used for people there" if settings.uses_country_hours else "Are not used",
    ),
    Row(
        "attempts",
        "Calls to one person",
        ("most_attempts", "attempt_days", "calls_keep_attempts", "campaigns_keep_attempts"),
        _attempts_words,
    ),
    Row(
        "gap",
        "Between two campaigns",
        ("gap_days",),
        lambda settings: f"{settings.gap_days:,} days" if settings.gap_days else "No days",
    ),
    Row(
        "consent",
        "Consent in the file",
        ("needs_consent",),
        lambda settings: "Needed" if settings.needs_consent else "Not needed",
    ),
)
PAUSES = (
    Row("failures", "When calls fail", ("most_failed", "failed_of_last"), _failures_words),
    Row("credit", "When credit runs out", ("low_credit",), _credit_words),
)
BY_KEY = {row.key: row for row in (*ROWS, *PAUSES)}


def of(
    settings: ContactSettings, rows: Sequence[Row], *, may_edit: bool = False, sent: ContactSettingsForm | None = None
) -> list[ShownRow]:
    """`sent` is a form that was refused, and is shown as it was typed."""
    return [_shown(row, settings, sent) if may_edit else _plain(row, settings) for row in rows]


def countries(presets: Mapping[str, CountryHours]) -> list[CountryRow]:
    """By name."""
    return sorted(
        CountryRow(
            phone_numbers.country(code),
            code,
            one.hours.words(),
            country_presets.attempts_words(one),
            one.source,
            country_presets.day_words(one.read_on),
            one.by_staff,
        )
        for code, one in presets.items()
    )


def _shown(row: Row, settings: ContactSettings, sent: ContactSettingsForm | None) -> ShownRow:
    is_sent = sent is not None and set(sent.fields) == set(row.fields)
    form = sent if is_sent else ContactSettingsForm(instance=settings, only=row.fields)
    return ShownRow(row.key, row.label, row.words(settings), form)


def _plain(row: Row, settings: ContactSettings) -> ShownRow:
    return ShownRow(row.key, row.label, row.words(settings))
