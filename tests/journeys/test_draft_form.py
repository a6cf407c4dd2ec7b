"""The editor of a one-time assistant and *Back* in the browser: nothing that was typed is lost."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.journeys.axe import findings

LIST = "/c/bloom-dental/call/one-time/"
TEXT = "Ask for the date of birth, then say goodbye."


CHOSEN = """wanted => Object.values(history.state.draft?.choices ?? {}).includes(wanted)"""


def settled(page: Any) -> None:
    expect(page.locator("#main [aria-busy=true]")).to_have_count(0)


def test_back_undoes_the_choice_of_a_provider_and_keeps_what_was_typed(window):
    page = window("operator@bloom.test")
    page.goto(LIST)
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Instructions").fill(TEXT)
    page.get_by_label("Temperature").fill("0.3")
    provider = page.get_by_label("Provider of the model")
    provider.select_option("xai_realtime")
    expect(page.get_by_label("Speech detection: threshold")).to_be_visible()
    settled(page)
    page.get_by_label("Speech detection: threshold").fill("0.6")
    page.go_back()
    expect(page.get_by_label("Provider of speech recognition")).to_be_visible()
    expect(provider).to_have_value("openai")
    expect(page.get_by_label("Instructions")).to_have_value(TEXT)
    expect(page.get_by_label("Temperature")).to_have_value("0.3")
    settled(page)
    page.go_forward()
    expect(page.get_by_label("Speech detection: threshold")).to_have_value("0.6")
    settled(page)

    page.get_by_role("button", name="Advanced: show it as JSON").click()
    text = page.get_by_label("The assistant as JSON")
    expect(text).to_be_focused()
    assert TEXT in text.input_value()
    assert findings(page) == []
    settled(page)
    page.go_back()
    expect(page.get_by_label("Instructions")).to_have_value(TEXT)
    settled(page)


def test_forward_waits_for_the_answer_to_back(window):
    """Whoever steps back and forth faster than forms are drawn gets the one that belongs to where they stand."""
    page = window("operator@bloom.test")
    held: list[Any] = []
    page.goto(LIST)
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Provider of the model").select_option("xai_realtime")
    page.wait_for_function(CHOSEN, arg="xai_realtime")
    page.get_by_label("Speech detection: threshold").fill("0.6")
    entries = page.evaluate("() => history.length")
    page.route("**/one-time/**", lambda route: route.fallback() if held else held.append(route))
    with page.expect_request("**/one-time/**"):
        page.go_back()
    page.go_forward()
    with page.expect_request("**/one-time/**"):
        held[0].continue_()
    expect(page.get_by_label("Speech detection: threshold")).to_have_value("0.6")
    page.wait_for_function(CHOSEN, arg="xai_realtime")
    page.go_back()
    expect(page.get_by_label("Provider of speech recognition")).to_be_visible()
    assert page.evaluate("() => history.length") == entries


def test_back_while_a_choice_is_drawn_undoes_that_choice(window):
    page = window("operator@bloom.test")
    held: list[Any] = []
    page.goto(LIST)
    page.get_by_role("link", name="New", exact=True).click()
    provider = page.get_by_label("Provider of the model")
    provider.select_option("xai_realtime")
    page.wait_for_function(CHOSEN, arg="xai_realtime")
    page.route("**/one-time/**", lambda route: route.fallback() if held else held.append(route))
    with page.expect_request("**/one-time/**"):
        provider.select_option("google_realtime")
    page.go_back()
    with page.expect_request("**/one-time/**"):
        held[0].continue_()
    expect(page.get_by_label("Provider of speech recognition")).to_be_visible()
    page.go_forward()
    expect(provider).to_have_value("xai_realtime")


def test_leaving_with_something_typed_asks_first(window):
    page = window("operator@bloom.test")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.goto(LIST)
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Instructions").fill(TEXT)
    page.get_by_role("link", name="One-time assistants", exact=True).first.click()
    expect(page.get_by_label("Instructions")).to_have_value(TEXT)
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Give it a name.")).to_be_visible()
    page.evaluate("() => history.back()")
    expect(page.get_by_label("Instructions")).to_have_value(TEXT)
    page.get_by_role("link", name="One-time assistants", exact=True).first.click()
    expect(page.get_by_label("Instructions")).to_have_value(TEXT)
    assert set(asked) == {"beforeunload"}


def test_a_phone_shows_the_button_for_a_new_one_at_once(window):
    page = window("operator@bloom.test", viewport={"width": 390, "height": 844})
    page.goto(LIST)
    button = page.get_by_role("link", name="New", exact=True)
    expect(button).to_be_in_viewport()
    assert findings(page) == []
    button.click()
    expect(page.get_by_role("heading", name="New one-time assistant")).to_be_visible()
