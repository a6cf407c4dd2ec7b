"""A stream that opens while the access of its session is read again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from dashboard.live_updates import sessions
from dashboard.live_updates.access import Access, StreamRequest
from dashboard.live_updates.listeners import Audience, Listener
from dashboard.live_updates.sessions import Session, Sessions

OLD, NEW = Audience(frozenset({1, 2}), None, 7), Audience(frozenset({1}), None, 7)


class Opened:
    """A stream of the session."""

    def __init__(self, slug: str) -> None:
        self.request, self.listener = StreamRequest("key", slug), Listener(OLD)


def test_a_stream_that_was_read_before_a_change_is_read_again(monkeypatch):
    session = Session("key")
    session.streams = [Opened("harbor")]

    async def fetch(stream_request):
        session.streams.append(Opened("bloom"))  # read before the change, and listed only now
        return Access(NEW, 5)

    monkeypatch.setattr(sessions, "fetch", fetch)
    feed = SimpleNamespace(change_audience=lambda listener, audience: listener.narrow(audience))
    asyncio.run(Sessions()._read_again(feed, session))
    assert [stream.listener.audience for stream in session.streams] == [NEW, OLD] and session.mark is None
