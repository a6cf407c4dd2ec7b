"""Scenarios as TOML files.

name = "The caller hangs up"
about = "One line that describes it in a list."

[options]                       # set at the start; GET /_sandbox/options lists them
outcome = "conversation"

[[step]]                        # `at` seconds after the start, on the sandbox's clock
at = 12
path = "faults"                 # POST /_sandbox/faults with this body
body = { fault = "503", times = 3 }

[[person]]                      # the person with this number, as caller or as the person called
number = "+31612340042"
answers_after = 3               # seconds; 0 means that the call is never answered
says = ["Hello?", "Not now."]
hangs_up_after = 12             # seconds after the answer

Every function takes `is_route(method, path)`, which says whether the admin API has a path.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar

from .options import Options
from .scenario import Scenario, ScriptedPerson, Step

SHIPPED = Path(__file__).with_name("scenarios")
IsRoute = Callable[[str, str], bool]
Made = TypeVar("Made")


def read(text: str, is_route: IsRoute) -> Scenario:
    """A scenario from TOML; the ValueError names the mistake and its place."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    if not isinstance(data.get("name"), str):
        raise ValueError("name: a scenario needs one, as text")
    if not isinstance(data.get("about", ""), str):
        raise ValueError("about: must be text")
    steps = _each(text, data.pop("step", []), "step", lambda table: _step(table, is_route))
    people = _each(text, data.pop("person", []), "person", _person)
    if unknown := set(data) - {"name", "about", "options"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    _check_options(data.get("options", {}))
    return Scenario(**data, steps=sorted(steps, key=lambda step: step.at), people=people)


def find(name: str, is_route: IsRoute) -> Scenario:
    """A scenario by the path of a file, or a shipped one by the name of its file without `.toml`."""
    path = Path(name)
    if not path.is_file():
        path = SHIPPED / f"{name}.toml"
        if not name.replace("-", "").isalnum() or not path.is_file():
            raise ValueError(f"scenario: there is no file {name}, and none of {', '.join(shipped_names())}")
    try:
        return read(path.read_text("utf-8"), is_route)
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: not TOML: no text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def shipped(is_route: IsRoute) -> dict[str, Scenario]:
    """The scenarios that come with the sandbox, by name."""
    return {name: find(name, is_route) for name in shipped_names()}


def shipped_names() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def _each(text: str, tables: Any, name: str, make: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """The tables `[[name]]`; an error in one carries its number and its line."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{name}: write each as a table of its own, [[{name}]]")
    heading = re.compile(rf"\s*\[\[\s*{name}\s*\]\]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if heading.match(line)]
    made = []
    for index, table in enumerate(tables):
        try:
            made.append(make(table))
        except ValueError as error:
            line = f" (line {lines[index]})" if len(lines) == len(tables) else ""
            raise ValueError(f"{name} {index + 1}{line}: {error}") from error
    return made


def _step(table: dict[str, Any], is_route: IsRoute) -> Step:
    step = _build(Step, table)
    _check_seconds("at", step.at)
    if not isinstance(step.path, str) or step.method not in ("GET", "POST", "DELETE"):
        raise ValueError("path must be text, and method GET, POST or DELETE")
    if not is_route(step.method, step.path):
        raise ValueError(f"path: there is no {step.method} /_sandbox/{step.path}")
    if not isinstance(step.body, dict):
        raise ValueError("body must be a table")
    return step


def _person(table: dict[str, Any]) -> ScriptedPerson:
    person = _build(ScriptedPerson, table)
    if not isinstance(person.number, str) or not re.fullmatch(r"\+[1-9][0-9]{5,14}", person.number):
        raise ValueError("number must be a phone number like +31612340042")
    for name in ("answers_after", "hangs_up_after"):
        if (value := getattr(person, name)) is not None:
            _check_seconds(name, value)
    if not isinstance(person.says, list) or not all(isinstance(sentence, str) for sentence in person.says):
        raise ValueError("says must be a list of texts")
    return person


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be seconds, 0 or more")


def _check_options(table: Any) -> None:
    if not isinstance(table, dict):
        raise ValueError("options: write them as a table, [options]")
    try:
        Options().update(table)
    except ValueError as error:
        raise ValueError(f"options: {error}") from error


def _build(kind: type[Made], table: dict[str, Any]) -> Made:
    known: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
    if unknown := set(table) - {field.name for field in known}:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    if lacking := [field.name for field in known if field.name not in table and _is_required(field)]:
        raise ValueError(f"{lacking[0]} is missing")
    return kind(**table)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
