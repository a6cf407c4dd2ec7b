"""The newest requests and how they were answered."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from .http_messages import Request, Response
from .records import Organization
from .serializers import iso

SHOWN = 2000  # bytes of an answer
KEPT = 5000  # entries


@dataclass
class Entry:
    """`arrived` is Unix seconds of real time. `status` is None until the response, 0 for a cut connection.

    `key` is the ending of the API key, `answer` the beginning of the response's body.
    """

    id: int
    arrived: float
    arrived_at: str | None
    method: str
    path: str
    query: dict[str, str]
    organization: str | None
    organization_id: str | None
    body: object
    key: str
    status: int | None = None
    answer: str = ""
    fault: str | None = None


class RequestLog:
    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._last_id = 0

    def add(self, request: Request, wall_time: float, org: Organization | None) -> Entry:
        self._last_id += 1
        entry = Entry(
            id=self._last_id,
            arrived=wall_time,
            arrived_at=iso(wall_time),
            method=request.method,
            path=request.path,
            query=request.query,
            organization=org.name if org else None,
            organization_id=org.id if org else None,
            body=request.loggable_body(),
            key=f"…{request.key[-4:]}" if request.key else "",
        )
        self._entries.append(entry)
        return entry

    def complete(self, entry: Entry, response: Response) -> None:
        entry.status = 0 if response.cut else response.status
        entry.answer = response.encoded()[:SHOWN].decode("utf-8", "replace")

    def since(self, last_id: int = 0, limit: int = KEPT) -> list[dict[str, Any]]:
        """Entries after an id, newest last."""
        return [asdict(entry) for entry in self._entries if entry.id > last_id][-limit:]

    def clear(self) -> None:
        self._entries.clear()
