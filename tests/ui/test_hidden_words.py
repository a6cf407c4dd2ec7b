"""Words that only screen readers read do not widen a button."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
TAGS = re.compile(r"{#.*?#}|{%.*?%}", re.S)
VOID = {"br", "circle", "hr", "img", "input", "link", "meta", "path", "use"}
BUTTONS = {"button", "chip", "preset"}


class _Reader(HTMLParser):
    """`found` are the lines on which hidden words are themselves a part of a button."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        classes = set((dict(attrs).get("class") or "").split())
        if "hidden" in classes and self.open and self.open[-1][1]:
            self.found.append(self.getpos()[0])
        self.open.append((tag, bool(classes & BUTTONS)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass


def split_buttons(template: str) -> list[int]:
    reader = _Reader()
    reader.feed(TAGS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), template))
    return reader.found


def test_hidden_words_stand_in_one_part_with_the_words_that_are_seen():
    """Between the parts of a button is a gap: hidden words that are a part, or white space beside them, widen it."""
    wrong = {path.name: split_buttons(path.read_text()) for path in sorted(TEMPLATES.rglob("*.html"))}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


@pytest.mark.parametrize(
    ("inside", "is_split"),
    [
        ('Dismiss<span class="hidden"> it</span>', True),
        ('{% icon "x" %}\n<span class="hidden">Close</span>', True),
        ('<span>Dismiss<span class="hidden"> it</span></span>', False),
    ],
)
def test_what_splits_a_button(inside, is_split):
    assert bool(split_buttons(f'<button class="button button--small">{inside}</button>')) is is_split
