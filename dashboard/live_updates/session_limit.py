"""How many event streams a session has, over all web processes: leases in the cache that end by themselves.

Each open stream holds one and renews it. A web process that is killed renews none, so its streams stop counting after
`LEASE` seconds. While the cache does not answer only the limit of each process holds (`stream`).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.cache import cache

LEASE = 30  # seconds; renewed each time that a stream asks whether it may still listen

# One step at the server and by its clock: drops what has ended, keeps this one, answers when it was opened and how many
# streams were opened after it. The time is kept by the stream, so that a lapse does not make it the newest.
HOLD = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[1], ended)
  redis.call('ZREM', KEYS[2], ended)
end
local opened = tonumber(ARGV[2])
if opened == 0 then opened = now end
redis.call('ZADD', KEYS[1], opened, ARGV[1])
redis.call('ZADD', KEYS[2], now + ARGV[3] * 1000000, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {string.format('%.0f', opened), redis.call('ZREVRANK', KEYS[1], ARGV[1])}
"""
RELEASE = "redis.call('ZREM', KEYS[1], ARGV[1]); return redis.call('ZREM', KEYS[2], ARGV[1])"


@dataclass
class StreamLease:
    """One open stream of a session. Its methods ask the cache, so they run in a thread."""

    session_key: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    opened: int = 0

    def hold(self, most: int) -> bool:
        """Take or renew it; whether it is among the newest `most` of its session. True while nobody can say."""
        answer = _run(HOLD, self._keys, self.id, self.opened, LEASE)
        if answer is None:
            return True
        self.opened = int(answer[0])
        return int(answer[1]) < most

    def release(self) -> None:
        _run(RELEASE, self._keys, self.id)

    @property
    def _keys(self) -> list[str]:
        """The braces keep both on one server of a cluster; the key of a session is a secret, so its digest is used."""
        session = hashlib.sha256(self.session_key.encode()).hexdigest()
        return [f"streams:{{{session}}}:opened", f"streams:{{{session}}}:until"]


def hold_all(leases: Sequence[StreamLease], most: int) -> list[bool]:
    """`hold` of each, in one exchange with the cache."""
    run = getattr(cache, "run_script_for_each", None)
    asked = [(lease._keys, (lease.id, lease.opened, LEASE)) for lease in leases]
    answers = run(HOLD, asked) if run else None
    if answers is None:
        return [True] * len(leases)
    for lease, (opened, _) in zip(leases, answers, strict=True):
        lease.opened = int(opened)
    return [int(rank) < most for _, rank in answers]


def _run(script: str, keys: list[str], *arguments: str | int) -> list[bytes] | None:
    """None where there is no shared cache, as in a process alone, and while it does not answer."""
    run = getattr(cache, "run_script", None)
    answer: list[bytes] | None = run(script, keys, *arguments) if run else None
    return answer
