"""When the machines work: the beat of the periodic tasks."""

from typing import Any

TIMETABLE: dict[str, dict[str, Any]] = {}
