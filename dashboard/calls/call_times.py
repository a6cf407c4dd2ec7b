"""Times of a call on screens. VoiceDock's clock may lag ours: no time is shown that lies before that of its cause."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dashboard.calls.models import Call


def answered_at(call: Call) -> datetime | None:
    """Not before the call was placed, nor before it was sent; None while it is not answered."""
    reported = call.started_at or (call.state_at if call.is_answered else None)
    return not_before(reported, [call.created_at, call.sent_at or call.created_at]) if reported else None


def ended_at(call: Call, causes: Iterable[datetime] = ()) -> datetime | None:
    """Not before the call was answered, nor before the commands that caused its end; None where no end is reported."""
    known = answered_at(call) or call.created_at
    return not_before(call.ended_at, [known, *causes]) if call.ended_at else None


def not_before(moment: datetime, causes: Iterable[datetime]) -> datetime:
    return max([moment, *causes])
