"""What is wrong with the layout of a page: see layout.js, which runs in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LAYOUT = Path(__file__).with_name("layout.js").read_text()
STRUCTURE = Path(__file__).with_name("structure.js").read_text()


def crooked(page: Any) -> list[str]:
    """One line for each text or control that is cut, covered, overprinted or beside the window as it is now."""
    return list(page.evaluate(LAYOUT))


def structure(page: Any) -> str:
    """What the page is made of: equal for pages that differ in texts and in the number of rows."""
    return str(page.evaluate(STRUCTURE))
