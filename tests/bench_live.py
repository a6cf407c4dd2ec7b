"""Part of `manage.py bench`: how soon a change is on screen, a click at VoiceDock, the live panel, a full board."""

from __future__ import annotations

import random
import re
import shutil
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from dashboard.devserver.demo_logins import PASSWORD
from tests import stack
from tests.bench_browser import signed_in
from tests.stack import Stack

LINE = "+31205550142"
CHANGES = 50
CALLS, COMMANDS = 12, 4  # each call takes eight commands a minute before the last two are kept for ending it
BOARD, ROWS, TURNS, STORM = "/c/bloom-dental/live/", 200, 25, 500
PAINTED = 100  # of 25, the 95th percentile would be the slowest: the first one, while the browser still draws the page
WATCH = """() => {
    window.seen = {}; window.gone = {};
    const main = document.querySelector('main');
    const look = () => {
        const bay = document.querySelector('[aria-labelledby=column-live]')?.textContent ?? '';
        const there = new Set(bay.replace(/ /g, '').match(/\\+316\\d{8}/g) ?? []);
        for (const number of there) window.seen[number] ??= Date.now();
        for (const number in window.seen) if (!there.has(number)) window.gone[number] ??= Date.now();
    };
    new MutationObserver(look).observe(main, {subtree: true, childList: true, characterData: true});
}"""
CLICKS = "() => addEventListener('click', () => sessionStorage.setItem('clicked', Date.now()), {capture: true})"
ANNOUNCE = """const rows = [...document.querySelectorAll('.call-card')].map(row => row.id.slice(5));
    const announce = () => document.body.dispatchEvent(new CustomEvent('changed:call',
        {detail: {ref: rows[Math.floor(Math.random() * rows.length)]}}));"""
ONE_CHANGE = f"""async times => {{
    {ANNOUNCE}
    const took = [];
    for (let turn = 0; turn < times; turn++) {{
        const painted = new Promise(done => document.addEventListener('patchbay:painted', done, {{once: true}}));
        const began = performance.now();
        announce();
        await painted;
        took.push(performance.now() - began);
        await new Promise(done => setTimeout(done, 300));
    }}
    return took;
}}"""
MANY_CHANGES = f"""async ({{perSecond, seconds}}) => {{
    {ANNOUNCE}
    let longest = 0, blocked = 0, painted = 0;
    const observer = new PerformanceObserver(list => {{
        for (const {{duration}} of list.getEntries()) {{
            longest = Math.max(longest, duration);
            blocked += duration - 50;
        }}
    }});
    observer.observe({{type: 'longtask'}});
    document.addEventListener('patchbay:painted', () => painted++);
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {{
        for (let nth = 0; nth < perSecond / 100; nth++) announce();
        await new Promise(done => setTimeout(done, 10));
    }}
    observer.disconnect();
    return {{longest, blocked, painted}};
}}"""
WEIGHT = """() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return {requests: all.length, sent: all.reduce((sum, one) => sum + one.transferSize, 0),
            whole: all.reduce((sum, one) => sum + one.decodedBodySize, 0)};
}"""


def main(arguments: list[str]) -> int:
    """`manage.py bench live`: these figures alone."""
    with stack.folder() as folder, stack.up(folder) as patchbay:
        measure(patchbay, lambda what, figures: print(f"{what:<34}{figures}", flush=True))
    return 0


def measure(patchbay: Stack, tell: Callable[[str, str], None]) -> None:
    """With Chromium; says so and goes on without it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        tell("in the browser", "not measured: no Chromium on this machine")
        return
    admin_api = httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=30)
    with sync_playwright() as playwright, admin_api:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=patchbay.url)
        _sign_in(page)
        admin_api.post(
            "options", json={"outcome": "conversation", "background_traffic": False, "campaigns_dial": False}
        )
        admin_api.post("clock", json={"speed": 0})  # nothing changes but what is forced
        _spread(tell, "a change, on screen", _changes(page, admin_api, apart=0.6))
        _spread(tell, "the same, back to back", _changes(page, admin_api))
        admin_api.post("clock", json={"speed": 1, "advance": -admin_api.get("clock").json()["ahead_seconds"]})
        for turn, (mode, fill) in enumerate(MODES.items()):
            _spread(tell, f"{mode}, at VoiceDock", _placed(page, admin_api, fill, turn))
        _spread(tell, "a command, at VoiceDock", _commands(page, admin_api))
        _weigh(browser.new_page, page, tell)
        _full_board(patchbay, admin_api, tell)
        _storm(page, tell)
        browser.close()


def _sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("operator@bloom.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "login" not in url)


def _changes(page: Page, admin_api: httpx.Client, apart: float = 0.0) -> list[float]:
    """Milliseconds from a call's change in the sandbox until its row is among the live calls on the board, or gone.

    `apart` are the least seconds before each: the board asks at most twice a second, which those back to back wait for.
    """
    page.goto("/c/bloom-dental/live/")
    page.evaluate(WATCH)
    took = []
    for nth in range(CHANGES // 2):
        person = f"+31612{3 if apart else 5}{nth:05}"
        call = admin_api.post("calls/inbound", json={"number": LINE, "from": person, "outcome": "conversation"}).json()
        for status, noted in (("in-progress", "seen"), ("ended", "gone")):
            time.sleep(apart and random.uniform(apart, 2 * apart))
            began = time.time() * 1000
            admin_api.post(f"calls/{call['id']}/force", json={"status": status})
            page.wait_for_function("([noted, person]) => window[noted][person]", arg=[noted, person])
            took.append(page.evaluate("([noted, person]) => window[noted][person]", [noted, person]) - began)
    return took


def _saved(page: Page) -> None:
    page.goto("/c/bloom-dental/call/")


def _changed(page: Page) -> None:
    page.goto("/c/bloom-dental/call/")
    page.get_by_text("Say something else first").click()
    page.locator("[name=first_message]").fill("Good morning, this is Bloom Dental.")
    page.locator("[name=facts]").fill("The practice is closed on Friday.")


def _one_time(page: Page) -> None:
    page.goto("/c/bloom-dental/call/once/")


MODES = {
    "Call, saved assistant": _saved,
    "Call, assistant changed": _changed,
    "Call, one-time assistant": _one_time,
}


def _placed(page: Page, admin_api: httpx.Client, fill: Callable[[Page], None], turn: int) -> list[float]:
    """Milliseconds from the click to the arrival of the request; `fill` opens the form and makes its changes."""
    took = []
    for nth in range(CALLS):
        fill(page)
        _press(page, f"+31612{4 + turn}{nth:05}")
        took.append(_arrival(admin_api, "/calls/outbound") - _clicked(page))
        _end_last(page, admin_api)
    return took


def _press(page: Page, person: str) -> None:
    """Place the call of this form, and see its panel."""
    page.add_init_script(f"({CLICKS})()")
    page.evaluate(f"({CLICKS})()")
    page.get_by_label("Number to call").fill(person)
    page.get_by_role("button", name=re.compile("^Call (.*from|with)")).click()
    page.wait_for_url(re.compile("/calls/[0-9a-f-]{36}/$"))


def _end_last(page: Page, admin_api: httpx.Client) -> None:
    """And see it on its panel: then the client has a place for the next one."""
    call = re.search(r'"(call-[^"]+)"', _last(admin_api, "/calls/outbound")["answer"])
    admin_api.post(f"calls/{call[1] if call else ''}/force", json={"status": "ended"}).raise_for_status()
    page.locator(".finished-call").wait_for(timeout=60_000)


def _commands(page: Page, admin_api: httpx.Client) -> list[float]:
    """The same for commands into a call."""
    asked = []
    for nth in range(CALLS):
        _saved(page)
        _press(page, f"+316128{nth:05}")
        send = page.get_by_role("button", name="Send context")
        for words in range(COMMANDS):
            page.get_by_placeholder("Something the assistant should know").fill(f"Fact {words}")
            send.click()
            page.get_by_role("log").get_by_text(f"Fact {words}", exact=True).wait_for()
            page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")  # a second press waits
            asked.append(_arrival(admin_api, "/control") - _clicked(page))
        remote = _last(admin_api, "/control")["path"].split("/")[-2]
        admin_api.post(f"calls/{remote}/force", json={"status": "ended"})
    return asked


def _full_board(patchbay: Stack, admin_api: httpx.Client, tell: Callable[[str, str], None]) -> None:
    """One changed row, and a hundred, beside the whole board of 200 live calls, turn by turn."""
    for number in range(ROWS):
        asked = {"number": LINE, "from": f"+316127{number:05}", "outcome": "max-duration"}
        admin_api.post("calls/inbound", json=asked).raise_for_status()
    with signed_in(patchbay, "operator@bloom.test") as browser:
        cards = _cards(browser, at_least=ROWS)
        requests = {
            "the whole board": BOARD,
            "one changed row": f"{BOARD}?rows={cards[0]}",
            "100 changed rows": f"{BOARD}?rows={','.join(cards[:100])}",
        }
        took: dict[str, list[float]] = {name: [] for name in requests}
        for _ in range(TURNS):
            for name, address in requests.items():
                began = time.monotonic()
                browser.get(address, headers={"HX-Request": "true"}).raise_for_status()
                took[name].append((time.monotonic() - began) * 1000)
    whole = statistics.median(took["the whole board"])
    for name, times in took.items():
        tell(
            f"{ROWS} live, {name}",
            f"p50 {statistics.median(times):6.1f} ms  ratio {statistics.median(times) / whole:5.2f}",
        )


def _storm(page: Page, tell: Callable[[str, str], None]) -> None:
    """The full board in a browser: one change until it is painted, and many a second with the longest task of the page.

    The changes are announced in the page, as the stream of events does; the rows come from the server.
    """
    page.goto(BOARD)
    page.locator(".call-card").nth(ROWS - 1).wait_for()
    _spread(tell, f"{ROWS} live, one change painted", page.evaluate(ONE_CHANGE, PAINTED))
    found = page.evaluate(MANY_CHANGES, {"perSecond": STORM, "seconds": 5})
    figures = f"longest task {found['longest']:5.0f} ms  blocked {found['blocked']:5.0f} ms of 5 s"
    tell(f"{ROWS} live, {STORM} changes a second", f"{figures}  painted {found['painted']} times")


def _cards(browser: httpx.Client, at_least: int) -> list[str]:
    """The ids of the calls on the board, once there are so many."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = re.findall(r'id="card-([0-9a-f-]{36})"', browser.get(BOARD).text)
        if len(found) >= at_least:
            return found
        time.sleep(1)
    raise TimeoutError(f"The board does not show {at_least} calls.")


def _clicked(page: Page) -> float:
    return float(page.evaluate("() => sessionStorage.getItem('clicked')"))


def _last(admin_api: httpx.Client, ending: str) -> dict[str, Any]:
    asked = admin_api.get("log", params={"limit": 200}).json()["requests"]
    return next(request for request in reversed(asked) if request["path"].endswith(ending))


def _arrival(admin_api: httpx.Client, ending: str) -> float:
    return float(_last(admin_api, ending)["arrived"]) * 1000


def _weigh(new_page: Callable[..., Page], page: Page, tell: Callable[[str, str], None]) -> None:
    """The live panel in a browser that has nothing yet, and again in one that was there before."""
    address, state = page.url, page.context.storage_state()
    fresh = new_page(storage_state=state)
    for visit in ("first visit", "again"):
        fresh.goto(address)
        fresh.wait_for_load_state("load")
        weight = fresh.evaluate(WEIGHT)
        figures = (
            f"{weight['requests']:4} requests  {weight['sent'] / 1024:6.1f} KB sent  {weight['whole'] / 1024:6.1f} KB"
        )
        tell(f"live panel, {visit}", figures)


def _spread(tell: Callable[[str, str], None], what: str, took: list[float]) -> None:
    p95 = statistics.quantiles(took, n=20)[-1]
    tell(what, f"p50 {statistics.median(took):6.0f}  p95 {p95:6.0f} ms  of {len(took)}")
