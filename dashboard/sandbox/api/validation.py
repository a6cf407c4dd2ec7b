"""Checks that several operations share; each refuses with a 400 that names the field.

The sandbox's own choice: which fields may be empty; undocumented fields are ignored (an option refuses them).
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ..errors import invalid, missing, not_found
from .context import Context

E164 = re.compile(r"\+[1-9][0-9]{5,14}")
FUNCTION_NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}")
MAX_LENGTH = 100_000  # characters of a text, entries of a list


def known(ctx: Context, body: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The documented fields of a body; others are ignored, or refused by an option (§15)."""
    if ctx.state.options.unknown_fields == "400":
        for name in body:
            if name not in names:
                raise invalid(name, "is not a known field")
    return {name: body[name] for name in names if name in body}


def required(body: dict[str, Any], names: Iterable[str], *, changing: bool = False) -> None:
    """Checks that the fields are given; when `changing`, they may be left out but not cleared."""
    for name in names:
        if body.get(name) is not None:
            continue
        if name in body and changing:
            raise invalid(name, "cannot be null")
        if not changing:
            raise missing(name)


def text(
    body: dict[str, Any],
    name: str,
    *,
    required: bool = False,
    empty: bool = True,
    max_length: int = MAX_LENGTH,
    where: str = "",
) -> str | None:
    value, field = body.get(name), where + name
    if value is None:
        if required:
            raise missing(field)
        return None
    if not isinstance(value, str):
        raise invalid(field, "must be a string")
    if not value.strip() and (required or not empty):
        raise invalid(field, "must not be empty")
    if len(value) > max_length:
        raise invalid(field, f"must not be longer than {max_length} characters")
    return value


def phone(body: dict[str, Any], name: str, where: str = "") -> str:
    value = text(body, name, required=True, where=where)
    if not E164.fullmatch(value or ""):
        raise invalid(where + name, "must be a phone number in E.164 format")
    return value or ""


def one_of(body: dict[str, Any], name: str, choices: Iterable[str], where: str = "") -> None:
    if body.get(name) is not None and body[name] not in tuple(choices):
        raise invalid(where + name, f"must be one of {', '.join(choices)}")


def boolean(body: dict[str, Any], name: str, where: str = "") -> None:
    if body.get(name) is not None and not isinstance(body[name], bool):
        raise invalid(where + name, "must be a boolean")


def integer(body: dict[str, Any], name: str, minimum: int, maximum: int, where: str = "") -> None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum):
        raise invalid(where + name, f"must be a whole number from {minimum} to {maximum}")


def number(body: dict[str, Any], name: str, minimum: float, maximum: float, where: str = "") -> None:
    value = body.get(name)
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value <= maximum
    ):
        raise invalid(where + name, f"must be a number from {minimum:g} to {maximum:g}")


def function_name(name: object, field: str) -> None:
    """The rule for the name of a tool that the model calls (§9.4)."""
    if not (isinstance(name, str) and FUNCTION_NAME.fullmatch(name)):
        raise invalid(field, "must start with a letter or underscore and have at most 64 letters, digits, _ or -")


def mapping(body: dict[str, Any], name: str, where: str = "") -> dict[str, Any]:
    """An object, empty when it is not given."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid(where + name, "must be an object")
    return value or {}


def listing(body: dict[str, Any], name: str, maximum: int = MAX_LENGTH, where: str = "") -> list[Any]:
    """A list, empty when it is not given."""
    value = body.get(name)
    if value is not None and (not isinstance(value, list) or len(value) > maximum):
        raise invalid(where + name, f"must be a list of at most {maximum}")
    return value or []


def strings(body: dict[str, Any], name: str, maximum: int = MAX_LENGTH, where: str = "") -> list[str]:
    entries = listing(body, name, maximum, where)
    if not all(isinstance(entry, str) for entry in entries):
        raise invalid(where + name, "must be a list of strings")
    return entries


def url(body: dict[str, Any], name: str, schemes: Iterable[str] = ("http", "https"), where: str = "") -> str | None:
    value = text(body, name, where=where)
    try:
        parts = urlsplit(value or "")
        valid = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if value and not valid:
        raise invalid(where + name, f"must be an {' or '.join(schemes)} URL")
    return value


def reference(ctx: Context, body: dict[str, Any], name: str, kind: str, what: str) -> str | None:
    """The id of a record of the same organization; any other id is a 404."""
    value = text(body, name)
    if value is not None:
        record = getattr(ctx.state, kind).get(value)
        if record is None or record.org_id != ctx.org.id:
            raise not_found(what, name)
    return value
