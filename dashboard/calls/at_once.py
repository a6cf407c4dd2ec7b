"""How many calls a client has at once, beside how many it may have, in words that never say "7 of 6"."""

from __future__ import annotations

from dataclasses import dataclass

NOT_HELD_BACK = "calls that come in or a campaign makes are not held back"


@dataclass(frozen=True)
class AtOnce:
    """`used` may be more than `limit`, which holds back calls that are placed here and no others."""

    used: int
    limit: int

    @property
    def is_full(self) -> bool:
        return self.used >= self.limit

    @property
    def beyond(self) -> int:
        return max(0, self.used - self.limit)

    @property
    def figure(self) -> str:
        """`3 of 6`, `all 6`."""
        return f"all {self.limit:,}" if self.is_full else f"{self.used:,} of {self.limit:,}"

    @property
    def more(self) -> str:
        """`, and 1 more`; "" while the limit holds all of them."""
        return f", and {self.beyond:,} more" if self.beyond else ""

    @property
    def reason(self) -> str:
        """Why there are more."""
        return f": {NOT_HELD_BACK}" if self.beyond else ""
