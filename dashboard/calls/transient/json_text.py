"""A configuration as JSON that people write: read without losing anything, or refused with the line of the error."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from dashboard.voicedock.parsing import MAX_DEPTH, clean, is_too_deep

LONGEST = 400_000  # characters
MOST_DIGITS = 308  # of an integer: as many as the largest float
TOO_LONG = f"That is more than {LONGEST:,} characters."
TOO_DEEP = f"Its objects and lists are nested too deep: use at most {MAX_DEPTH} levels."
NOT_A_NUMBER = "JSON has no number {value}."
TOO_LARGE = f"a whole number has at most {MOST_DIGITS} digits, unlike {{value}}."
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",:\[\]{}]+|[:\[\]{}]')  # texts, what stands outside of them, and signs
TWICE = "“{name}” stands twice in one object; only one of them would be kept."
CANNOT_BE_STORED = "a character of this text cannot be stored: NUL, or half of a pair, like \\ud800 alone. Take it out."
COMMA_TOO_MANY = "there is a comma too many here."
MISSING = ("Expecting ',' delimiter", "Expecting ':' delimiter")  # of these, the parser names the next token


class NumberRefused(ValueError):
    """A number that is not taken; `token` is how it was written."""

    def __init__(self, message: str, token: str) -> None:
        super().__init__(message.format(value=token if len(token) <= 40 else f"{token[:40]}…"))
        self.token = token


class DuplicateName(ValueError):
    """A name that an object has twice."""


class NotJson(Exception):
    """`line` and `column` count from 1; 0 where the place is not known. `source` is that line as it was typed."""

    def __init__(self, message: str, line: int = 0, column: int = 0, source: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.source = message, line, column, source


def read(text: str) -> Any:
    """Raises `NotJson`."""
    text = text.removeprefix("\ufeff")  # which some editors put in front of a file
    if len(text) > LONGEST:
        raise NotJson(TOO_LONG)
    try:
        found = json.loads(
            text,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_integer,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error) from None
    except NumberRefused as error:
        tokens = TOKENS.finditer(text)
        raise _at(text, next(token.start() for token in tokens if token[0] == error.token), str(error)) from None
    except DuplicateName as error:
        raise _at(text, _second_name(text), TWICE.format(name=clean(str(error))[:80])) from None
    except RecursionError:
        raise NotJson(TOO_DEEP) from None
    if is_too_deep(found):
        raise NotJson(TOO_DEEP)
    if clean(found) != found:
        raise _at(text, _unstorable(text), CANNOT_BE_STORED)
    return found


def written(configuration: Any) -> str:
    return json.dumps(configuration, ensure_ascii=False, indent=2)


def _at(text: str, position: int, words: str) -> NotJson:
    line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
    source = text.split("\n")[line - 1].strip("\r")
    return NotJson(f"Line {line}, character {column}: {words}", line, column, source)


def _syntax_error(text: str, error: json.JSONDecodeError) -> NotJson:
    """At the place that has to be mended: a sign is missing behind what precedes it, perhaps lines before."""
    before = text[: error.pos].rstrip()
    if before.endswith(",") and text[error.pos : error.pos + 1] in ("}", "]"):
        return _at(text, len(before) - 1, COMMA_TOO_MANY)
    return _at(text, len(before) if error.msg in MISSING else error.pos, _in_words(error))


def _second_name(text: str) -> int:
    """Where the first name stands that its object has already; 0 where there is none."""
    objects: list[set[str]] = []  # of a list it stays empty
    name: re.Match[str] | None = None
    for token in TOKENS.finditer(text):
        if token[0] == ":" and name and objects:
            if (known := json.loads(name[0])) in objects[-1]:
                return name.start()
            objects[-1].add(known)
        elif token[0] in "{[":
            objects.append(set())
        elif token[0] in "}]" and objects:
            objects.pop()
        name = token if token[0].startswith('"') else None
    return 0


def _unstorable(text: str) -> int:
    texts = (token for token in TOKENS.finditer(text) if token[0].startswith('"'))
    return next((token.start() for token in texts if clean(found := json.loads(token[0])) != found), 0)


def _in_words(error: json.JSONDecodeError) -> str:
    """What was expected there, as a sentence."""
    known = {
        "Expecting value": "a value is missing here, or it is not written as JSON",
        "Expecting ',' delimiter": "a comma is missing here, or a bracket is not closed",
        "Expecting ':' delimiter": "a colon is missing here",
        "Expecting property name enclosed in double quotes": "a name in double quotes is missing here",
        "Unterminated string starting at": "the text that begins here has no closing quote",
        "Extra data": "the JSON is complete before this place",
        "Invalid control character at": "a line end or tab stands inside of this text: write \\n or \\t for it",
        "Invalid \\escape": "a backslash means something of its own here: write two for one",
        "Invalid \\uXXXX escape": "after \\u come four digits or letters from a to f",
    }
    words = known.get(error.msg, error.msg.lower())
    return f"{words}."


def _no_constant(name: str) -> None:
    raise NumberRefused(NOT_A_NUMBER, name)


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise NumberRefused(NOT_A_NUMBER, text)
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise NumberRefused(TOO_LARGE, text)
    return int(text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DuplicateName(name)
        found[name] = value
    return found
