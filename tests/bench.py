"""`manage.py bench`: start, pages, memory and stop of a whole Patchbay in a temporary folder, in plain figures."""

import re
import statistics
import sys
import time
from pathlib import Path

import httpx

from tests import bench_hung, bench_leads, bench_live, bench_pages, bench_sandbox, bench_streams, bench_webhooks, stack
from tests.bench_browser import signed_in

TIMES = 25
TURNS = 5  # of being well and being down, for each page
PAGES = {
    "admin@patchbay.test": ["/", "/live/", "/clients/", "/inventory/", "/calls/", "/campaigns/", "/activity/"],
    "owner@bloom.test": [f"/c/bloom-dental/{page}" for page in ("", "call/", "live/", "calls/", "campaigns/", "team/")],
}
PARTS = {
    "pages": bench_pages.main,
    "leads": bench_leads.main,
    "webhooks": bench_webhooks.main,
    "live": bench_live.main,
    "streams": bench_streams.main,
}


def main() -> None:
    with stack.folder() as folder:
        for start in ("first start", "second start"):
            began = time.monotonic()
            with stack.up(folder) as patchbay:
                _tell(start, f"{time.monotonic() - began:8.2f} s")
                if start == "first start":
                    _memory(patchbay)
                    for email, pages in PAGES.items():
                        _pages(patchbay, email, pages)
                    _while_down(patchbay)
                    with signed_in(patchbay, "operator@bloom.test") as browser:
                        bench_hung.measure(patchbay, browser, _tell)
                    bench_live.measure(patchbay, _tell)
                began = time.monotonic()
            _tell("stop", f"{time.monotonic() - began:8.2f} s")
    bench_sandbox.measure(_tell)


def _tell(what: str, figures: str) -> None:
    print(f"{what:<28}{figures}", flush=True)


def _pages(patchbay: stack.Stack, email: str, pages: list[str]) -> None:
    with signed_in(patchbay, email) as browser:
        for page in pages:
            took, answer = [], None
            for _ in range(TIMES):
                began = time.monotonic()
                answer = browser.get(page)
                took.append((time.monotonic() - began) * 1000)
            p95 = statistics.quantiles(took, n=20)[-1]
            size = len(answer.content) / 1024
            times = f"p50 {statistics.median(took):6.1f}  p95 {p95:6.1f} ms"
            _tell(page, f"{answer.status_code:>4}  {times}  {size:6.1f} KB")


def _while_down(patchbay: stack.Stack) -> None:
    """Pages while VoiceDock answers nothing, beside the same pages while it is well, turn by turn."""
    with httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=30) as admin_api:
        for email, pages in PAGES.items():
            with signed_in(patchbay, email) as browser:
                for page in pages:
                    took: dict[str, list[float]] = {"well": [], "down": []}
                    for nth in range(2 * TURNS):
                        how = ("well", "down")[nth % 2]
                        admin_api.delete("faults")
                        if how == "down":
                            admin_api.post("faults", json={"fault": "hang", "times": 0, "seconds": 60})
                        for _ in range(TIMES // TURNS):
                            began = time.monotonic()
                            browser.get(page).raise_for_status()
                            took[how].append((time.monotonic() - began) * 1000)
                    well, down = statistics.median(took["well"]), statistics.median(took["down"])
                    _tell(page, f"well {well:6.1f}  VoiceDock hangs {down:6.1f} ms  ratio {down / well:5.2f}")
        admin_api.delete("faults")


def _memory(patchbay: stack.Stack) -> None:
    """Proportional set size by process group: shared pages count once (Linux)."""
    for note in sorted(patchbay.places.run.glob("*.pid")):
        leader = int(re.search(r'"pid": (\d+)', note.read_text())[1])
        total = sum(_pss(pid) for pid in _family(leader))
        _tell(f"{note.stem}, memory", f"{total / 1024:8.0f} MB")


def _family(leader: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found = [leader]
    for pid in found:
        found += children.get(pid, [])
    return found


def _pss(pid: int) -> int:
    try:
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
    except (OSError, TypeError):
        return 0


if __name__ == "__main__":
    part = PARTS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    sys.exit(part(sys.argv[2:]) if part else main())
