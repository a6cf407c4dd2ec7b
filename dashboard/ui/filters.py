"""A list's filters as chips: what is set stands in the address, and each can be taken off by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms import BoundField, CharField, Form, ModelChoiceField
from django.http import HttpRequest

PAGE_KEYS = ("before", "after", "page")


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the address without it."""

    words: str
    url: str


@dataclass(frozen=True)
class Day:
    """A day to narrow a list to with one press; `is_current` where the list is of that day alone."""

    words: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Suggestion:
    """A filter to set with one press, how many rows it leaves, and the address with it."""

    words: str
    count: int | None
    url: str


@dataclass(frozen=True)
class Bar:
    """What `components/_filters.html` draws. `form` is bound to the query; its field `search` is always shown."""

    label: str
    chips: list[Chip]
    clear_url: str
    search: BoundField | None
    more: list[BoundField]
    kept: list[tuple[str, str]]
    has_errors: bool
    suggestions: tuple[Suggestion, ...] = ()
    suggested_within: str = ""  # the period that the figures of the suggestions count
    days: tuple[Day, ...] = ()  # the address of each sets both ends of the period


def bar(request: HttpRequest, form: Form, *, label: str, search: str = "q", search_chip: bool = False) -> Bar:
    """Read the bar from a form bound to `request.GET`; fields left empty or wrong make no chip.

    `search_chip` makes one of what is searched for, too.
    """
    form.is_valid()
    shown = [field for field in form if field.name != search and not field.is_hidden]
    set_now = [field for field in shown if form.cleaned_data.get(field.name) not in (None, "", [], False)]
    return Bar(
        label=label,
        chips=_search_chip(request, form, search) * search_chip
        + [Chip(_words(field, form.cleaned_data[field.name]), _without(request, field.html_name)) for field in set_now],
        clear_url=request.path if set_now or form.cleaned_data.get(search) else "",
        search=form[search] if search in form.fields else None,
        more=shown,
        kept=[(field.html_name, str(field.value())) for field in form if field.is_hidden and field.value()],
        has_errors=bool(form.errors),
    )


def _search_chip(request: HttpRequest, form: Form, search: str) -> list[Chip]:
    text = form.cleaned_data.get(search)
    return [Chip(f"“{text}”", _without(request, search))] if text else []


def _words(bound: BoundField, value: Any) -> str:
    field = bound.field
    if value is True:
        return str(bound.label)
    if isinstance(field, ModelChoiceField):
        return field.label_from_instance(value)
    if choices := dict(getattr(field, "choices", ())):
        values = value if isinstance(value, list) else [value]
        return ", ".join(str(choices.get(value, value)) for value in values)
    return str(value) if isinstance(field, CharField) else f"{bound.label} {_plain(value)}"


def _plain(value: Any) -> str:
    return f"{value.day} {value:%b %Y}" if hasattr(value, "strftime") else str(value)


def _without(request: HttpRequest, name: str) -> str:
    return changed(request, **{name: ""})


def changed(request: HttpRequest, **values: str) -> str:
    """The address of the first page with these values; an empty one is left out."""
    query = request.GET.copy()
    for key in (*values, *PAGE_KEYS):
        query.pop(key, None)
    query.update({name: value for name, value in values.items() if value})
    return f"{request.path}?{query.urlencode()}" if query else request.path
