"""Campaigns: states, leads, the daily window (voicedock-api.md §6)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.sandbox import app, calling_window, campaigns, inprocess
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.records import Campaign

AMSTERDAM = "Europe/Amsterdam"


def at(text, zone=AMSTERDAM):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def window(start, stop, zone=AMSTERDAM):
    return Campaign("c", "o", "n", "a", start, stop, zone, 0, 0)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-03-27 08:59:59", False),
        ("2026-03-27 09:00:00", True),
        ("2026-03-29 09:00:00", True),  # the day the clocks go forward
        ("2026-10-25 09:00:00", True),  # and back
        ("2026-03-27 16:59:59", True),
        ("2026-03-27 17:00:00", False),
    ],
)
def test_the_window_follows_the_local_time(moment, inside):
    assert calling_window.is_open(window("09:00:00", "17:00:00"), at(moment)) is inside


def test_a_window_over_midnight_can_be_switched_off():
    night = window("22:00:00", "06:00:00")
    assert calling_window.is_open(night, at("2026-03-27 23:30:00"))
    assert calling_window.is_open(night, at("2026-03-27 05:30:00"))
    assert not calling_window.is_open(night, at("2026-03-27 12:00:00"))
    assert not calling_window.is_open(night, at("2026-03-27 23:30:00"), overnight=False)


@pytest.mark.parametrize(
    ("moment", "opens", "hours"),
    [
        ("2026-03-27 18:00:00", "2026-03-28 09:00:00", 15),
        ("2026-03-28 18:00:00", "2026-03-29 09:00:00", 14),
        ("2026-10-24 18:00:00", "2026-10-25 09:00:00", 16),
        ("2026-03-27 08:00:00", "2026-03-27 09:00:00", 1),
    ],
)
def test_the_next_opening_follows_changes_of_the_clock(moment, opens, hours):
    found = calling_window.opens_at(window("09:00:00", "17:00:00"), at(moment))
    assert found == at(opens)
    assert found - at(moment) == hours * 3600


def test_an_opening_skipped_by_summer_time_comes_at_the_change():
    """By the wall clock, as the window itself: it is open from the first second that is not before its start."""
    found = calling_window.opens_at(window("02:30:00", "05:00:00"), at("2026-03-28 12:00:00"))
    assert datetime.fromtimestamp(found, ZoneInfo(AMSTERDAM)).isoformat() == "2026-03-29T03:00:00+02:00"
    assert calling_window.is_open(window("02:30:00", "05:00:00"), found)
    assert not calling_window.is_open(window("02:30:00", "05:00:00"), found - 1)


@pytest.fixture
def morning():
    """A sandbox at 07:00 in Amsterdam on the day the clocks go forward, and Bloom's client."""
    sandbox = app.make(seed=7, clock=ManualClock(at("2026-03-29 07:00:00")), dataset="small", deliver=lambda *_: None)
    with inprocess.client(sandbox, "sandbox-bloom") as client:
        yield sandbox, client


def test_a_started_campaign_dials_in_its_window_until_all_are_reached(morning):
    sandbox, client = morning
    campaign = _make(client, leads=5)
    assert (campaign["status"], campaign["total_leads"]) == ("draft", 5)
    sandbox.advance(4 * 3600)
    assert sandbox.state.calls == {}, "a draft does not dial"
    sandbox.clock._time = at("2026-03-29 07:30:00")
    assert _patch(client, campaign, status="scheduled").json()["campaign"]["status"] == "scheduled"
    sandbox.advance(3600)
    assert sandbox.state.calls == {}, "before nine nobody is called"
    sandbox.advance(1800 + 8)
    first = client.get(f"/campaigns/{campaign['id']}/leads").json()["leads"][0]
    assert first["status"] == "calling" and first["attempts"] == 1 and first["last_attempt_at"]
    busy = client.delete(f"/campaigns/{campaign['id']}/leads/{first['id']}")
    assert busy.status_code == 409
    call = client.get(f"/calls/{first['call_id']}").json()
    assert call["caller_phone"] == first["phone_number"] and call["assistant_phone"] == "+31205550142"
    sandbox.advance(3600)
    done = client.get(f"/campaigns/{campaign['id']}").json()["campaign"]
    assert (done["status"], done["completed_leads"], done["failed_leads"]) == ("completed", 5, 0)
    assert _patch(client, campaign, name="Late").status_code == 400


def test_unreached_leads_are_retried_and_then_failed(morning):
    sandbox, client = morning
    sandbox.state.options.outcome = "no-answer"
    campaign = _make(client, leads=2)
    _patch(client, campaign, status="scheduled")
    sandbox.advance(2 * 3600 + 120)
    waiting = client.get(f"/campaigns/{campaign['id']}/leads").json()["leads"]
    assert {(lead["status"], lead["attempts"]) for lead in waiting} == {("pending", 1)}
    sandbox.advance(2 * 3600)
    leads = client.get(f"/campaigns/{campaign['id']}/leads").json()["leads"]
    assert {(lead["status"], lead["attempts"]) for lead in leads} == {("failed", 3)}
    assert client.get(f"/campaigns/{campaign['id']}").json()["campaign"]["failed_leads"] == 2


def test_a_paused_campaign_lets_its_call_end_and_starts_no_other(morning):
    sandbox, client = morning
    campaign = _make(client, leads=3)
    _patch(client, campaign, status="scheduled")
    sandbox.advance(2 * 3600 + 5)
    _patch(client, campaign, status="paused")
    sandbox.advance(3600)
    assert [call.status for call in sandbox.state.calls.values()] == ["ended"]
    _patch(client, campaign, status="scheduled")
    sandbox.advance(1800)
    assert len(sandbox.state.calls) == 3


def test_the_template_is_filled_and_what_is_missing_stays_visible():
    filled = campaigns.render("Call {{name}} of {{ company }} about {{order}}", {"name": "Eva", "company": "Acme"})
    assert filled == "Call Eva of Acme about {{order}}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "completed"}, "status"),
        ({"status": "running"}, "status"),
        ({"agent_id": "another"}, "agent_id"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"schedule_start_time": "25:00:00"}, "schedule_start_time"),
        ({"name": ""}, "name"),
    ],
)
def test_an_invalid_change_changes_nothing(morning, change, field):
    _, client = morning
    campaign = _make(client, leads=1)
    answer = client.patch(f"/campaigns/{campaign['id']}", json={"system_message_template": "new"} | change)
    assert answer.status_code == 400 and answer.json()["details"][0].startswith(field)
    assert client.get(f"/campaigns/{campaign['id']}").json()["campaign"]["system_message_template"] != "new"


def test_leads_are_added_one_by_one_and_listed_oldest_first(morning):
    _, client = morning
    campaign = _make(client, leads=0)
    for last in (1, 2, 3):
        body = {"phone_number": f"+3161234000{last}", "variables": {"name": "Eva"}}
        assert client.post(f"/campaigns/{campaign['id']}/leads", json=body).status_code == 201
    leads = client.get(f"/campaigns/{campaign['id']}/leads").json()["leads"]
    assert [lead["phone_number"][-1] for lead in leads] == ["1", "2", "3"]
    assert client.post(f"/campaigns/{campaign['id']}/leads", json={"phone_number": "06"}).status_code == 400
    assert client.delete(f"/campaigns/{campaign['id']}/leads/{leads[0]['id']}").json() == {"success": True}
    assert client.get(f"/campaigns/{campaign['id']}").json()["campaign"]["total_leads"] == 2
    assert client.delete(f"/campaigns/{campaign['id']}").json() == {"success": True}
    assert client.get(f"/campaigns/{campaign['id']}").status_code == 404


def _make(client, leads):
    agent = next(
        assistant["id"]
        for assistant in client.get("/assistants").json()["assistants"]
        if assistant["name"] == "Recall NL"
    )
    people = [{"phone_number": f"+3161234100{n}", "variables": {"name": f"Lead {n}"}} for n in range(leads)]
    body = {"name": "Recall", "agent_id": agent, "schedule_start_time": "09:00", "schedule_end_time": "17:00:00",
            "timezone": AMSTERDAM, "system_message_template": "Call {{name}}", "leads": people}  # fmt: skip
    answer = client.post("/campaigns", json=body)
    assert answer.status_code == 201
    return answer.json()["campaign"]


def _patch(client, campaign, **change):
    return client.patch(f"/campaigns/{campaign['id']}", json=change)
