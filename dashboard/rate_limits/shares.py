"""Whether a request may be sent now: the rules of one connection's minute, decided from the requests in it.

Knows no database.

VoiceDock allows 100 requests a minute per key and 10 commands a minute per call (`voicedock-api.md §1.4`). Whether its
window slides or starts afresh is not known, so no 60 s of any kind may hold more: ours slides over 60.5 s, with 4 %
kept back for what the network delays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from dashboard.rate_limits.models import Priority

WINDOW = timedelta(seconds=60.5)
CEILING = {  # requests of a priority leave while the whole connection has sent fewer than this, of 100 a minute
    Priority.END: 96,
    Priority.CONTROL: 90,
    Priority.PLACE: 84,
    Priority.RECONCILE: 72,
    Priority.LIVE: 66,
    Priority.REST: 60,
}
PEOPLE = (Priority.END, Priority.CONTROL, Priority.PLACE)
COMMANDS = (Priority.END, Priority.CONTROL)
LEFT_FOR_OTHERS = 2  # end-calls that one client leaves to the others, however much it has to end
PER_CALL = 10
KEPT_FOR_END = 2


@dataclass(frozen=True)
class Request:
    """One request that left us."""

    at: datetime
    priority: str
    tenant: int | None = None
    call: UUID | None = None


@dataclass(frozen=True)
class Wait:
    """Not now: how long until it is worth asking again, in seconds, and why, in words for a person."""

    seconds: float
    words: str


@dataclass(frozen=True)
class CommandQuota:
    """The commands of one call: how many are used and free, and when the next comes back."""

    used: int
    limit: int
    kept: int
    free: int
    back_in: int


def ceiling(priority: str, per_minute: int = 100) -> int:
    return CEILING[Priority(priority)] * per_minute // 100


def decide(
    window: Collection[Request],
    wish: Request,
    *,
    per_minute: int = 100,
    sharing: Iterable[int] = (),
    resting_until: datetime | None = None,
) -> Wait | None:
    """None when `wish` may be sent. `window`: all requests of the connection, oldest first, none older than WINDOW.

    `sharing`: the clients that have a right to this connection's share for people, each to an equal part of it.
    """
    if wish.priority not in PEOPLE and resting_until and resting_until > wish.at:
        return Wait((resting_until - wish.at).total_seconds(), "VoiceDock asked us to wait; background work rests.")
    if wish.call and wish.priority in COMMANDS and (wait := _of_call(window, wish)):
        return wait
    room = ceiling(wish.priority, per_minute)
    if len(window) >= room:
        return _until(window, room, wish.at, _full(wish.priority, per_minute))
    held = _held_for_others(window, wish, per_minute, sharing)
    if len(window) >= room - held:
        words = "This connection is shared and the other clients' share of this minute is kept for them."
        return _until(window, room - held, wish.at, words)
    return None


def command_quota(window: Iterable[Request], call: UUID, now: datetime) -> CommandQuota:
    """The ten commands of one call; the last two are kept for ending it."""
    mine = [one.at for one in window if one.call == call and one.priority in COMMANDS and one.at > now - WINDOW]
    back = ceil((mine[0] + WINDOW - now).total_seconds()) if mine else 0
    return CommandQuota(len(mine), PER_CALL, KEPT_FOR_END, max(0, PER_CALL - KEPT_FOR_END - len(mine)), max(0, back))


def _of_call(window: Iterable[Request], wish: Request) -> Wait | None:
    mine = [one for one in window if one.call == wish.call and one.priority in COMMANDS]
    allowed = PER_CALL if wish.priority == Priority.END else PER_CALL - KEPT_FOR_END
    if len(mine) < allowed:
        return None
    if wish.priority == Priority.END:
        return _until(mine, allowed, wish.at, "This call has used its 10 commands of this minute.")
    words = "This call has used its 8 commands of this minute; the last 2 are kept for ending it."
    return _until(mine, allowed, wish.at, words)


def _held_for_others(window: Iterable[Request], wish: Request, per_minute: int, sharing: Iterable[int]) -> int:
    """Requests that must stay free because they are the others' part of the people's share and still unspent."""
    tenants = set(sharing)
    if wish.priority not in PEOPLE or wish.tenant is None or len(tenants | {wish.tenant}) < 2:
        return 0
    used = dict.fromkeys(tenants | {wish.tenant}, 0)
    for one in window:
        if one.tenant in used and one.priority in PEOPLE:
            used[one.tenant] += 1
    part = (ceiling(wish.priority, per_minute) - ceiling(Priority.RECONCILE, per_minute)) / len(used)
    if used[wish.tenant] < part:
        return 0
    held = ceil(sum(max(0.0, part - spent) for tenant, spent in used.items() if tenant != wish.tenant))
    return min(held, LEFT_FOR_OTHERS) if wish.priority == Priority.END else held


def _until(window: Collection[Request], room: int, now: datetime, words: str) -> Wait:
    """Until so many have left the window that fewer than `room` remain."""
    over = len(window) - max(room, 1)
    leaving = sorted(one.at for one in window)[over] if window else now
    return Wait(max(0.05, (leaving + WINDOW - now).total_seconds()), words)


def _full(priority: str, per_minute: int) -> str:
    if priority in PEOPLE:
        return f"VoiceDock allows this connection {per_minute} requests a minute, and they are used."
    return "Background work has used its share of this minute; the rest is kept for people."
