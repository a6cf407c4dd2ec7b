"""What an operation gets: the world, the asking organization, the request, the time."""

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

    def deleted(self) -> Answer:
        """Both forms are documented (§2.1)."""
        return Answer(204) if self.world.switches.delete_answer == "204" else Answer(body={"success": True})

    def page(self) -> tuple[int, int]:
        """limit and offset of §1.5."""
        limit, offset = self._whole("limit", 100, 1), self._whole("offset", 0, 0)
        if limit > 1000 and self.world.switches.over_limit == "400":
            raise invalid("limit", "must be between 1 and 1000")
        return min(limit, 1000), offset

    def moment(self, name: str) -> float | None:
        """A date filter as Unix seconds."""
        text = self.request.query.get(name)
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            raise invalid(name, "must be an ISO 8601 date-time") from None
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()

    def _whole(self, name: str, default: int, least: int) -> int:
        text = self.request.query.get(name)
        if text in (None, ""):
            return default
        if not str(text).isdigit() or int(text) < least:
            raise invalid(name, f"must be a whole number of at least {least}")
        return int(text)
