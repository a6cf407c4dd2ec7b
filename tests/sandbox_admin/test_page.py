"""The sandbox's page: every control works, and none is there where calls ring real phones."""

from __future__ import annotations

import re

import pytest

from dashboard.sandbox import faults, inprocess
from dashboard.sandbox.errors import TITLES
from dashboard.sandbox_admin import labels, page_context
from tenants.access.permissions import Role

CONTROLS = ["faults", "faults/clear", "scenario", "clock", "outcome", "inbound-call", "balance"]


@pytest.fixture
def admin_browser(sign_in, admin, settings, sandbox):
    settings.SANDBOX_URL = "http://sandbox"
    return sign_in(admin)


@pytest.fixture
def state(sandbox):
    """The response to `GET /_sandbox/<path>`."""

    def state(path):
        with inprocess.client(sandbox) as admin_api:
            return admin_api.get(f"/_sandbox/{path}").json()

    return state


def test_the_page_is_for_staff_and_exists_only_with_a_sandbox(
    admin_browser, sign_in, admin, support, bloom, make_member, settings, client
):
    assert admin_browser.get("/sandbox/").status_code == 200
    assert sign_in(support).get("/sandbox/").status_code == 200
    owner = sign_in(make_member(bloom, Role.OWNER))
    assert owner.get("/sandbox/").status_code == 404
    assert client.get("/sandbox/").status_code == 302
    settings.SANDBOX_URL = ""
    staff = sign_in(admin)
    assert staff.get("/sandbox/").status_code == 404
    for control in CONTROLS:
        assert staff.post(f"/sandbox/{control}/").status_code == 404
    assert "/sandbox/" not in staff.get("/clients/").content.decode()


def test_a_fault_is_added_applies_and_is_removed(admin_browser, state, sandbox, agency):
    page = admin_browser.get("/sandbox/")
    organization = next(
        value for value, name in page.context["fault"].fields["organization"].choices if name == "Bloom Dental"
    )
    answer = admin_browser.post(
        "/sandbox/faults/",
        {"fault": "503", "route": "/numbers*", "organization": organization, "times": "3", "chance": "100"},
        follow=True,
    )
    html = answer.content.decode()
    assert "503, not available" in html and "3 more times" in html and "sandbox-bloom" not in html
    (fault,) = state("faults")["faults"]
    assert (fault["fault"], fault["route"], fault["key"], fault["times"]) == ("503", "/numbers*", "sandbox-bloom", 3)
    admin_browser.post("/sandbox/faults/clear/", {"fault": fault["id"]})
    assert state("faults")["faults"] == []


def test_an_error_has_the_chosen_shape(admin_browser, state):
    fields = {"route": "/numbers*", "times": "1", "chance": "100"}
    admin_browser.post("/sandbox/faults/", fields | {"fault": "409", "shape": "C"})
    admin_browser.post("/sandbox/faults/", fields | {"fault": "slow", "shape": "C"})
    assert [fault["shape"] for fault in state("faults")["faults"]] == ["C", ""]
    assert admin_browser.post("/sandbox/faults/", fields | {"fault": "409", "shape": "E"}).status_code == 422


def test_seconds_and_chance_are_sent_and_shown(admin_browser, state):
    fields = {"route": "*", "times": "", "chance": "30", "seconds": "240"}
    admin_browser.post("/sandbox/faults/", fields | {"fault": "webhook_late"})
    html = admin_browser.post("/sandbox/faults/", fields | {"fault": "503"}, follow=True).content.decode()
    assert [(fault["seconds"], fault["chance"]) for fault in state("faults")["faults"]] == [(240, 0.3), (None, 0.3)]
    assert "240 seconds, 30% of them" in html and ">30% of them<" in html


def test_every_fault_of_the_sandbox_can_be_added(admin_browser, state):
    offered = {value for _, group in labels.FAULTS for value, _ in group}
    assert set(faults.KINDS + faults.WEBHOOK_KINDS) <= offered
    assert {int(kind) for kind in offered if kind.isdecimal()} == set(TITLES) - {405}
    for kind in sorted(offered):
        answer = admin_browser.post("/sandbox/faults/", {"fault": kind, "route": "*", "times": "1", "chance": "50"})
        assert answer.status_code == 302, kind
    assert {fault["fault"] for fault in state("faults")["faults"]} == offered


def test_an_invalid_choice_has_its_error_beside_the_field(admin_browser, state):
    answer = admin_browser.post("/sandbox/faults/", {"fault": "503", "route": "/nowhere", "times": "1", "chance": "0"})
    assert answer.status_code == 422 and set(answer.context["fault"].errors) == {"route", "chance"}
    assert state("faults")["faults"] == []


def test_the_clock_runs_stands_and_skips(admin_browser, state):
    before = state("clock")["now"]
    admin_browser.post("/sandbox/clock/", {"advance": "3600"})
    assert state("clock")["now"] - before == pytest.approx(3600, abs=5)
    admin_browser.post("/sandbox/clock/", {"speed": "60"})
    assert "60 times as fast" in admin_browser.get("/sandbox/").content.decode()
    assert admin_browser.post("/sandbox/clock/", {"speed": "-1"}).status_code == 422


def test_outcomes_are_set_and_inbound_calls_made(admin_browser, state, agency):
    admin_browser.post("/sandbox/outcome/", {"outcome": "no-answer"})
    assert state("options")["outcome"] == "no-answer"
    admin_browser.post("/sandbox/outcome/", {"outcome": ""})
    assert state("options")["outcome"] == ""
    live = state("")["live_calls"]
    assert (
        admin_browser.post("/sandbox/inbound-call/", {"number": "+31105550161", "outcome": "conversation"}).status_code
        == 302
    )
    assert state("")["live_calls"] == live + 1


def test_a_scenario_is_played_and_stopped(admin_browser, state):
    html = admin_browser.post("/sandbox/scenario/", {"scenario": "storm"}, follow=True).content.decode()
    assert "A storm of 429s" in html and "0 of 2 steps" in html
    assert state("scenarios")["playing"]["name"] == "A storm of 429s"
    assert admin_browser.post("/sandbox/scenario/", {"scenario": "nonsense"}).status_code == 422
    admin_browser.post("/sandbox/scenario/", {"stop": ""})
    assert state("scenarios")["playing"] is None


def test_credit_is_emptied_and_filled(admin_browser, state):
    def root():
        organizations = state("organizations")["organizations"]
        return next(organization for organization in organizations if not organization["parent_org_id"])

    admin_browser.post("/sandbox/balance/", {"organization": root()["id"], "minutes": "0"})
    assert root()["minutes_balance"] == 0


def test_requests_are_listed_newest_first_and_can_be_held(admin_browser, agency):
    html = admin_browser.get("/sandbox/?part=log", headers={"HX-Request": "true"}).content.decode()
    assert "GET /numbers" in html and "every 2s" in html and "<h1>" not in html
    ids = [int(found) for found in re.findall(r'id="request-(\d+)"', html)]
    assert ids == sorted(ids, reverse=True) and ids
    assert "every 2s" not in admin_browser.get("/sandbox/?part=log&hold").content.decode()


@pytest.mark.parametrize(
    ("result", "label"),
    [
        ("200", "200"),
        ("HTTP Error 401: Unauthorized", "401, not accepted"),
        ("<urlopen error [Errno 111] Connection refused>", "no answer"),
    ],
)
def test_a_delivery_has_a_label(result, label):
    assert page_context.delivery({"event": "status-update", "result": result}) == {
        "event": "Status update",
        "label": label,
    }


def test_a_sandbox_that_does_not_answer_is_reported(admin_browser, settings, sandbox):
    settings.VOICEDOCK_TRANSPORT = None
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    answer = admin_browser.get("/sandbox/")
    assert answer.status_code == 503 and "does not answer" in answer.content.decode()
    assert "does not answer" in admin_browser.post("/sandbox/clock/", {"speed": "1"}, follow=True).content.decode()
