"""When each message of a conversation was first heard. VoiceDock gives messages no times (`voicedock-api.md §5.1`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

Message = dict[str, str]


def merged(
    before: Sequence[Message], times: Sequence[str | None], after: Sequence[Message], now: datetime | None
) -> list[str | None]:
    """One time for each message of `after`: those known before keep theirs, the others have `now`.

    `now` is None once the call is over: it is then not known when in the call a message was spoken.
    """
    known = 0
    while known < min(len(before), len(times), len(after)) and _continues(before[known], after[known]):
        known += 1
    return [*times[:known], *([now.isoformat() if now else None] * (len(after) - known))]


def _continues(before: Message, after: Message) -> bool:
    """Whether it is the same message; one that is being spoken may have grown."""
    content = str(before.get("content") or "")
    return before.get("role") == after.get("role") and str(after.get("content") or "").startswith(content)
