"""Part of `manage.py bench`: pages and an end-call of another call while fifty commands hang at VoiceDock."""

from __future__ import annotations

import re
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.stack import Stack

LINE = "+31205550142"
HUNG, CALLS = 50, 7  # a call takes eight commands a minute
PAGES = ["/c/bloom-dental/", "/c/bloom-dental/live/", "/c/bloom-dental/calls/", "/c/bloom-dental/campaigns/"]
TIMES = 25  # of each page, before and while they hang
ENDS = 2  # of a call that is not one of those
HANGS_FOR = 28  # seconds


def measure(patchbay: Stack, browser: httpx.Client, tell: Callable[[str, str], None]) -> None:
    """`browser` is signed in as an operator of Bloom Dental."""
    with httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=30) as admin_api:
        admin_api.post(
            "options", json={"outcome": "conversation", "background_traffic": False, "campaigns_dial": False}
        )
        admin_api.post("clock", json={"speed": 0})  # nobody hangs up meanwhile
        calls = _talking(admin_api, browser, CALLS + ENDS)
        usual = _pages(browser)
        admin_api.post("faults", json={"fault": "hang", "times": 0, "seconds": HANGS_FOR, "route": "/calls/*/control"})
        with ThreadPoolExecutor(HUNG + ENDS) as people:
            hung = [people.submit(_command, browser, calls[n % CALLS], "say", words=f"{n}") for n in range(HUNG)]
            until = time.monotonic() + 15
            while _arrived(admin_api) < HUNG and time.monotonic() < until:
                time.sleep(0.05)
            before = sum(not one.done() for one in hung)
            left = [_end(admin_api, people, browser, call) for call in calls[CALLS:]]
            loaded = _pages(browser)
            still = sum(not one.done() for one in hung)
            for answer in hung:
                answer.result()
        admin_api.delete("faults")
        admin_api.post("clock", json={"speed": 1, "advance": max(0, -admin_api.get("clock").json()["ahead_seconds"])})
    tell("commands that hang", f"{before:4} at first, {still:4} at the end of this measurement")
    for page in PAGES:
        p95 = [statistics.quantiles(took[page], n=20)[-1] for took in (usual, loaded)]
        tell(page, f"p95 {p95[0]:6.1f}  {before} commands hang {p95[1]:6.1f} ms  ratio {p95[1] / p95[0]:5.2f}")
    tell("End call, at VoiceDock", "  ".join(f"{one:6.0f} ms" for one in left))


def _talking(admin_api: httpx.Client, browser: httpx.Client, count: int) -> list[str]:
    """Paths of calls that are in progress, as Patchbay knows them."""
    for nth in range(count):
        call = admin_api.post(
            "calls/inbound", json={"number": LINE, "from": f"+3161290{nth:04}", "outcome": "conversation"}
        ).json()
        admin_api.post(f"calls/{call['id']}/force", json={"status": "in-progress"})
    until, found = time.monotonic() + 30, []
    while len(found) < count and time.monotonic() < until:
        page = browser.get("/c/bloom-dental/live/").text
        links = dict.fromkeys(re.findall(r'href="(/c/bloom-dental/calls/[0-9a-f-]{36}/)', page))
        found = [link for link in links if "Send context" in browser.get(link).text]
        time.sleep(0.3)
    return found[:count]


def _command(browser: httpx.Client, call: str, kind: str, **fields: str) -> httpx.Response:
    data = {"type": kind, "token": str(uuid.uuid4()), "csrfmiddlewaretoken": browser.cookies["patchbay-csrf"], **fields}
    headers = {"Origin": str(browser.base_url).rstrip("/")}
    return browser.post(f"{call}command/", data=data, headers=headers, timeout=60, follow_redirects=False)


def _end(admin_api: httpx.Client, people: ThreadPoolExecutor, browser: httpx.Client, call: str) -> float:
    """Milliseconds from the click to its arrival at VoiceDock."""
    known, began = len(_ends(admin_api)), time.time()
    people.submit(_command, browser, call, "end-call")
    until = time.monotonic() + 20
    while len(ends := _ends(admin_api)) == known and time.monotonic() < until:
        time.sleep(0.02)
    return (ends[-1]["arrived"] - began) * 1000 if len(ends) > known else float("inf")


def _asked(admin_api: httpx.Client) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = admin_api.get("log", params={"limit": 400}).json()["requests"]
    return [one for one in requests if one["path"].endswith("/control")]


def _arrived(admin_api: httpx.Client) -> int:
    return sum(one["body"]["type"] == "say" for one in _asked(admin_api))


def _ends(admin_api: httpx.Client) -> list[dict[str, Any]]:
    return [one for one in _asked(admin_api) if one["body"]["type"] == "end-call"]


def _pages(browser: httpx.Client) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(TIMES):
        for page in PAGES:
            began = time.monotonic()
            browser.get(page).raise_for_status()
            took[page].append((time.monotonic() - began) * 1000)
    return took
