"""What an operation receives: the state, the organization of the API key, the request, the time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import invalid, not_found
from ..http_messages import Request, Response
from ..rate_limits import RateLimits
from ..records import Organization
from ..state import State

# method, path with {placeholders}, operation
Routes = list[tuple[str, str, Callable[..., Response]]]


@dataclass
class Context:
    """`now` is sandbox time, `wall_time` real time, both Unix seconds."""

    state: State
    org: Organization
    request: Request
    limits: RateLimits
    now: float
    wall_time: float

    def own(self, kind: str, key: str, name: str) -> Any:
        """A record of the key's organization; any other id is a 404."""
        record = getattr(self.state, kind).get(key)
        if record is None or record.org_id != self.org.id:
            raise not_found(name)
        return record

    def all_own(self, kind: str) -> list[Any]:
        return [record for record in getattr(self.state, kind).values() if record.org_id == self.org.id]

    def created_between(self, kind: str) -> list[Any]:
        """Own records, by the filters `start_date` and `end_date`, both inclusive."""
        start, stop = self._moment("start_date"), self._moment("end_date")
        return [
            record
            for record in self.all_own(kind)
            if (start is None or record.created_at >= start) and (stop is None or record.created_at <= stop)
        ]

    def deleted(self) -> Response:
        """Both forms are documented (§2.1)."""
        return Response(204) if self.state.options.delete_answer == "204" else Response(body={"success": True})

    def page(self, default: int = 100, maximum: int = 1000) -> tuple[int, int]:
        """limit and offset of §1.5."""
        limit, offset = self._whole("limit", default, 1), self._whole("offset", 0, 0)
        if limit > maximum and self.state.options.over_limit == "400":
            raise invalid("limit", f"must be between 1 and {maximum}")
        return min(limit, maximum), offset

    def _moment(self, name: str) -> float | None:
        """A date filter as Unix seconds."""
        text = self.request.query.get(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a + sent unencoded
        except ValueError:
            raise invalid(name, "must be an ISO 8601 date-time") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    def _whole(self, name: str, default: int, minimum: int) -> int:
        text = self.request.query.get(name)
        if not text:
            return default
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) < minimum:
            raise invalid(name, f"must be a whole number of at least {minimum}")
        return int(text)
