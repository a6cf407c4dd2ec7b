"""The web server: streams end before it stops, and a proxy is believed only when there is one."""

import asyncio

import pytest
import uvicorn

from dashboard.live import feed
from dashboard.running import children, pulse, web
from dashboard.running.places import free_port


def test_streams_are_ended_before_the_server_waits_for_them(monkeypatch):
    order = []
    monkeypatch.setattr(feed, "close", lambda: order.append("streams end"))

    async def stop(self, sockets=None):
        order.append("server stops")

    monkeypatch.setattr(uvicorn.Server, "shutdown", stop)
    asyncio.run(web.Server(web.configuration("127.0.0.1", 1)).shutdown())
    assert order == ["streams end", "server stops"]


def test_one_that_would_not_end_is_not_waited_for_for_ever():
    """But longer than one that waits for VoiceDock, which may take 30 s."""
    assert web.configuration("127.0.0.1", 1).timeout_graceful_shutdown == web.IN_FLIGHT == 35
    assert children.web(1, {}).stop_limit > web.IN_FLIGHT + web.notice()


@pytest.mark.parametrize(("told", "believed"), [(None, False), ("0", False), ("1", True)])
def test_a_proxy_is_believed_only_when_there_is_one(monkeypatch, told, believed):
    monkeypatch.delenv("PATCHBAY_PROXY", raising=False)
    if told:
        monkeypatch.setenv("PATCHBAY_PROXY", told)
    assert web.configuration("127.0.0.1", 1).proxy_headers is believed


def test_nobody_there_is_no_pulse():
    assert not pulse.answers(f"http://127.0.0.1:{free_port()}/healthz")
