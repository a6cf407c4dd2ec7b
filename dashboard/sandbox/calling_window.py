"""The daily window of a campaign, by the wall clock of its zone (voicedock-api.md §6)."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .records import Campaign

LAST_SECOND = time(23, 59, 59)  # an end from here on is the end of the day


def is_open(campaign: Campaign, at: float, overnight: bool = True) -> bool:
    """Whether `at` (Unix seconds) lies in the window.

    `overnight`: a window that does not end after its start goes on to the next day; otherwise it never opens.
    """
    local = datetime.fromtimestamp(at, ZoneInfo(campaign.timezone)).time()
    start, stop = time.fromisoformat(campaign.schedule_start_time), time.fromisoformat(campaign.schedule_end_time)
    before_stop = stop >= LAST_SECOND or local < stop
    if start < stop:
        return start <= local and before_stop
    return overnight and (local >= start or before_stop)


def opens_at(campaign: Campaign, at: float, overnight: bool = True) -> float:
    """The first moment after `at` at which a closed window is open: a start, or a change of the clock.

    A day later for a window that never opens, so that it is checked again then.
    """
    zone = ZoneInfo(campaign.timezone)
    start = time.fromisoformat(campaign.schedule_start_time)
    today = datetime.fromtimestamp(at, zone).date()
    starts = [datetime.combine(today + timedelta(days=days), start, zone) for days in range(3)]
    both_folds = [moment.replace(fold=fold) for moment in starts for fold in (0, 1)]
    moments = [moment.astimezone(UTC).timestamp() for moment in both_folds] + [*_clock_changes(zone, at)]
    openings = (moment for moment in sorted(moments) if moment > at and is_open(campaign, moment, overnight))
    return next(openings, at + 86_400.0)


def _clock_changes(zone: ZoneInfo, at: float) -> Iterator[float]:
    """The changes of the zone's offset within three days, to the second."""

    def offset(second: float) -> timedelta | None:
        return datetime.fromtimestamp(second, zone).utcoffset()

    for day in range(3):
        before, after = int(at) + day * 86_400, int(at) + (day + 1) * 86_400
        if offset(before) != (new_offset := offset(after)):
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (before, middle) if offset(middle) == new_offset else (middle, after)
            yield float(after)
