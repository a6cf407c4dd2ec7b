"""What a person plans, as the columns of a planned call, and what of it differs from a stored one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.calls.models import PlannedCall
from dashboard.calls.placing import destinations
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import local_times
from dashboard.calls.transient.one_time import OneTime
from dashboard.contact_rules.rules import Rule

WORDS = {
    "destination": "person",
    "destination_country": "person",
    "destination_kind": "person",
    "due_at": "time, {time}",
    "latest_at": "not later than",
    "zone": "time zone",
    "number_dedication": "line",
    "line_by_rule": "who chooses the line",
    "assistant_dedication": "assistant",
    "assistant_configuration": "assistant",
    "assistant_name": "assistant",
    "changes": "what it changes of the assistant",
    "shown": "how the assistant was set up when it was shown",
    "preset_name": "preset",
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """As a validated form gives it; `number` and `assistant` are ids of dedications, `destination` is E.164.

    A call with a one-time assistant has `one_time` in place of `assistant`. `override_reason` is why contact rules
    refuse nothing, of somebody who may say so and has read `known_rules`; it is stored where one would.
    """

    number: int
    destination: str
    due_at: datetime
    latest_at: datetime
    zone: str
    assistant: int | None = None
    one_time: OneTime | None = None
    line_by_rule: bool = False
    changes: Changes = field(default_factory=Changes)
    shown: str = ""
    preset: str = ""
    override_reason: str = ""
    known_rules: Collection[Rule] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """What is stored of it, by field; of dedications the ids. The connection follows from the line."""
        place = destinations.place_of(self.destination)
        return {
            "destination": self.destination,
            "destination_country": place.country,
            "destination_kind": place.kind,
            "due_at": self.due_at,
            "latest_at": self.latest_at,
            "zone": self.zone,
            "number_dedication": self.number,
            "line_by_rule": self.line_by_rule,
            "assistant_dedication": self.assistant,
            "assistant_configuration": self.one_time.configuration if self.one_time else {},
            "assistant_name": self.one_time.name if self.one_time else "",
            "changes": self.one_time.stored(self.changes) if self.one_time else self.changes.to_json(),
            "shown": self.shown,
            "preset_name": self.preset,
        }

    def differing(self, planned: PlannedCall) -> list[str]:
        """What is stored otherwise, in words without contents."""
        columns = self.columns
        names = [name for name in columns if planned.serializable_value(name) != columns[name]]
        time = local_times.day_words(self.due_at, self.zone)
        return list(dict.fromkeys(WORDS[name].format(time=time) for name in names))
