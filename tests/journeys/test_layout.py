"""The search for crooked pages finds each kind of fault, and nothing on a page that has none."""

from __future__ import annotations

import pytest

from tests.journeys.layout import crooked, structure

LONG = "A text that does not fit into this box"
FIELD = '<div style="position: relative"><input class="tall" aria-label="A">'
STYLE = """<style>
    body { margin: 0; font: 16px/1.4 sans-serif; } p, li { margin: 0; }
    .box { width: 120px; white-space: nowrap; overflow: hidden; } .end { text-overflow: ellipsis; }
    .over { position: absolute; left: 8px; top: 6px; }
    .tall { height: 40px; }
    .bar { position: fixed; inset: auto 0 0; height: 40px; background: white; }
    .hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
</style>"""
CROOKED = {
    "overlap": '<p>One text</p><p class="over">Another text</p>',
    "text cut at its side": f'<p class="box">{LONG}</p>',
    "text cut at its head or foot": '<p style="height: 10px; overflow: hidden">Half a line</p>',
    "text beside the window": f'<p style="white-space: nowrap; width: 9999px; text-align: right">{LONG}</p>',
    "wider than the window": '<div style="width: 9999px">Wide</div>',
    "shortened, and nothing shows the rest": f'<p class="box end">{LONG}</p>',
    "text sticks out of its control": f'<button style="width: 60px; white-space: nowrap">{LONG}</button>',
    "a control is cut": '<div style="width: 40px; overflow: hidden"><input style="width: 90px" aria-label="A"></div>',
    "a placeholder is cut": f'<input style="width: 60px" placeholder="{LONG}">',
    "the choice is cut": f'<select style="width: 60px"><option>{LONG}</option></select>',
    "a control is covered": '<button>Go</button><div class="over" style="left: 0; top: 0; width: 99px">&nbsp;</div>',
    "a word is broken": '<p style="width: 30px; overflow-wrap: anywhere">Bloom Dental</p>',
}
STRAIGHT = {
    "lines and columns": f"<h1>{LONG}</h1><p>{LONG}</p><table><tr><td>One<td>Two</table>",
    "a text that shows the rest": f'<p class="box end" title="{LONG}">{LONG}</p>',
    "a text that scrolls": f'<div style="width: 90px; overflow: auto; white-space: nowrap">{LONG}</div>',
    "a text for screen readers": f'<p>One text</p><p class="hidden over">{LONG}</p>',
    "a folded part": f"<details><summary>More</summary><p>{LONG}</p></details>",
    "a bar over the page": f'{"<p>Text</p>" * 80}<nav class="bar">Pages</nav>',
    "a mark in a field": f"{FIELD}<i class=over>%</i></div>",
    "a long address": '<p style="width: 90px; overflow-wrap: anywhere">somebody@a-very-long-name.test</p>',
}


@pytest.fixture
def blank(browser):
    with browser.new_context(viewport={"width": 800, "height": 600}) as context:
        yield context.new_page()


@pytest.mark.parametrize("kind", CROOKED)
def test_a_crooked_page_is_found(blank, kind):
    blank.set_content(STYLE + CROOKED[kind])
    assert kind in {one.partition(":")[0] for one in crooked(blank)}


@pytest.mark.parametrize("what", STRAIGHT)
def test_a_straight_page_is_not(blank, what):
    blank.set_content(STYLE + STRAIGHT[what])
    assert crooked(blank) == []


def test_pages_that_differ_in_texts_and_rows_alone_have_the_same_structure(blank):
    made_of = []
    for body in ("<li>One</li><li>Two</li>", "<li>Three</li>", "<li class=new>Three</li>"):
        blank.set_content(f"<ul>{body}</ul>")
        made_of.append(structure(blank))
    assert made_of[0] == made_of[1] != made_of[2]
