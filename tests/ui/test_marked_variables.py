"""Variables are marked behind the text of a field: each letter of the copy stands below its own, also when scrolled."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

SHEETS = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in ("layout", "screens"))
SCRIPT = '<script src="/static/js/marked_variables.js" defer></script>'
FIELD = (
    '<main><form id="f"><div class="field"><label for="t">Instructions</label>'
    '<textarea id="t" rows="7" data-variables="name daypart" data-file="{file}">{text}</textarea>'
    '<small>Help</small></div><button type="reset">Reset</button></form></main>'
)
LINE = "Call {{name}} on a day that suits them, offer a {{dayprat}} first, or {{ two words }}, and thank them."
LONG = "\n".join(f"{nth}. {LINE}" for nth in range(30))
SIZES = {"wide": (1440, 900), "zoomed to 200 %": (720, 450), "phone": (390, 844)}
GEOMETRY = """() => {
    const area = document.querySelector('.marked-text > textarea'), copy = area.previousElementSibling;
    const facts = one => [one.clientWidth, one.clientHeight, one.scrollHeight, one.scrollTop];
    return [facts(area), facts(copy)];
}"""


def is_alike(page: Page) -> bool:
    area, copy = page.evaluate(GEOMETRY)
    return bool(area == copy)


def opened(page: Page, site: object, text: str, file: str = "1") -> None:
    page.goto(site.page(f"<body>{SHEETS}{FIELD.format(text=text, file=file)}{SCRIPT}</body>"))  # type: ignore[attr-defined]
    expect(page.locator(".marked-text")).to_have_count(1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_mark_stands_behind_its_variable_while_one_types_and_scrolls(page, site, size, scheme):
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.emulate_media(color_scheme=scheme)
    opened(page, site, "Call {{name}}. ")
    field, copy = page.get_by_label("Instructions"), page.locator(".marked-text__copy")
    expect(copy.locator(".marked-text__mark--known")).to_have_text(["{{name}}"])
    assert is_alike(page)
    field.fill(LONG)
    expect(copy.locator(".marked-text__mark--known")).to_have_count(30)
    expect(copy.locator(".marked-text__mark--unknown")).to_have_count(60)
    field.evaluate("element => { element.scrollTop = 333; }")
    expect(copy).to_have_js_property("scrollTop", 333)
    assert is_alike(page)
    field.press("Control+End")
    page.keyboard.type("\n\nThen {{daypart}}\n")
    expect(copy.locator(".marked-text__mark--known")).to_have_count(31)
    expect(field).to_have_value(f"{LONG}\n\nThen {{{{daypart}}}}\n")
    assert is_alike(page)
    field.evaluate("element => { element.style.height = '260px'; }")
    assert is_alike(page), "also when it was made larger"


def test_known_and_unknown_ones_differ_without_colours_and_by_no_screen_reader(page, site):
    opened(page, site, LINE)
    drawn = {
        kind: page.locator(f".marked-text__mark--{kind}").first.evaluate("e => getComputedStyle(e).textDecorationStyle")
        for kind in ("known", "unknown")
    }
    assert drawn == {"known": "solid", "unknown": "wavy"}
    assert page.locator(".marked-text__copy").get_attribute("aria-hidden") == "true"
    expect(page.get_by_role("textbox")).to_have_value(LINE)


def test_without_a_file_no_name_is_wrong_and_a_reset_is_followed(page, site):
    opened(page, site, "Hi {{name}}", file="")
    page.get_by_label("Instructions").fill("{{anything}} {{ two words }}")
    expect(page.locator(".marked-text__mark--known")).to_have_text(["{{anything}}"])
    expect(page.locator(".marked-text__mark--unknown")).to_have_text(["{{ two words }}"])
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".marked-text__mark")).to_have_text(["{{name}}"])


def test_the_name_of_a_value_is_written_where_the_cursor_is(page, site):
    names = '<p><span class="variable" data-insert="Insert"><bdi>daypart</bdi></span></p>'
    field = FIELD.format(text="Good , day.", file="1")
    shown = f"<body>{SHEETS}<section>{field}{names}</section>{SCRIPT}</body>"
    page.goto(site.page(shown))
    area = page.get_by_label("Instructions")
    area.evaluate("element => element.setSelectionRange(5, 5)")
    button = page.get_by_role("button", name="Insert daypart")
    assert button.bounding_box()["height"] >= 24
    button.click()
    expect(area).to_have_value("Good {{daypart}}, day.")
    expect(area).to_be_focused()
    expect(page.locator(".marked-text__mark--known")).to_have_text(["{{daypart}}"])
    page.keyboard.type("!")
    expect(area).to_have_value("Good {{daypart}}!, day.")
