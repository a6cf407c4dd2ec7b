"""Two people in one live call: one steers, the other sees it at once, takes over, and can end the call at any time."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.journeys.calling import commands, of_person, talking, without_reload

PERSON = "+31 6 1234 5691"


def viewers(page: Any) -> Any:
    return page.locator("#call-viewers")


def say(page: Any, words: str) -> None:
    page.get_by_role("radio", name="Say").check(force=True)
    page.get_by_placeholder("What the assistant should say").fill(words)


def test_one_steers_and_the_other_takes_over(window, sandbox, talkative):
    first = window("operator@bloom.test", viewport={"width": 1440, "height": 900})
    first.goto("/c/bloom-dental/")
    remote = talking(first, sandbox, PERSON, "Recall NL")
    second = window("owner@bloom.test", viewport={"width": 1440, "height": 900})
    second.goto(first.url)
    context = second.get_by_placeholder("Something the assistant should know")
    context.fill("She pays nothing this year")
    expect(viewers(second).get_by_role("button", name="Steer this call", exact=True)).to_be_visible()

    with without_reload(second, "call"):
        say(first, "One moment please.")
        first.locator(".command-form__send button").locator("visible=true").click()
        expect(viewers(first)).to_contain_text("You steer this call")
        expect(viewers(second)).to_contain_text(re.compile(r".+ steers this call"))
        expect(second.locator(".command-form__send button").locator("visible=true")).to_have_count(0)
        expect(context).to_have_value("She pays nothing this year")

    say(first, "A draft that stays")
    with without_reload(first, "call"):
        second.evaluate("() => { const now = Date.now(); Date.now = () => now; }")  # both presses at once
        context.press("Control+Enter")
        expect(viewers(second).get_by_role("button", name="Take over")).to_be_focused()
        second.keyboard.press("Enter")
        expect(viewers(second)).to_contain_text("You steer this call")
        expect(context).to_be_focused()
        viewers(second).get_by_role("button", name="Stop steering").click()  # the second click of two on Take over
        second.wait_for_function("() => !document.querySelector('.htmx-request')")
        expect(viewers(second)).to_contain_text("You steer this call")
        expect(viewers(first)).to_contain_text(re.compile(r"took over at \d\d:\d\d:\d\d"))
        expect(first.get_by_placeholder("What the assistant should say")).to_have_value("A draft that stays")
        expect(first.locator(".command-form__send button").locator("visible=true")).to_have_count(0)
    second.get_by_role("button", name="Send context").click()
    second.reload(wait_until="commit")  # at once: what was sent arrives, and is no draft any more
    expect(context).to_have_value("")
    expect(second.locator(".command-receipt").last).to_contain_text("She pays nothing this year")
    assert [one["content"] for one in commands(sandbox, "inject-context", remote)] == ["She pays nothing this year"]

    second.goto("/c/bloom-dental/live/")  # the panel is left, and the lease with it
    expect(viewers(first).get_by_role("button", name="Steer this call", exact=True)).to_be_visible()
    second.goto(first.url)
    viewers(second).get_by_role("button", name="Steer this call", exact=True).click()
    expect(viewers(first)).to_contain_text("steers this call")

    first.locator("[data-end-call]").click()  # everybody's, whoever steers
    first.get_by_role("dialog").get_by_role("button", name=re.compile("^End")).click()
    expect(second.locator("#call-header, .finished-call").first).to_contain_text("nded")
    assert len(commands(sandbox, "end-call", of_person(sandbox, PERSON))) == 1
