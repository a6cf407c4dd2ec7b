"""The real web server: slow senders hold nobody up, and what has begun is finished when it is stopped."""

import socket
import subprocess

import httpx
import pytest

from tests.patience import PATIENCE
from tests.web import server

pytestmark = pytest.mark.django_db
FORM = b"login=nobody%40bloom.test&password=not+the+right+one"


@pytest.fixture
def web():
    with server.started() as one:
        yield one.wait()


def half_sent(web, body=FORM):
    """A form of which the second half has not been sent."""
    line = socket.create_connection(("127.0.0.1", web.port), 10)
    line.settimeout(20)
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    line.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body[:20])
    return line


def test_slow_uploads_hold_nobody_up(web):
    """More of them than the pages have threads."""
    slow = [half_sent(web) for _ in range(24)]
    with httpx.Client(base_url=web.url, trust_env=False, timeout=PATIENCE) as browser:
        for page in ("/healthz", "/readyz", "/accounts/login/", "/hooks/voicedock/nobody/"):
            assert browser.get(page).status_code in (200, 405), page
    for line in slow:
        line.sendall(FORM[20:])
        assert line.recv(100).startswith(b"HTTP/1.1 403"), "without a token it is refused, but it is answered"
        line.close()


def test_twenty_megabytes_are_refused_before_they_are_sent(web):
    answer = httpx.post(f"{web.url}/accounts/login/", files={"file": b"x" * (20 << 20)}, trust_env=False, timeout=20)
    assert answer.status_code == 413 and "Nothing was done" in answer.text
    line = socket.create_connection(("127.0.0.1", web.port), 10)
    line.settimeout(10)
    line.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20971520\r\n\r\n")
    assert line.recv(100).startswith(b"HTTP/1.1 413"), "nothing of the body was sent"
    line.close()


def test_what_has_begun_when_it_is_stopped_is_finished(web):
    begun = half_sent(web)
    httpx.get(f"{web.url}/healthz", trust_env=False)  # the server has read what was sent before
    web.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        web.process.wait(0.5)
    begun.sendall(FORM[20:])
    assert begun.recv(100).startswith(b"HTTP/1.1 403")
    begun.close()
    web.process.wait(20)


@pytest.mark.parametrize(
    "address",
    [
        b"/accounts/login/?next=\xff\xfe",
        b"/accounts/login/?next=%00",
        b"/%ff%00/",
        b"/events/?c=%00",
        b"/events/?c=\xff",
        b"//evil.test/",
        b"/c/%F0%9F%98%80/",
    ],
)
@pytest.mark.parametrize("host", [b"127.0.0.1", b"evil.test", b"a b", b"\xff"])
def test_no_address_and_no_host_is_a_fault_of_ours(web_once, address, host):
    with socket.create_connection(("127.0.0.1", web_once.port), 10) as line:
        line.settimeout(10)
        line.sendall(b"GET " + address + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        status = int(line.recv(100).split()[1])
    assert status < 500
    if host != b"127.0.0.1":
        assert status == 400


@pytest.fixture(scope="module")
def web_once(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), server.started() as one:
        yield one.wait()
