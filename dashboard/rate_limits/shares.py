"""Whether a request may be sent now, decided from the requests that a connection sent within the last minute.

No database access.

VoiceDock allows 100 requests a minute per key and 10 commands a minute per call (`voicedock-api.md §1.4`). Whether
its window slides or is fixed is not known, so no interval of 60 s may hold more: ours slides over 60.5 s, and 4 % are
kept back for network delays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from dashboard.rate_limits.models import Priority

WINDOW = timedelta(seconds=60.5)
CEILING = {  # requests of a priority are sent while the whole connection has sent fewer than this, of 100 a minute
    Priority.END: 96,
    Priority.CONTROL: 90,
    Priority.PLACE: 84,
    Priority.RECONCILE: 72,
    Priority.LIVE: 66,
    Priority.REST: 60,
    Priority.LEADS: 56,
    Priority.BULK: 50,
}
LEAST = {Priority.LEADS: 10, Priority.BULK: 10}  # so many of each count as REST, which does not stop them for long then
PEOPLE = (Priority.END, Priority.CONTROL, Priority.PLACE)
COMMANDS = (Priority.END, Priority.CONTROL)
LEFT_FOR_OTHERS = 2  # end-calls that one client leaves to the others, however many it sends
PER_CALL = 10
KEPT_FOR_END = 2


@dataclass(frozen=True)
class Request:
    """One request that was sent, or is to be sent; `tenant` and `call` are ids."""

    at: datetime
    priority: str
    tenant: int | None = None
    call: UUID | None = None


@dataclass(frozen=True)
class Wait:
    """Not now: how long until it is worth asking again, in seconds, and `message` for the user."""

    seconds: float
    message: str


@dataclass(frozen=True)
class CommandQuota:
    """The commands of one call: `kept` are for ending it, `back_in` is in seconds until the next one is free again."""

    used: int
    limit: int
    kept: int
    free: int
    back_in: int


def ceiling(priority: str, per_minute: int = 100) -> int:
    return CEILING[Priority(priority)] * per_minute // 100


def decide(
    window: Collection[Request],
    request: Request,
    *,
    per_minute: int = 100,
    sharing: Iterable[int] = (),
    resting_until: datetime | None = None,
) -> Wait | None:
    """None when `request` may be sent. `window`: all requests of the connection, oldest first, none older than WINDOW.

    `sharing`: ids of the clients that share what the connection keeps for users, each an equal part of it.
    """
    if request.priority not in PEOPLE and resting_until and resting_until > request.at:
        return Wait((resting_until - request.at).total_seconds(), "VoiceDock asked us to wait; background work waits.")
    if request.call and request.priority in COMMANDS and (wait := _of_call(window, request)):
        return wait
    limit = ceiling(_class_of(window, request), per_minute)
    if len(window) >= limit:
        return _until(window, limit, request.at, _full_message(request.priority, per_minute))
    held = _held_for_others(window, request, per_minute, sharing)
    if len(window) >= limit - held:
        message = "This connection is shared and the other clients' share of this minute is kept for them."
        return _until(window, limit - held, request.at, message)
    return None


def depends_on_others(window: Collection[Request], request: Request, per_minute: int) -> bool:
    """Whether `decide` needs `sharing`: the parts of all clients begin above what the other priorities may fill."""
    is_crowded = len(window) >= ceiling(Priority.RECONCILE, per_minute)
    return is_crowded and request.tenant is not None and request.priority in PEOPLE


def command_quota(window: Iterable[Request], call: UUID, now: datetime) -> CommandQuota:
    """The ten commands of one call; the last two are kept for ending it."""
    commands = [sent for sent in window if sent.call == call and sent.priority in COMMANDS]
    times = [sent.at for sent in commands if sent.at > now - WINDOW]
    back_in = ceil((times[0] + WINDOW - now).total_seconds()) if times else 0
    free = max(0, PER_CALL - KEPT_FOR_END - len(times))
    return CommandQuota(len(times), PER_CALL, KEPT_FOR_END, free, max(0, back_in))


def _class_of(window: Iterable[Request], request: Request) -> str:
    """The class whose ceiling counts for it."""
    least = LEAST.get(Priority(request.priority), 0)
    sent = sum(earlier.priority == request.priority for earlier in window) if least else 0
    return Priority.REST if sent < least else request.priority


def _of_call(window: Iterable[Request], request: Request) -> Wait | None:
    commands = [sent for sent in window if sent.call == request.call and sent.priority in COMMANDS]
    allowed = PER_CALL if request.priority == Priority.END else PER_CALL - KEPT_FOR_END
    if len(commands) < allowed:
        return None
    if request.priority == Priority.END:
        return _until(commands, allowed, request.at, "This call has used its 10 commands of this minute.")
    message = "This call has used its 8 commands of this minute; the last 2 are kept for ending it."
    return _until(commands, allowed, request.at, message)


def _held_for_others(window: Iterable[Request], request: Request, per_minute: int, sharing: Iterable[int]) -> int:
    """How many requests must stay free for the other clients, from their parts of what is kept for users."""
    tenants = set(sharing)
    if request.priority not in PEOPLE or request.tenant is None or len(tenants | {request.tenant}) < 2:
        return 0
    used = dict.fromkeys(tenants | {request.tenant}, 0)
    for sent in window:
        if sent.tenant in used and sent.priority in PEOPLE:
            used[sent.tenant] += 1
    part = (ceiling(request.priority, per_minute) - ceiling(Priority.RECONCILE, per_minute)) / len(used)
    if used[request.tenant] < part:
        return 0
    held = ceil(sum(max(0.0, part - count) for tenant, count in used.items() if tenant != request.tenant))
    return min(held, LEFT_FOR_OTHERS) if request.priority == Priority.END else held


def _until(window: Collection[Request], limit: int, now: datetime, message: str) -> Wait:
    """The wait until fewer than `limit` requests are in the window."""
    over = len(window) - max(limit, 1)
    leaving = sorted(sent.at for sent in window)[over] if window else now
    return Wait(max(0.05, (leaving + WINDOW - now).total_seconds()), message)


def _full_message(priority: str, per_minute: int) -> str:
    if priority in PEOPLE:
        return f"VoiceDock allows this connection {per_minute} requests a minute, and they are used."
    return "Background work has used its share of this minute; the rest is kept for people."
