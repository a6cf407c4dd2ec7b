"""Twenty tabs of one browser: one stream for all of them, and none of them hangs."""

from playwright.sync_api import expect

from tests.journeys.calling import force

TABS = 20
LINE = "+31205550142"


def ring(sandbox, person):
    call = sandbox.post("calls/inbound", json={"number": LINE, "from": person, "outcome": "conversation"}).json()
    force(sandbox, call["id"], "in-progress")


def test_twenty_tabs_have_one_stream_and_all_of_them_hear(window, sandbox, talkative):
    first = window("operator@bloom.test")
    streams = []
    first.context.on("request", lambda one: streams.append(one) if one.url.endswith("/events/") else None)
    tabs = [first, *(first.context.new_page() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto("/c/bloom-dental/live/", wait_until="domcontentloaded")
    ring(sandbox, "+31612345631")
    for tab in tabs:
        expect(tab.get_by_role("main")).to_contain_text("+31 6 1234 5631")
        expect(tab.locator("[data-stream-lost]")).to_be_hidden()
    assert len(streams) == 1, "of twenty tabs"

    tabs.pop(0).close()  # the one that had the stream
    ring(sandbox, "+31612345632")
    for tab in tabs:
        expect(tab.get_by_role("main")).to_contain_text("+31 6 1234 5632")
    assert len(streams) == 2

    tabs[-1].goto("/c/bloom-dental/calls/")
    expect(tabs[-1].get_by_role("heading", level=1)).to_be_visible()
    assert len(streams) == 2, "a page that is opened anew takes no second one"
