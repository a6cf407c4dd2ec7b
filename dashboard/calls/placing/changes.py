"""What one call changes of its saved assistant, as a person typed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from dashboard.voicedock.catalogue import LANGUAGES


@dataclass(frozen=True)
class Changes:
    """Empty: nothing of that is changed. `variables` and `metadata` are by name."""

    first_message: str = ""
    instructions: str = ""
    facts: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    model: str = ""
    voice: str = ""
    max_minutes: int | None = None
    voicemail_message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Without what is not changed."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        return cls(**values | ({"facts": tuple(values["facts"])} if "facts" in values else {}))

    def __bool__(self) -> bool:
        return bool(self.to_json())

    def words(self) -> list[str]:
        """What is changed, without the contents: these words may stand in the audit trail."""
        found = [
            "another opening sentence" if self.first_message else "",
            "instructions added" if self.instructions else "",
            _counted(len(self.facts), "fact"),
            f"{_counted(len(self.variables), 'value')} filled in" if self.variables else "",
            f"{LANGUAGES.get(self.language, self.language)} as the language it listens in" if self.language else "",
            f"{self.model} as its model" if self.model else "",
            f"{self.voice} as its voice" if self.voice else "",
            f"at most {_counted(self.max_minutes, 'minute')}" if self.max_minutes else "",
            "another voicemail message" if self.voicemail_message else "",
            f"{_counted(len(self.metadata), 'label')} of your own" if self.metadata else "",
        ]
        return [words for words in found if words]


def joined(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
