"""The web server: streams end before it stops, and a proxy is believed only when there is one."""

import asyncio
import socket

import pytest
import uvicorn
from allauth.core.internal.httpkit import get_client_ip
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboard.devserver import services
from dashboard.devserver.paths import Places, free_port
from dashboard.live_updates import feed
from dashboard.web import healthchecks, server, shutdown


def test_streams_are_ended_before_the_server_waits_for_them(monkeypatch):
    order = []
    monkeypatch.setattr(shutdown, "_begun", False)  # and so again afterwards
    monkeypatch.setattr(feed, "close", lambda: order.append("streams end"))

    async def stop(self, sockets=None):
        order.append("server stops")

    monkeypatch.setattr(uvicorn.Server, "shutdown", stop)
    asyncio.run(server.Server(server.configuration("127.0.0.1", 1)).shutdown())
    assert order == ["streams end", "server stops"]


def test_one_that_would_not_end_is_not_waited_for_for_ever(tmp_path):
    """But longer than one that waits for VoiceDock, which may take 30 s."""
    assert server.configuration("127.0.0.1", 1).timeout_graceful_shutdown == server.IN_FLIGHT == 35
    with socket.socket() as listening:
        assert services.web(Places(tmp_path), listening, 1, {})[0].stop_limit > server.IN_FLIGHT + server.notice()


@pytest.mark.parametrize(("proxy", "believed"), [(None, False), ("0", False), ("1", True)])
def test_a_proxy_is_believed_only_when_there_is_one(monkeypatch, proxy, believed):
    monkeypatch.delenv("PATCHBAY_PROXY", raising=False)
    if proxy:
        monkeypatch.setenv("PATCHBAY_PROXY", proxy)
    assert server.configuration("127.0.0.1", 1).proxy_headers is believed


@pytest.mark.parametrize(
    ("peer", "forwarded", "client", "scheme"),
    [
        ("10.0.0.5", "203.0.113.9", "203.0.113.9", "https"),
        ("10.0.0.5", "1.1.1.1, 203.0.113.9", "203.0.113.9", "https"),  # what the browser wrote itself is left of it
        ("10.0.0.5", "1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9", "https"),  # two proxies
        ("198.51.100.7", "1.1.1.1", "198.51.100.7", "http"),  # past the proxy
    ],
)
def test_who_asks_is_read_from_the_right_and_from_named_proxies_alone(monkeypatch, peer, forwarded, client, scheme):
    monkeypatch.setenv("PATCHBAY_PROXY", "1")
    monkeypatch.setenv("PATCHBAY_PROXY_IPS", "10.0.0.5,10.1.0.0/16")
    seen = {}

    async def application(scope, receive, send):
        seen.update(scope)

    believed = ProxyHeadersMiddleware(application, server.configuration("127.0.0.1", 1).forwarded_allow_ips)
    headers = [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", b"https")]
    asyncio.run(believed({"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}, None, None))
    assert (seen["client"][0], seen["scheme"]) == (client, scheme)


def test_no_header_makes_a_request_secure(client, db):
    answer = client.get("/accounts/login/", headers={"x-forwarded-proto": "https", "x-forwarded-for": "1.1.1.1"})
    assert not answer.wsgi_request.is_secure() and get_client_ip(answer.wsgi_request) == "127.0.0.1"


def test_nobody_there_is_no_pulse():
    assert not healthchecks.answers(f"http://127.0.0.1:{free_port()}/healthz")
