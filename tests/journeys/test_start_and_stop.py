"""Up, in use, down, and up again: nothing is left running, nothing is lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx

from dashboard.devserver import demo_logins, processes
from dashboard.devserver.paths import ROOT, free_port
from dashboard.web.server import IN_FLIGHT
from tests import stack
from tests.patience import PATIENCE

SIGNED_IN = "admin@patchbay.test"


def test_it_stops_in_order_while_people_watch_and_keeps_their_data():
    port = free_port()
    with stack.folder() as folder:
        began = time.monotonic()
        with stack.up(folder, port=port, PATCHBAY_WEB_PROCESSES="2") as patchbay:
            first_start = time.monotonic() - began  # what this machine takes to start it all, and to make the demo
            assert demo_logins.table() in _whole_output(patchbay)
            children = _children(patchbay)
            workers = {"interactive", "requests", "worker", "webhooks"}
            assert set(children) == {"postgres", "valkey", "sandbox", "web", "web-2", "beat"} | workers
            _is_refused_twice(patchbay)
            browser = _signed_in(patchbay)
            with browser.stream("GET", "/events/") as stream:
                assert stream.status_code == 200
                next(stream.iter_raw())
                patchbay.process.send_signal(signal.SIGINT)
                ended = _watch_until_ended(children)
                assert patchbay.process.wait(PATIENCE) == 0
                assert max(ended["web"], ended["web-2"]) - ended["beat"] < IN_FLIGHT / 2, (
                    f"the open stream held it up: {ended}"
                )
        assert [name for name, pid in children.items() if processes.born(pid)] == []

        began = time.monotonic()
        with stack.up(folder, port=port) as patchbay:
            assert time.monotonic() - began < max(30, first_start)
            again = "".join(patchbay.output)
            assert "Updating" not in again and "Preparing" not in again, "it is all there already"
            assert browser.get("/clients/").status_code == 200, "the session was kept"
        browser.close()


def _whole_output(patchbay: stack.Stack) -> str:
    """The table is printed right after the line that says it is ready."""
    deadline = time.monotonic() + PATIENCE
    while "Ctrl-C" not in "".join(patchbay.output) and time.monotonic() < deadline:
        time.sleep(0.01)
    return "".join(patchbay.output)


def _children(patchbay: stack.Stack) -> dict[str, int]:
    return {note.stem: json.loads(note.read_text())["pid"] for note in patchbay.places.run.glob("*.pid")}


def _watch_until_ended(children: dict[str, int]) -> dict[str, float]:
    """Seconds from now until each has ended; the web server is asked to stop as soon as beat has ended."""
    began, ended = time.monotonic(), {}
    while len(ended) < len(children) and time.monotonic() - began < PATIENCE:
        for name, pid in children.items():
            if name not in ended and processes.born(pid) is None:
                ended[name] = round(time.monotonic() - began, 1)
        time.sleep(0.02)
    return ended


def _is_refused_twice(patchbay: stack.Stack) -> None:
    """A second `up` on the same data, and a `reset` under its feet."""
    env = {**os.environ, "PATCHBAY_DATA": str(patchbay.places.data)}
    for command in (["up"], ["reset", "--yes"]):
        whole = [sys.executable, str(ROOT / "manage.py"), *command]
        result = subprocess.run(whole, env=env, capture_output=True, text=True)
        assert result.returncode == 1
        assert "is already up" in result.stderr or "is up. Stop it first" in result.stderr


def _signed_in(patchbay: stack.Stack) -> httpx.Client:
    browser = httpx.Client(base_url=patchbay.url, follow_redirects=True, trust_env=False, timeout=20)
    form = browser.get("/accounts/login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    browser.post(
        "/accounts/login/",
        data={"login": SIGNED_IN, "password": demo_logins.PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""},
        headers={"Origin": patchbay.url},
    )
    return browser
