"""A configuration as JSON that people write: read without losing anything, or refused with the line of the error."""

from __future__ import annotations

import json
import math
from typing import Any

LONGEST = 400_000  # characters
TOO_LONG = f"That is more than {LONGEST:,} characters."
TOO_DEEP = "Its objects and lists stand too deep in each other."
NOT_A_NUMBER = "JSON has no number {value}."
TWICE = "“{name}” stands twice in one object; only one of them would be kept."


class NotJson(Exception):
    """`line` and `column` count from 1; 0 where the place is not known. `source` is that line as it was typed."""

    def __init__(self, message: str, line: int = 0, column: int = 0, source: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.source = message, line, column, source


def read(text: str) -> Any:
    """Raises `NotJson`."""
    if len(text) > LONGEST:
        raise NotJson(TOO_LONG)
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        lines = text.split("\n")
        source = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        raise NotJson(_in_words(error), error.lineno, error.colno, source.strip("\r")) from None
    except RecursionError:
        raise NotJson(TOO_DEEP) from None
    except ValueError as error:  # a number with thousands of digits
        raise NotJson(str(error)) from None


def written(configuration: Any) -> str:
    return json.dumps(configuration, ensure_ascii=False, indent=2)


def _in_words(error: json.JSONDecodeError) -> str:
    """What was expected there, as a sentence."""
    known = {
        "Expecting value": "a value is missing here, or it is not written as JSON",
        "Expecting ',' delimiter": "a comma is missing here, or a bracket is not closed",
        "Expecting ':' delimiter": "a colon is missing here",
        "Expecting property name enclosed in double quotes": "a name in double quotes is missing here",
        "Unterminated string starting at": "the text that begins here has no closing quote",
        "Extra data": "the JSON is complete before this place",
        "Illegal trailing comma before end of object": "there is a comma too many before this place",
        "Illegal trailing comma before end of array": "there is a comma too many before this place",
    }
    words = known.get(error.msg, error.msg.lower())
    return f"Line {error.lineno}, character {error.colno}: {words}."


def _no_constant(name: str) -> None:
    raise NotJson(NOT_A_NUMBER.format(value=name))


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise NotJson(NOT_A_NUMBER.format(value=text[:40]))
    return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotJson(TWICE.format(name=name[:80]))
        found[name] = value
    return found
