"""Staff open a client, and the person they invite makes its first call: from an empty dashboard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import place, region, without_reload


def test_staff_open_a_client_and_its_owner_calls(window, talkative):
    staff_page = window("admin@patchbay.test")
    staff_page.goto("/clients/")
    for name in ("Bloom Dental", "Harbor Logistics", "Noord Energie", "Alder & Finch Estate", "Casa Lindo"):
        expect(staff_page.get_by_role("main").get_by_role("link", name=name, exact=True)).to_be_visible()
    staff_page.goto("/inventory/")
    expect(staff_page.get_by_role("main")).to_contain_text("+31 20 555 0181")
    link = open_a_client(staff_page)

    wren = window()
    wren.goto(link)
    wren.get_by_label("name").fill("Wren Juniper")
    wren.get_by_label("Password").fill("a-long-enough-passphrase")
    wren.get_by_role("button", name="Join Juniper Care").click()
    expect(wren.get_by_role("heading", level=1)).to_have_text("Overview")
    assert "Bloom" not in wren.content() and "All clients" not in wren.content()
    for elsewhere in ("/clients/", "/c/bloom-dental/", "/c/no-such-client/", "/live/"):
        assert wren.request.get(elsewhere).status == 404
    assert findings(wren) == []
    late = window()
    late.goto(link)
    expect(late.get_by_role("main")).not_to_contain_text("Join Juniper Care")

    place(wren, "+31 6 1234 5601")
    with without_reload(wren, "call"):
        expect(wren.locator("#call-header")).to_contain_text("In progress")
    staff_page.goto("/live/")
    expect(staff_page.get_by_role("main")).to_contain_text("Juniper Care")
    assert findings(wren) == []


def open_a_client(staff_page):
    """The new client with a number and an assistant; the link of its owner's invitation."""
    staff_page.goto("/clients/")
    staff_page.get_by_role("link", name="New client").click()
    staff_page.get_by_label("Name", exact=True).fill("Juniper Care")
    staff_page.get_by_label("Connection", exact=True).select_option(label="Kabelhuis")
    staff_page.get_by_role("button", name="Open this client").click()
    expect(staff_page.get_by_role("heading", level=1)).to_contain_text("Juniper Care")
    expect(staff_page.get_by_role("main")).to_contain_text("Cannot call yet")
    steps = region(staff_page, "Before the first call")
    expect(steps).to_contain_text("0 of 3 done")
    assert findings(staff_page) == []
    for things, thing in (("Numbers", "Number"), ("Assistants", "Assistant")):
        steps.get_by_label(thing, exact=True).select_option(index=1)
        steps.get_by_role("button", name=f"Assign this {thing.lower()}").click()
        expect(region(staff_page, things).get_by_role("table")).to_contain_text("In use")
        expect(region(staff_page, things).get_by_role("status")).to_contain_text("is assigned to Juniper Care")
    expect(steps).to_contain_text("2 of 3 done")
    steps.get_by_label("E-mail").fill("wren@juniper.test")
    expect(steps.get_by_label("Role")).to_have_value("owner")
    steps.get_by_role("button", name="Send the invitation").click()
    link = staff_page.get_by_label("Invitation link").input_value()
    expect(region(staff_page, "Before the first call")).to_contain_text("has not joined yet")
    assert findings(staff_page) == []
    return link
