"""What a person with a phone meets: pages that end in place, lists with filters, what needs somebody."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.calling import force, region, talking

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
BROKEN = """() => [...document.querySelectorAll('main :is(th, td, h1, h2)')]
    .filter(one => one.checkVisibility() && /\\w{4}/.test(one.innerText))
    .filter(one => one.getBoundingClientRect().width < 28).map(one => one.outerHTML.slice(0, 160))"""  # a letter a line
SMALL = """() => {
    const isInSentence = link => [...link.parentElement.childNodes]
        .some(node => node.nodeType === Node.TEXT_NODE && /\\w/.test(node.textContent));
    return [...document.querySelectorAll('main :is(a, button, summary), .banner a')]
        .filter(one => one.checkVisibility() && !one.closest('.hidden') && !isInSentence(one))
        .filter(one => one.getBoundingClientRect().height < 23.5).map(one => one.outerHTML.slice(0, 160));
}"""


def test_a_call_that_ends_in_place_shows_its_summary_and_belongs_to_calls(window, sandbox, talkative):
    page = window("operator@bloom.test", **PHONE)
    page.goto("/c/bloom-dental/")
    remote = talking(page, sandbox, "+31 6 1234 5648", "Recall NL")
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    force(sandbox, remote, "ended")
    expect(page.get_by_role("region", name="Summary")).to_be_in_viewport()
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu.locator("[aria-current=page]")).to_have_text(re.compile("Calls"))
    page.get_by_role("main").get_by_role("link", name="Live calls").click()
    page.wait_for_url(re.compile("/live/$"))
    page.go_back()
    expect(menu.locator("[aria-current=page]")).to_have_text(re.compile("Calls"))
    page.get_by_role("main").get_by_role("link", name="Calls", exact=True).click()
    page.wait_for_url(re.compile("/calls/$"))


def test_a_field_that_was_made_larger_breaks_no_policy_when_a_command_is_sent(window, sandbox, talkative):
    page = window("operator@bloom.test")  # whose console must stay silent
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5649", "Recall NL")
    field = page.get_by_placeholder("Something the assistant should know")
    field.evaluate("element => { element.style.height = '120px'; }")  # what dragging its corner does
    field.fill("She calls about the bill.")
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#call-timeline")).to_contain_text("Accepted")


def test_the_error_of_a_command_is_in_view_and_has_the_focus(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 390, "height": 664}, has_touch=True)
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5650", "Recall NL")
    page.get_by_role("button", name="Commands", exact=True).click()
    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_text("Another number", exact=True).click()
    page.get_by_label("Number or SIP address").fill("0612")
    page.get_by_role("button", name="Transfer the person").click()
    expect(page.locator("#to-error")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Number or SIP address")).to_be_focused()


def test_what_needs_the_owner_comes_first(window):
    page = window("owner@bloom.test", **PHONE)
    page.goto("/c/bloom-dental/")
    needs, week = region(page, "Needs you"), region(page, "This week")
    expect(needs).to_be_in_viewport()
    assert needs.bounding_box()["y"] < week.bounding_box()["y"]
    page.set_viewport_size({"width": 1440, "height": 900})
    assert week.bounding_box()["y"] < needs.bounding_box()["y"]
    expect(needs).to_be_in_viewport()


def test_filters_can_be_added_and_taken_off_without_scrolling_sideways(window):
    page = window("owner@bloom.test", **PHONE)
    page.goto("/c/bloom-dental/calls/?state=over&outcome=booked&direction=outbound")
    search = page.get_by_role("search")
    for control in (search.get_by_text("Filter", exact=True), search.get_by_role("link", name="Clear all")):
        expect(control).to_be_in_viewport(ratio=1)
    for chip in search.locator(".chip--on").all():
        expect(chip).to_be_in_viewport(ratio=1)
    header = page.get_by_role("main").locator(".page-header")
    assert header.bounding_box()["height"] < 844 / 6
    for size in ({"width": 390, "height": 844}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        for menu, names in (("More", ["Caller-ID report"]), ("Export", ["Export as CSV", "Excel"])):
            header.get_by_role("button", name=menu, exact=True).click()
            for name in names:
                expect(page.get_by_role("link", name=name)).to_be_visible()


def test_links_that_stand_alone_are_high_enough_for_a_finger(window):
    owner, admin = window("owner@bloom.test", **PHONE), window("admin@patchbay.test", **PHONE)
    pages = {
        owner: ("", "live/", "calls/", "campaigns/", "team/"),
        admin: ("", "clients/", "inventory/", "connections/"),
    }
    found = []
    for page, paths in pages.items():
        for path in paths:
            page.goto(f"/c/bloom-dental/{path}" if page is owner else f"/{path}")
            found += [f"{page.url} {link}" for link in page.evaluate(SMALL)]
    assert found == []


def test_help_tells_fingers_nothing_of_keys(window):
    page = window("owner@bloom.test", **PHONE, is_mobile=True)
    for path in ("/help/", "/c/bloom-dental/call/"):
        page.goto(path)
        expect(page.locator("kbd:visible")).to_have_count(0)
        expect(page.get_by_role("main")).not_to_contain_text("shortcut", use_inner_text=True, ignore_case=True)


def test_a_page_enlarged_to_200_percent_is_never_wider_than_the_screen(window):
    zoomed = {"viewport": {"width": 720, "height": 450}}
    owner, admin = window("owner@bloom.test", **zoomed), window("admin@patchbay.test", **zoomed)
    paths = {
        owner: [f"/c/bloom-dental/{part}" for part in ("", "call/", "live/", "calls/", "campaigns/", "team/")],
        admin: ["/", "/live/", "/clients/", "/clients/bloom-dental/", "/inventory/", "/calls/", "/connections/"],
    }
    found = []
    for page, addresses in paths.items():
        for address in addresses:
            page.goto(address)
            heading = page.get_by_role("heading", level=1).bounding_box()
            if page.evaluate("() => document.documentElement.scrollWidth > innerWidth") or heading["width"] < 40:
                found.append(address)
            found += [f"{address} {cell}" for cell in page.evaluate(BROKEN)]
    assert found == []
