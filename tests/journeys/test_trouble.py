"""What goes wrong in front of a person: told in its place, nothing lost, nothing done twice."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from dashboard.devserver.demo_logins import PASSWORD
from tests.journeys.axe import findings
from tests.journeys.calling import BEGIN, PANEL, commands, force, of_person, placed, say_first, talking

CHANGING = re.compile(  # with each request
    r'''data-now="[^"]+"|data-seconds-left="\d+"|"X-CSRFToken": "[^"]+"|csrfmiddlewaretoken" value="[^"]+"'''
)

ONLY_WHAT_IS_SENT = """() => {  // news find nothing; a route would hold up the redirect of a request that is kept alive
    const { fetch } = window;
    const nothing = () => Promise.resolve(new Response(null, { status: 204 }));
    window.fetch = (address, asked) => asked?.method === "POST" ? fetch(address, asked) : nothing();
}"""


def test_a_wrong_number_keeps_the_form_and_says_why_beside_it(window, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill("020 555 0150")
    say_first(page, "Good morning.")
    page.get_by_role("button", name=BEGIN).click()
    field = page.get_by_label("Number to call")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("020 555 0150")
    expect(page.get_by_label("Opening sentence")).to_have_value("Good morning.")
    assert findings(page) == []
    page.get_by_label("Number to call").fill("+31 20 555 0142")
    page.get_by_role("button", name=BEGIN).click()
    expect(page.get_by_label("Number to call")).to_have_attribute("aria-invalid", "true")
    assert placed(sandbox, "+31205550142") == 0, "its own line is not called"


def test_a_number_is_grouped_while_it_is_typed(window):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    number, button = page.get_by_label("Number to call"), page.get_by_role("button", name=BEGIN)
    for more, grouped in (("003120555", "0031 20 555"), ("0190", "0031 20 555 0190")):
        number.press_sequentially(more)
        expect(number).to_have_value(grouped)
    expect(button).to_contain_text("Call +31 20 555 0190 from")
    number.fill("09001234")
    expect(number).to_have_value("0900 1234")
    expect(page.locator("[data-number-echo]")).to_contain_text("premium-rate")
    expect(button).to_contain_text("Call from")


def test_two_clicks_dial_once_and_end_once(window, sandbox, talkative):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill("0612345611")
    expect(page.locator("[data-number-echo]")).to_contain_text("Netherlands, mobile")
    expect(page.get_by_label("Number to call")).to_have_value("06 1234 5611")
    expect(page.get_by_role("button", name=BEGIN)).to_contain_text("Call +31 6 1234 5611 from")
    page.get_by_role("button", name=BEGIN).dblclick()
    page.wait_for_url(PANEL)
    force(sandbox, of_person(sandbox, "+31612345611"), "in-progress")
    expect(page.get_by_role("button", name="Send context")).to_be_enabled()
    page.get_by_placeholder("Something the assistant should know").fill("Asked for twice.")
    page.get_by_role("button", name="Send context").dblclick()
    expect(page.get_by_role("log")).to_contain_text("Accepted")
    assert placed(sandbox, "+31612345611") == 1
    assert sum(one["content"] == "Asked for twice." for one in commands(sandbox, "inject-context")) == 1


def test_a_lost_answer_is_shown_as_unknown_and_never_dialled_again(window, sandbox, talkative):
    page = window("operator@bloom.test")
    sandbox.post("faults", json={"fault": "lost", "route": "/calls/outbound"})
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill("+31 6 1234 5612")
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)
    expect(page.get_by_role("main")).to_contain_text(re.compile("Not certain|In progress"))
    expect(page.get_by_role("main")).to_contain_text("In progress")  # found at VoiceDock by looking
    assert placed(sandbox, "+31612345612") == 1


def half_a_thought(page, sandbox, number):
    """A live panel with something written in it; its address."""
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, number, "Recall NL")
    page.get_by_placeholder("Something the assistant should know").fill("Half a thought")
    return page.url


def signs_in_again_and_goes_on(page, sandbox, panel):
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail").fill("operator@bloom.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(panel)
    expect(page.get_by_placeholder("Something the assistant should know")).to_have_value("Half a thought")
    assert not [one for one in commands(sandbox, "inject-context") if one["content"] == "Half a thought"]


def test_a_session_that_has_ended_is_reported_and_what_was_written_is_kept(window, sandbox, talkative):
    page = window("operator@bloom.test")
    panel = half_a_thought(page, sandbox, "+31 6 1234 5613")
    page.evaluate(ONLY_WHAT_IS_SENT)  # nothing but the click may find out
    page.context.clear_cookies(name=re.compile("session"))
    page.get_by_role("button", name="Send context").click()
    signs_in_again_and_goes_on(page, sandbox, panel)


def test_a_session_that_ends_while_one_writes_is_reported_by_the_next_news(window, sandbox, talkative):
    page = window("operator@bloom.test")
    panel = half_a_thought(page, sandbox, "+31 6 1234 5617")
    page.context.clear_cookies(name=re.compile("session"))
    colleague = window("owner@bloom.test")
    colleague.goto(panel)
    colleague.get_by_placeholder("Something the assistant should know").fill("She moved to Utrecht.")
    colleague.get_by_role("button", name="Send context").click()
    signs_in_again_and_goes_on(page, sandbox, panel)


def test_a_call_that_ends_under_ones_hands_says_so_and_takes_no_command(window, sandbox, talkative):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5614", "Recall NL")
    sandbox.post("faults", json={"fault": "end_on_command", "route": "/calls/*/control"})
    page.get_by_placeholder("Something the assistant should know").fill("Too late.")
    page.get_by_role("button", name="Send context").click()
    expect(page.get_by_role("main")).to_contain_text("Ended")
    expect(page.get_by_role("main")).to_contain_text("no longer in progress")
    assert findings(page) == []


def test_a_call_that_ends_while_one_writes_says_so(window, sandbox, talkative):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    remote = talking(page, sandbox, "+31 6 1234 5616", "Recall NL")
    page.get_by_placeholder("Something the assistant should know").fill("Never sent.")
    force(sandbox, remote, "ended")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Ended")
    expect(page.get_by_role("button", name="Send context")).to_have_count(0)
    assert not [one for one in commands(sandbox, "inject-context") if one["content"] == "Never sent."]


def test_what_belongs_to_another_client_is_not_there(window):
    operator = window("operator@bloom.test")
    operator.goto("/c/bloom-dental/calls/")
    address = operator.locator("tbody th a[href*='/calls/']:not([href*='?'])").first.get_attribute("href")
    harbor = window("owner@harbor.test")
    for path, absent in (
        (address, address.replace("bloom-dental", "no-such-client")),
        (address.replace("bloom-dental", "harbor-logistics"), f"/c/harbor-logistics/calls/{uuid.uuid4()}/"),
    ):
        theirs, nobodys = (harbor.request.get(one) for one in (path, absent))
        assert theirs.status == nobodys.status == 404
        assert CHANGING.sub("", theirs.text()) == CHANGING.sub("", nobodys.text())


def test_a_call_is_placed_by_keyboard_alone(window, sandbox, talkative):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    expect(page.get_by_label("Number to call")).to_be_focused()
    page.keyboard.type("+31612345615")
    page.keyboard.press("Enter")
    page.wait_for_url(PANEL)
    force(sandbox, of_person(sandbox, "+31612345615"), "in-progress")
    expect(page.get_by_role("button", name="End call")).to_be_enabled()
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="End the call now")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Ended")
