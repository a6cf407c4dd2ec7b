"""What an operation gets: the world, the asking organization, the request, the time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..errors import absent, invalid
from ..exchange import Answer, Request
from ..limits import Limits
from ..records import Organization, World

# method, path with {placeholders}, and what answers it
Routes = list[tuple[str, str, Callable[..., Answer]]]


@dataclass
class Context:
    """`now` is world time, `wall` real time, both Unix seconds."""

    world: World
    org: Organization
    request: Request
    limits: Limits
    now: float
    wall: float

    def own(self, kind: str, key: str, name: str):
        """A record of the asking organization; another's is as absent as none (404)."""
        record = getattr(self.world, kind).get(key)
        if record is None or record.org_id != self.org.id:
            raise absent(name)
        return record

    def all_own(self, kind: str) -> list:
        return [record for record in getattr(self.world, kind).values() if record.org_id == self.org.id]

    def created_between(self, kind: str) -> list:
        """Own records, by the filters `start_date` and `end_date`, both inclusive."""
        start, stop = self._moment("start_date"), self._moment("end_date")
        return [
            one
            for one in self.all_own(kind)
            if (start is None or one.created_at >= start) and (stop is None or one.created_at <= stop)
        ]

    def deleted(self) -> Answer:
        """Both forms are documented (§2.1)."""
        return Answer(204) if self.world.switches.delete_answer == "204" else Answer(body={"success": True})

    def page(self, default: int = 100, most: int = 1000) -> tuple[int, int]:
        """limit and offset of §1.5."""
        limit, offset = self._whole("limit", default, 1), self._whole("offset", 0, 0)
        if limit > most and self.world.switches.over_limit == "400":
            raise invalid("limit", f"must be between 1 and {most}")
        return min(limit, most), offset

    def _moment(self, name: str) -> float | None:
        """A date filter as Unix seconds."""
        text = self.request.query.get(name)
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a + sent unencoded
        except ValueError:
            raise invalid(name, "must be an ISO 8601 date-time") from None
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()

    def _whole(self, name: str, default: int, least: int) -> int:
        text = self.request.query.get(name)
        if not text:
            return default
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
            raise invalid(name, f"must be a whole number of at least {least}")
        return int(text)
