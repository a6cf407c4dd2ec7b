"""Actions from the screen: the key opens one, Enter sends it, and its receipt stands in the timeline."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.calling import commands, talking


def press(page: Page, key: str) -> None:
    """A key of an action, as long as nobody types anywhere."""
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press(key)


def receipt(page: Page, title: str) -> Any:
    return page.locator(".command-receipt").filter(has_text=title).last


@pytest.mark.parametrize(
    ("assistant", "last", "words", "shown"),
    [
        ("Recall NL", 51, "works", "can use it in what it says next"),
        ("Front desk live", 52, "may be ignored", "gpt-4o-mini"),
    ],
)
def test_each_action_from_the_keyboard(window, sandbox, talkative, assistant, last, words, shown):
    page = window("operator@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, f"+31 6 1234 56{last}", assistant)
    code = f"44{last}"
    draft = page.get_by_placeholder("Something the assistant should know")
    draft.fill("A draft that stays")

    press(page, "1")
    form = page.locator("#action-1")
    expect(form).to_contain_text(shown)
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    expect(form.get_by_role("button")).to_be_enabled()  # comes a moment after the header's words
    assert commands_of(sandbox, code) == [], "opening it sends nothing"
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Fill in the code.")
    page.get_by_label("Code", exact=True).fill(code)
    expect(form.locator("[data-slot=code]")).to_have_text(code)
    page.keyboard.press("Enter")
    expect(receipt(page, "SMS code")).to_contain_text("Accepted")
    (body,) = commands_of(sandbox, code)
    assert body["trigger_response"] is True
    expect(page.get_by_label("Code", exact=True)).to_have_value("")

    press(page, "2")
    page.get_by_label("Name", exact=True).fill("Noor de Wit")
    page.get_by_label("Account", exact=True).fill(f"20-11{last}")
    page.keyboard.press("Enter")
    expect(receipt(page, "Customer facts")).to_contain_text("Accepted")
    (body,) = commands_of(sandbox, f"20-11{last}")
    assert (body["content"], body["trigger_response"]) == (f"The person is Noor de Wit, account 20-11{last}.", False)
    expect(page.get_by_label("Account", exact=True)).to_have_value("")
    page.get_by_role("radio", name="Context").check(force=True)
    expect(draft).to_have_value("A draft that stays")

    before = len(commands(sandbox, "end-call"))
    press(page, "4")
    expect(page.get_by_role("dialog")).to_contain_text("Thank you for your time. Goodbye.")
    assert len(commands(sandbox, "end-call")) == before, "one key ends nothing"
    page.keyboard.press("Escape")
    press(page, "4")
    page.keyboard.press("Enter")
    expect(page.locator("#call-header, .finished-call").first).to_contain_text("nded")
    assert commands(sandbox, "end-call")[-1]["message"] == "Thank you for your time. Goodbye."


def test_handing_over_needs_a_person_chosen(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5653", "Recall NL")
    before = len(commands(sandbox, "transfer"))
    press(page, "3")
    expect(page.locator("#action-3").get_by_role("button")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator("#action-3")).to_contain_text("Choose whom to transfer to.")
    assert len(commands(sandbox, "transfer")) == before
    page.locator("#action-3").get_by_role("radio").first.check()
    page.keyboard.press("Enter")
    expect(receipt(page, "Hand over")).to_contain_text("Accepted")
    assert commands(sandbox, "transfer")[-1]["destination"] == "+31205550155"


def commands_of(sandbox: Any, words: str) -> list[Any]:
    return [one for one in commands(sandbox, "inject-context") if words in one["content"]]
