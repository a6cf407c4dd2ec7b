"""The entries of a timeline, as the template draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Mark:
    """One stage of a receipt. `tone` is good, open, bad or next; `until` is when what comes next happens."""

    tone: str
    words: str
    icon: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One entry. `kind` is step, message or command; `at` is None where no time is known.

    `until` is the next attempt of a call that waits to be sent.
    """

    kind: str
    at: datetime | None = None
    clock: str = ""
    words: str = ""
    state: str = ""
    person: bool = False
    speaker: str = ""
    title: str = ""
    command: str = ""  # of a command that has the title of its action
    by: str = ""
    tone: str = ""
    to: str = ""
    to_name: str = ""
    why: str = ""
    until: datetime | None = None
    is_unseen_transfer: bool = False
    marks: list[Mark] = field(default_factory=list)


def clock(moment: datetime | None, zone: ZoneInfo) -> str:
    """The time of an entry, the same for steps, sentences and receipts: the local clock with seconds."""
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment else ""
