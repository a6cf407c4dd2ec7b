"""The lines of a client as a form that places a call offers them."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.models import NumberDedication, Tenant

SHOWN = "The person sees this number."


@dataclass(frozen=True)
class LineRow:
    """One line to call from; `ended` where it was released, so that somebody may assign it again."""

    pk: int
    name: str
    e164: str
    open: bool
    ended: bool
    words: str
    checked: bool


def of(tenant: Tenant, dedication: NumberDedication, chosen: str) -> LineRow:
    """`chosen` is the key of the line that the form has."""
    return LineRow(
        pk=dedication.pk,
        name=dedication.line_name or "Line",
        e164=dedication.e164,
        open=dedication.is_open,
        ended=not dedication.is_open and bool(dedication.period.upper),
        words=_words(tenant, dedication),
        checked=str(dedication.pk) == chosen and dedication.is_open,
    )


def _words(tenant: Tenant, dedication: NumberDedication) -> str:
    if dedication.is_open:
        return f"The usual line for calls out. {SHOWN}" if dedication.pk == tenant.default_number_id else SHOWN
    word, moment = ("until", dedication.period.upper) if dedication.period.upper else ("from", dedication.period.lower)
    day = moment.astimezone(tenant.zone)
    return f"Yours {word} {day.day} {day:%B %Y}."
