"""What speaks in a call with a one-time assistant: a copy of one version of a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from dashboard.calls.models import AssistantDraftVersion, PlannedCall
from dashboard.calls.placing.changes import Changes
from dashboard.calls.transient.configuration import Configuration

SUFFIX = " (one-time)"  # after the name of a draft
VERSION, NUMBER = "draft_version", "draft_number"  # in what is stored with a call: the key, and what people read


@dataclass(frozen=True)
class OneTime:
    """`version` is the key of that version, whatever became of it. `draft_id` is 0 where the draft is not known.

    The values of its variables are not filled in yet.
    """

    draft_name: str
    version: int
    number: int
    configuration: Configuration
    draft_id: int = 0

    @classmethod
    def of(cls, version: AssistantDraftVersion) -> Self:
        return cls(version.draft.name, version.pk, version.number, version.blocks, version.draft_id)

    @classmethod
    def of_plan(cls, planned: PlannedCall) -> Self:
        """As it was when the call was planned."""
        version, number = planned.changes.get(VERSION, 0), planned.changes.get(NUMBER, 0)
        return cls(planned.assistant_name.removesuffix(SUFFIX), version, number, planned.assistant_configuration)

    @property
    def name(self) -> str:
        """What stands in place of the name of a saved assistant."""
        return f"{self.draft_name}{SUFFIX}"

    def stored(self, changes: Changes) -> dict[str, Any]:
        """What is kept with the call of how it was asked for (`Call.overrides`, `PlannedCall.changes`)."""
        return changes.to_json() | {VERSION: self.version, NUMBER: self.number}
