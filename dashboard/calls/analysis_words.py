"""The analysis of a call in words: names and values as VoiceDock's assistants spell them are not shown as they are."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language_info

SPELLED = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*")  # snake_case, kebab-case, one word
LANGUAGE = re.compile(r"(?:^|_)(?:lang|language|locale)(?:_|$)", re.IGNORECASE)
LANGUAGE_CODE = re.compile(r"([a-z]{2})(?:[_-]([a-z]{2}))?", re.IGNORECASE)
NOTHING = "—"


def rows(facts: object, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Each field with its value; nested fields as `Outer: inner`."""
    if not isinstance(facts, dict):
        return [("Result", _value("", facts, zone))] if facts not in (None, "") else []
    found: list[tuple[str, str]] = []
    for name, value in facts.items():
        title = sentence(str(name))
        if isinstance(value, dict):
            found += [(f"{title}: {inner[:1].lower()}{inner[1:]}", text) for inner, text in rows(value, zone)]
        else:
            found.append((title, _value(str(name), value, zone)))
    return found


def sentence(text: str) -> str:
    """`new_patient` → `New patient`; text that people write stays as it is."""
    words = re.sub(r"[_-]+", " ", text) if SPELLED.fullmatch(text) else text.replace("_", " ")
    words = words.strip()
    return words[:1].upper() + words[1:]


def _value(name: str, value: object, zone: ZoneInfo) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_value(name, item, zone) for item in value) or NOTHING
    if isinstance(value, dict):
        return "; ".join(f"{title}: {text}" for title, text in rows(value, zone)) or NOTHING
    if not isinstance(value, str):
        return str(value)
    return _language(name, value) or _moment(value, zone) or _words(value)


def _language(name: str, value: str) -> str:
    found = LANGUAGE_CODE.fullmatch(value) if LANGUAGE.search(name) else None
    if found is None:
        return ""
    for code in (value.lower().replace("_", "-"), found[1].lower()):
        try:
            return str(get_language_info(code)["name"])
        except KeyError:
            continue
    return ""


def _moment(value: str, zone: ZoneInfo) -> str:
    """`2026-11-24T10:40:00Z` → `24 Nov 2026, 10:40`; a date or a time without a zone is taken as it is written."""
    try:
        moment = parse_datetime(value) if "T" in value or " " in value else None
        if moment and moment.tzinfo:
            moment = moment.astimezone(zone)
        day = parse_date(value) if moment is None else None
    except (ValueError, OverflowError):  # the last hours of the year 9999 have no local time in the east
        return ""
    if moment:
        return f"{_day(moment)}, {moment:%H:%M}"
    return _day(day) if day else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _words(value: str) -> str:
    """One spelled value as words; a value that is a word of its own gets a capital letter."""
    return sentence(value) if SPELLED.fullmatch(value) and value == value.lower() else value
