"""Which columns of the live board a person sees; kept in a cookie of their browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

COLUMNS = {"route": "Assistant and line", "last": "Last sentence or command", "viewers": "Who has it open"}
PARAMETER = "column"
MARKER = "columns"  # in the address: the form of the columns was sent
KEPT = 365 * 24 * 60 * 60  # seconds


@dataclass(frozen=True)
class Column:
    name: str
    label: str
    is_shown: bool


def shown(request: HttpRequest) -> list[str]:
    """Those that are asked for, else those of the last time, else all."""
    if MARKER in request.GET:
        return _known(request.GET.getlist(PARAMETER))
    kept = request.COOKIES.get(_cookie(request))
    return list(COLUMNS) if kept is None else _known(kept.split("."))


def choices(names: Sequence[str]) -> list[Column]:
    return [Column(name, label, name in names) for name, label in COLUMNS.items()]


def css_classes(names: Sequence[str], *, may_end: bool) -> str:
    """Of the board: which of its grid's columns are not there."""
    missing = [f"board--without-{name}" for name in COLUMNS if name not in names]
    return " ".join(["board", *missing, *(["board--selectable"] if may_end else [])])


def keep(request: HttpRequest, response: HttpResponse, names: Sequence[str]) -> None:
    """Of this person: others may use the same browser."""
    if MARKER in request.GET:
        response.set_cookie(
            _cookie(request), ".".join(names), max_age=KEPT, secure=request.is_secure(), httponly=True, samesite="Lax"
        )


def _known(names: Sequence[str]) -> list[str]:
    return [name for name in COLUMNS if name in names]


def _cookie(request: HttpRequest) -> str:
    return f"live-columns-{request.user.pk}"
