"""`manage.py bench leads`: how long 100,000 rows of people take from the press on *Read it* until they are shown."""

from __future__ import annotations

import random
import re
import time

from tests import bench_figures, stack
from tests.bench_browser import signed_in
from tests.bench_figures import Figure

ROWS, SECONDS, PATIENCE = 100_000, 60.0, 600.0
TOKENS = r'name="(csrfmiddlewaretoken|opened_by)" value="([^"]*)"'
OWNER, SLUG = "owner@bloom.test", "bloom-dental"


def main(arguments: list[str]) -> int:
    with stack.folder() as folder, stack.up(folder) as patchbay, signed_in(patchbay, OWNER) as browser:
        sent = dict(re.findall(TOKENS, browser.get(f"/c/{SLUG}/campaigns/").text))
        origin = {"Origin": patchbay.url}
        people = f"{browser.post(f'/c/{SLUG}/campaigns/new/', data=sent, headers=origin).url.path}people/"
        began = time.monotonic()
        files = {"file": ("people.csv", _content(), "text/csv")}
        browser.timeout = PATIENCE
        answer = browser.post(people, data=sent | {"part": "file"}, files=files, headers=origin)
        answer.raise_for_status()
        taken = time.monotonic() - began
        while "being read" in browser.get(people).text and time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
        took = time.monotonic() - began
        assert f"{ROWS:,} rows" in browser.get(people).text, "the rows were not read"
    figures = [
        Figure("100,000 rows, taken", taken * 1000, taken * 1000, 0.0, taken / SECONDS, 1.0),
        Figure("100,000 rows, read and shown", took * 1000, took * 1000, 0.0, took / SECONDS, 1.0),
    ]
    return bench_figures.report(figures, as_json="--json" in arguments)


def _content() -> bytes:
    """Numbers as people write them, some of them wrong."""
    chance = random.Random(7)
    lines = ["naam;telefoon;laatste;tijd;plaats"]
    for nth in range(ROWS):
        digits = chance.randint(10_000_000, 59_999_999)
        wrong = f"6{digits}" if chance.random() < 0.1 else "onbekend"
        number = chance.choice([f"06-{digits}", f"+316{digits}", f"06 {digits}", f"00316{digits}", wrong])
        lines.append(f"Mevr. Zoë Jansen {nth};{number};{chance.randint(1, 28)} mei;ochtend;Amsterdam")
    return "\r\n".join(lines).encode("cp1252")
