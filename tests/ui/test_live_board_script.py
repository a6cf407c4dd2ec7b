"""The script of the live board: rows that changed are painted alone, what is selected and focused stays."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

SELECT = '<label class="call-card__select"><input type="checkbox" value="{id}" form="end-selected"></label>'


def row(number: int, column: str = "live", words: str = "", at: int = 0) -> str:
    select = SELECT.format(id=f"c{number}")
    return (
        f'<li class="call-card" id="card-c{number}" data-column="{column}" data-at="{at or number}">{select}'
        f'<a href="#opened-{number}">Call {number}</a> <span>{words or "as before"}</span></li>'
    )


def section(column: str, rows: str = "", total: int = 0) -> str:
    heading = f"<h2>X <small>{total}</small></h2>"
    return f'<section data-column="{column}" data-total="{total}">{heading}<ol>{rows}</ol></section>'


class Board:
    """A page with rows, and what is asked for it; `answers` are the rows that there are now, by id."""

    def __init__(self, page: Page, site: object, rows: int) -> None:
        self.page, self.asked, self.held = page, [], []
        self.answers: dict[str, tuple[str, str]] = {}
        self.is_held = False
        self.failing: list[int | str] = []
        self.failed: list[list[str]] = []
        page.route("**/rows/**", self.answer)
        counts = '<span data-board-part="counts">none</span>'
        columns = section("person") + section("live", "".join(map(row, range(1, rows + 1))), rows)
        form = (
            '<form id="end-selected"><label data-select-all data-needs-script hidden><input type="checkbox">All</label>'
            "<span data-selected-count></span></form>"
        )
        page.goto(
            site.page(  # type: ignore[attr-defined]
                f'<body><main><div id="live-board" data-rows-of="/rows/?state=x" data-newest="">{counts}{form}'
                f"{columns}</div></main></body>"
            )
        )
        page.evaluate("() => document.querySelectorAll('.call-card').forEach(row => { row.isFirst = true; })")

    def answer(self, route: object) -> None:
        if self.failing:
            self.failed.append(parse_qs(urlsplit(route.request.url).query)["rows"][0].split(","))  # type: ignore[attr-defined]
            failure = self.failing.pop(0)
            route.abort(failure) if isinstance(failure, str) else route.fulfill(status=failure)  # type: ignore[attr-defined]
            return
        self.asked.append(parse_qs(urlsplit(route.request.url).query)["rows"][0].split(","))  # type: ignore[attr-defined]
        self.held.append(route)
        if not self.is_held:
            self.let_go()

    def let_go(self) -> None:
        for route, ids in zip(self.held, self.asked[-len(self.held) :], strict=True):
            found = [self.answers[call] for call in ids if call in self.answers]
            parts = [
                section(column, "".join(text for at, text in found if at == column), 7) for column in ("person", "live")
            ]
            body = f'<div data-board-rows><p data-board-part="counts">7 live</p>{"".join(parts)}</div>'
            route.fulfill(body=body, content_type="text/html")
        self.held = []

    def change(self, *ids: str) -> None:
        self.page.evaluate(
            "ids => ids.forEach(ref => document.body.dispatchEvent("
            "new CustomEvent('changed:call', { detail: { kind: 'call', ref } })))",
            ids,
        )

    def ids(self, column: str) -> list[str]:
        return self.page.eval_on_selector_all(
            f'section[data-column="{column}"] .call-card', "rows => rows.map(row => row.id.slice(5))"
        )

    def first_ones(self) -> list[str]:
        """The rows whose nodes are those that the page came with."""
        return self.page.eval_on_selector_all(
            ".call-card", "rows => rows.filter(row => row.isFirst).map(row => row.id.slice(5))"
        )


@pytest.fixture
def board(page, site):
    return Board(page, site, rows=6)


def test_many_changes_at_once_make_one_request_and_paint_their_rows_alone(board, page):
    untouched = page.locator("#card-c1 span").evaluate_handle("node => node")
    board.answers = {f"c{number}": ("live", row(number, words="changed")) for number in (2, 3, 4)}
    board.change("c2", "c3", "c4", "c3", "c2")
    expect(page.locator("#card-c4 span")).to_have_text("changed")
    assert board.asked == [["c2", "c3", "c4"]]
    assert board.first_ones() == board.ids("live") == [f"c{number}" for number in range(1, 7)]
    assert untouched.evaluate("node => node.isConnected && node === document.querySelector('#card-c1 span')")
    expect(page.locator("[data-board-part=counts]")).to_have_text("7 live")


def test_changes_while_an_answer_is_awaited_go_together_with_the_next_request(board, page):
    board.is_held = True
    board.answers = {f"c{number}": ("live", row(number, words="changed")) for number in range(1, 7)}
    with page.expect_request("**/rows/**"):
        board.change("c1")
    for number in range(2, 7):
        board.change(f"c{number}", "c2")
    assert board.asked == [["c1"]]
    board.is_held = False
    board.let_go()
    expect(page.locator("#card-c6 span")).to_have_text("changed")
    assert board.asked == [["c1"], ["c2", "c3", "c4", "c5", "c6"]]


def test_rows_come_go_and_move_in_their_order(board, page):
    board.answers = {"c9": ("live", row(9, at=3.5)), "c5": ("person", row(5, "person"))}
    board.change("c9", "c5", "c2")
    expect(page.locator("#card-c9")).to_be_visible()
    assert board.ids("live") == ["c1", "c3", "c9", "c4", "c6"] and board.ids("person") == ["c5"]
    assert "c5" in board.first_ones()
    expect(page.locator('section[data-column="person"] h2 small')).to_have_text("7")


def test_what_is_selected_and_where_the_keyboard_is_stay(board, page):
    page.locator("#card-c3 input").click()
    page.locator("#card-c3 a").focus()
    board.answers = {"c3": ("person", row(3, "person", "changed"))}
    board.change("c3")
    expect(page.locator('section[data-column="person"] #card-c3 span')).to_have_text("changed")
    expect(page.locator("#card-c3 input")).to_be_checked()
    expect(page.locator("#card-c3 a")).to_be_focused()
    expect(page.locator("[data-selected-count]")).to_have_text("1 selected")
    board.answers = {}
    board.change("c3")
    expect(page.locator("[data-selected-count]")).to_have_text("")


def test_selecting_with_shift_and_all_shown(board, page):
    page.locator("#card-c2 input").click()
    page.locator("#card-c5 input").click(modifiers=["Shift"])
    expect(page.locator("[data-selected-count]")).to_have_text("4 selected")
    page.get_by_label("All").check()
    expect(page.locator("[data-selected-count]")).to_have_text("6 selected")
    page.get_by_label("All").uncheck()
    expect(page.locator(".call-card :checked")).to_have_count(0)


def test_the_keyboard_goes_from_row_to_row_selects_and_opens(board, page):
    page.keyboard.type("jj")
    expect(page.locator("#card-c2 a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.locator("#card-c3 input")).to_be_checked()
    page.keyboard.press("k")
    expect(page.locator("#card-c2 a")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#opened-2")


@pytest.mark.parametrize("failure", ["connectionrefused", 503, 429])
def test_rows_that_were_not_answered_are_asked_for_again(board, page, failure):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    board.failing = [failure, failure]
    board.answers = {f"c{number}": ("live", row(number, words="changed")) for number in (2, 3)}
    board.change("c2", "c3")
    steps = 0
    while not board.asked and steps < 600:
        page.clock.run_for(100)
        steps += 1
    expect(page.locator("#card-c3 span")).to_have_text("changed")
    expect(page.locator("#card-c2 span")).to_have_text("changed")
    assert board.failed == [["c2", "c3"]] * 2 and board.asked == [["c2", "c3"]]
    assert steps >= 30, "the first pause is a second, the next one is longer"


@pytest.mark.parametrize(("gone", "next_one"), [(["c3"], "c4"), (["c3", "c4"], "c5"), (["c3", "c4", "c5", "c6"], "c2")])
@pytest.mark.parametrize("tag", ["a", "input"])
def test_the_keyboard_goes_to_the_next_row_when_its_row_goes(board, page, gone, next_one, tag):
    page.locator(f"#card-c3 {tag}").focus()
    board.change(*gone)
    expect(page.locator("#card-c3")).to_have_count(0)
    expect(page.locator(f"#card-{next_one} {tag}")).to_be_focused()


def test_the_keyboard_goes_to_the_page_when_the_last_row_goes(board, page):
    page.evaluate("() => Object.assign(document.querySelector('main'), { id: 'main', tabIndex: -1 })")
    page.locator("#card-c3 a").focus()
    board.change(*(f"c{number}" for number in range(1, 7)))
    expect(page.locator("main")).to_be_focused()


def test_the_keyboard_stays_on_the_board_when_all_of_it_is_drawn_anew(board, page):
    page.locator("#card-c3 a").focus()
    page.evaluate(
        "() => { document.dispatchEvent(new CustomEvent('htmx:before:swap'));"
        " document.getElementById('card-c3').remove();"
        " document.dispatchEvent(new CustomEvent('htmx:after:swap')); }"
    )
    expect(page.locator("#card-c4 a")).to_be_focused()


def test_what_does_nothing_without_the_script_is_shown_by_it(board, page):
    expect(page.get_by_label("All")).to_be_visible()
    page.evaluate("() => document.querySelector('[data-select-all]').setAttribute('hidden', '')")
    page.evaluate("() => document.dispatchEvent(new CustomEvent('htmx:after:swap'))")
    expect(page.get_by_label("All")).to_be_visible()
