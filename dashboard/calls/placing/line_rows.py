"""The lines of a client as a form that places a call offers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms

from dashboard.calls.placing import line_choice
from dashboard.calls.placing.line_choice import LineChoice
from tenants.models import NumberDedication, Tenant

USUAL = "The usual line for calls out."


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


def reason(form: forms.Form, choose: Callable[[str], LineChoice], e164: str) -> str:
    """Why the line of this form is chosen, shown in its row; `choose` is the rule for the number that is called."""
    chosen = str(form["number"].value() or "")
    if not form["line_by_rule"].value():
        return (line_choice.CHOSEN if form.is_bound else line_choice.NAMED) if chosen else ""
    choice = choose(e164)
    return choice.reason if choice.line and str(choice.line.pk) == chosen else line_choice.CHOSEN


def _words(tenant: Tenant, dedication: NumberDedication) -> str:
    if dedication.is_open:
        return USUAL if dedication.pk == tenant.default_number_id else ""
    word, moment = ("until", dedication.period.upper) if dedication.period.upper else ("from", dedication.period.lower)
    day = moment.astimezone(tenant.zone)
    return f"Yours {word} {day.day} {day:%B %Y}."
