"""Every page for every kind of person, at 1440, 1024 and 390, each light and dark.

No rule of WCAG is broken; no text or control is cut, covered, overprinted or wider than the window; nothing is in the
console. At 390 with a finger; the layout is measured at 720 too, which a zoom of 200 % leaves of 1440.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys import demo_rows, every_page
from tests.journeys.axe import by_width, findings, pale, stand_still
from tests.journeys.calling import people_of_journeys, talking
from tests.journeys.demo_rows import CLIENT
from tests.journeys.every_page import READERS, Page, Reader
from tests.journeys.layout import crooked, structure
from tests.journeys.pictures import Album

Size = tuple[int, int]
PEOPLE = [f"+31 6 1234 56{last}" for last in range(83, 83 + len(READERS))]  # no other journey calls them
WIDE, TABLET, ZOOMED, PHONE = (1440, 900), (1024, 768), (720, 450), (390, 844)
SCREEN: dict[str, Any] = {"viewport": {"width": WIDE[0], "height": WIDE[1]}, "color_scheme": "light"}


class Reading:
    """A person who opens page after page in one window; `wrong` has a line for each finding.

    Every page is measured at the widest and the narrowest width. Of pages with the same structure, whoever reads them,
    the first is seen by axe at every width in both schemes, and the album keeps its pictures.
    """

    def __init__(self, page: Any, name: str, known: set[str], album: Album) -> None:
        self.page, self.name, self.known, self.album = page, name, known, album
        self.wrong: list[str] = []
        self.been: set[str] = set()
        self.browser = page.context.new_cdp_session(page)

    def read(self, one: Page) -> None:
        answer = self.page.goto(one.path)
        if answer.status != one.status:
            self.wrong.append(f"{one.path} answers {answer.status}")
        if self.page.url in self.been:  # it led to a page that has been read
            return
        self.been.add(self.page.url)
        stand_still(self.page)
        is_new = (made_of := structure(self.page)) not in self.known
        self.known.add(made_of)
        for size in (WIDE, TABLET, ZOOMED, PHONE) if is_new else (WIDE, PHONE):
            self._finger(size == PHONE)
            self._size(size)
            self._note(one, size, "", crooked(self.page))
            if is_new and size != ZOOMED:
                self._look(one, size)
        self._finger(False)
        self._size(WIDE)

    def _look(self, one: Page, size: Size) -> None:
        """All rules once, those that depend on the width at each, and those that depend on colours in both schemes."""
        rules = findings if size == WIDE or one.is_main else by_width
        self._note(one, size, "light", rules(self.page, django=one.django))
        self.album.keep(self.page, f"{self.name}-{one.name}-{size[0]}-light")
        self.page.emulate_media(color_scheme="dark")
        self._note(one, size, "dark", pale(self.page))
        self.album.keep(self.page, f"{self.name}-{one.name}-{size[0]}-dark")
        self.page.emulate_media(color_scheme="light")

    def _size(self, size: Size) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def _finger(self, enabled: bool) -> None:
        """As Playwright's `has_touch` does, which holds for a whole window."""
        self.browser.send("Emulation.setTouchEmulationEnabled", {"enabled": enabled})

    def _note(self, one: Page, size: Size, scheme: str, found: list[str]) -> None:
        self.wrong += [f"{one.path} at {size[0]} {scheme}: {each}" for each in found]


@pytest.fixture(scope="session")
def known() -> set[str]:
    """The structures of the pages that somebody has read."""
    return set()


@pytest.fixture(scope="session")
def album() -> Album:
    return Album.empty()


@pytest.fixture
def rows(patchbay, window, sandbox, stillness):
    """Rows of a demo that stands still: somebody is on the phone and was sent a command, staff has visited the client,
    and somebody is invited."""
    found = demo_rows.read(patchbay)
    if not found.has_live_call or "receipt" not in found.ids:
        page = window("operator@bloom.test")
        page.goto(f"/c/{CLIENT}/")
        called = people_of_journeys(sandbox)  # who may have said since that they want no more calls
        talking(page, sandbox, next(one for one in PEOPLE if one.replace(" ", "") not in called), "Recall NL")
        page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
        page.get_by_role("button", name="Send context").click()
        page.locator("li.command-receipt").first.wait_for()
    if "visit" not in found.ids:
        page = window("admin@patchbay.test")
        page.goto(f"/c/{CLIENT}/")
        enter(page)
    return demo_rows.read(patchbay)


@pytest.mark.parametrize("name", READERS)
def test_every_page(window, rows, known, album, name):
    reader = READERS[name]
    reading = Reading(window(reader.email, **SCREEN), name, known, album)
    for one in every_page.pages(reader, rows):
        reading.read(one)
    if reader.person.staff:
        go_inside(reading, reader, rows)
    assert reading.wrong == []


def go_inside(reading: Reading, reader: Reader, rows: demo_rows.DemoRows) -> None:
    reading.page.goto(f"/c/{CLIENT}/")
    if enters(reading.page):
        reading.read(Page("enter", f"/c/{CLIENT}/", status=403))
        enter(reading.page)
    for one in every_page.pages(reader, rows, inside=True):
        reading.read(one)


def enters(page: Any) -> bool:
    return page.get_by_role("main").get_by_role("button", name=re.compile("^Enter")).count() > 0


def enter(page: Any) -> None:
    """Staff enters the client; support gives a reason."""
    if (reason := page.get_by_role("main").get_by_role("textbox")).count():
        reason.fill("They asked for help.")
    page.get_by_role("main").get_by_role("button", name=re.compile("^Enter")).click()
    page.wait_for_url(lambda url: urlsplit(url).path == f"/c/{CLIENT}/")
    page.get_by_role("heading", level=1, name="Overview").wait_for()
