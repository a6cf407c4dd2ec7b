"""Calls for later: planned, changed and cancelled on the screen, and placed by itself when the time has come."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import Page, expect

from dashboard.devserver.postgres import Postgres
from tests import stack
from tests.journeys.axe import findings
from tests.journeys.calling import placed, region, say_first

DUE, CANCELLED = "+31 6 1234 5661", "+31 6 1234 5662"


def button(day: str, time: str) -> str:
    """What the button says."""
    at = date.fromisoformat(day)
    return f"Plan for {at:%a} {at.day} {at:%b}, {time}"


def plan(page: Page, destination: str, day: str, time: str) -> None:
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill(destination)
    page.get_by_role("radio", name=re.compile("^Recall NL")).check()
    page.get_by_role("radio", name="At a time").check()
    page.get_by_label("Day", exact=True).fill(day)
    page.get_by_label("Time", exact=True).fill(time)
    expect(region(page, "What will be sent")).to_contain_text(f"at {time} (Amsterdam)")
    page.get_by_role("button", name=button(day, time), exact=True).click()
    page.wait_for_url("**/calls/planned/")


def row(page: Page, destination: str) -> Any:
    return page.get_by_role("row").filter(has_text=destination).first


def let_its_time_come(patchbay: stack.Stack, destination: str) -> None:
    """As the superuser of the stack's own PostgreSQL: the scheduler of the stack does the rest."""
    places = patchbay.places
    password, port = places.secrets()["postgres"], places.ports()["postgres"]
    server = Postgres.below(places.data, places.name, port=port, password=password)
    with psycopg.connect(server.address("patchbay")) as connection:
        connection.execute(
            "UPDATE calls_plannedcall SET due_at = now(), try_at = now(), latest_at = now() + interval '15 minutes' "
            "WHERE destination = %s AND state = 'planned'",
            [destination.replace(" ", "")],
        )


def test_a_call_is_planned_changed_and_placed_by_itself(window, talkative, sandbox, patchbay):
    page = window("operator@bloom.test")
    day = (datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=2)).date().isoformat()
    plan(page, DUE, day, "14:30")
    expect(row(page, DUE)).to_contain_text("14:30 (Amsterdam)")
    expect(row(page, DUE)).to_contain_text("until 14:45")
    assert findings(page) == []

    row(page, DUE).get_by_role("link", name="Change").click()
    expect(page.get_by_label("Time", exact=True)).to_have_value("14:30")
    page.get_by_label("Time", exact=True).fill("15:10")
    page.get_by_label("Not later than").select_option("5 minutes after")
    page.get_by_role("button", name=button(day, "15:10"), exact=True).click()
    page.wait_for_url("**/calls/planned/")
    expect(row(page, DUE)).to_contain_text("until 15:15")

    plan(page, CANCELLED, day, "16:00")
    row(page, CANCELLED).get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the call").click()
    expect(row(page, CANCELLED)).to_contain_text("Cancelled")
    assert placed(sandbox, DUE.replace(" ", "")) == 0

    let_its_time_come(patchbay, DUE)
    expect(row(page, DUE)).to_contain_text("Placed")  # over the stream of events
    assert placed(sandbox, DUE.replace(" ", "")) == 1
    row(page, DUE).get_by_role("link", name=DUE).click()
    expect(page.locator("main")).to_contain_text("Planned by Sanne Visser")
    assert placed(sandbox, CANCELLED.replace(" ", "")) == 0


def test_a_time_that_is_over_has_an_error_beside_its_field_on_a_phone(window):
    page = window("operator@bloom.test")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto("/c/bloom-dental/call/?when=later")
    page.get_by_label("Number to call").fill(DUE)
    page.get_by_role("radio", name=re.compile("^Recall NL")).check()
    say_first(page, "Good afternoon.")
    page.get_by_label("Day", exact=True).fill("2026-01-02")
    page.get_by_label("Time", exact=True).fill("10:00")
    page.get_by_role("button", name=re.compile("^Plan for")).click()
    expect(page.get_by_text("This time is over: in Amsterdam it is")).to_be_visible()
    expect(page.get_by_label("Opening sentence")).to_have_value("Good afternoon.")
    assert findings(page) == []
