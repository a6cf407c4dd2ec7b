"""Who may speak next: the rules of one connection's minute, decided from what was spent in it. Knows no database.

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

from dashboard.budget.models import Lane

WINDOW = timedelta(seconds=60.5)
CEILING = {  # a lane may speak while the whole connection has spent less than this, of 100 a minute
    Lane.END: 96,
    Lane.CONTROL: 90,
    Lane.PLACE: 84,
    Lane.RECONCILE: 72,
    Lane.LIVE: 66,
    Lane.REST: 60,
}
PEOPLE = (Lane.END, Lane.CONTROL, Lane.PLACE)
COMMANDS = (Lane.END, Lane.CONTROL)
LAST_WORDS = 2  # end-calls that one client leaves to the others, however much it has to end
PER_CALL = 10
KEPT_FOR_END = 2


@dataclass(frozen=True)
class Spend:
    """One request that left us."""

    at: datetime
    lane: str
    tenant: int | None = None
    call: UUID | None = None


@dataclass(frozen=True)
class Wait:
    """Not now: how long until it is worth asking again, in seconds, and why, in words for a person."""

    seconds: float
    words: str


@dataclass(frozen=True)
class Cells:
    """The commands of one call: how many are used and free, and when the next comes back."""

    used: int
    limit: int
    kept: int
    free: int
    back_in: int


def ceiling(lane: str, per_minute: int = 100) -> int:
    return CEILING[Lane(lane)] * per_minute // 100


def judge(
    window: Collection[Spend],
    wish: Spend,
    *,
    per_minute: int = 100,
    sharing: Iterable[int] = (),
    resting_until: datetime | None = None,
) -> Wait | None:
    """None when `wish` may be spent. `window`: all spends of the connection, oldest first, none older than WINDOW.

    `sharing`: the clients that have a right to this connection's share for people, each to an equal part of it.
    """
    if wish.lane not in PEOPLE and resting_until and resting_until > wish.at:
        return Wait((resting_until - wish.at).total_seconds(), "VoiceDock asked us to wait; background work rests.")
    if wish.call and wish.lane in COMMANDS and (wait := _of_call(window, wish)):
        return wait
    room = ceiling(wish.lane, per_minute)
    if len(window) >= room:
        return _until(window, room, wish.at, _full(wish.lane, per_minute))
    held = _held_for_others(window, wish, per_minute, sharing)
    if len(window) >= room - held:
        words = "This connection is shared and the other clients' share of this minute is kept for them."
        return _until(window, room - held, wish.at, words)
    return None


def cells(window: Iterable[Spend], call: UUID, now: datetime) -> Cells:
    """The ten commands of one call; the last two are kept for ending it."""
    mine = [one.at for one in window if one.call == call and one.lane in COMMANDS and one.at > now - WINDOW]
    back = ceil((mine[0] + WINDOW - now).total_seconds()) if mine else 0
    return Cells(len(mine), PER_CALL, KEPT_FOR_END, max(0, PER_CALL - KEPT_FOR_END - len(mine)), max(0, back))


def _of_call(window: Iterable[Spend], wish: Spend) -> Wait | None:
    mine = [one for one in window if one.call == wish.call and one.lane in COMMANDS]
    allowed = PER_CALL if wish.lane == Lane.END else PER_CALL - KEPT_FOR_END
    if len(mine) < allowed:
        return None
    if wish.lane == Lane.END:
        return _until(mine, allowed, wish.at, "This call has used its 10 commands of this minute.")
    words = "This call has used its 8 commands of this minute; the last 2 are kept for ending it."
    return _until(mine, allowed, wish.at, words)


def _held_for_others(window: Iterable[Spend], wish: Spend, per_minute: int, sharing: Iterable[int]) -> int:
    """Requests that must stay free because they are the others' part of the people's share and still unspent."""
    tenants = set(sharing)
    if wish.lane not in PEOPLE or wish.tenant is None or len(tenants | {wish.tenant}) < 2:
        return 0
    used = dict.fromkeys(tenants | {wish.tenant}, 0)
    for one in window:
        if one.tenant in used and one.lane in PEOPLE:
            used[one.tenant] += 1
    part = (ceiling(wish.lane, per_minute) - ceiling(Lane.RECONCILE, per_minute)) / len(used)
    if used[wish.tenant] < part:
        return 0
    held = ceil(sum(max(0.0, part - spent) for tenant, spent in used.items() if tenant != wish.tenant))
    return min(held, LAST_WORDS) if wish.lane == Lane.END else held


def _until(window: Collection[Spend], room: int, now: datetime, words: str) -> Wait:
    """Until so many have left the window that fewer than `room` remain."""
    over = len(window) - max(room, 1)
    leaving = sorted(one.at for one in window)[over] if window else now
    return Wait(max(0.05, (leaving + WINDOW - now).total_seconds()), words)


def _full(lane: str, per_minute: int) -> str:
    if lane in PEOPLE:
        return f"VoiceDock allows this connection {per_minute} requests a minute, and they are used."
    return "Background work has used its share of this minute; the rest is kept for people."
