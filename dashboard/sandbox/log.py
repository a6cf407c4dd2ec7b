"""What arrived and how it was answered: the newest requests in a ring."""

from collections import deque
from dataclasses import asdict, dataclass

from .exchange import Answer, Request
from .records import Organization
from .wire import iso

SHOWN = 2000  # bytes of an answer


@dataclass
class Entry:
    """`arrived` is Unix seconds by the wall clock. `status` is None until it is answered, 0 for a cut connection.

    `key` is the ending of the key, `answer` the beginning of what was answered.
    """

    id: int
    arrived: float
    arrived_at: str | None
    method: str
    path: str
    query: dict
    organization: str | None
    organization_id: str | None
    body: object
    key: str
    status: int | None = None
    answer: str = ""
    fault: str | None = None


class RequestLog:
    def __init__(self, kept: int = 5000) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._last = 0

    def arrived(self, request: Request, wall: float, org: Organization | None) -> Entry:
        self._last += 1
        entry = Entry(
            id=self._last,
            arrived=wall,
            arrived_at=iso(wall),
            method=request.method,
            path=request.path,
            query=request.query,
            organization=org.name if org else None,
            organization_id=org.id if org else None,
            body=request.shown_body(),
            key=f"…{request.key[-4:]}" if request.key else "",
        )
        self._entries.append(entry)
        return entry

    def answered(self, entry: Entry, answer: Answer) -> None:
        entry.status = 0 if answer.cut else answer.status
        entry.answer = answer.encoded()[:SHOWN].decode("utf-8", "replace")

    def since(self, last_seen: int = 0, limit: int = 5000) -> list[dict]:
        """Entries after an id, newest last."""
        return [asdict(entry) for entry in self._entries if entry.id > last_seen][-limit:]

    def clear(self) -> None:
        self._entries.clear()
