"""Injected faults, and the sandbox's other controls."""

import json

import httpx
import pytest

from dashboard.sandbox.errors import SHAPES

CALL = {"destination": "+31612340042"}


@pytest.fixture
def dial(bloom, ids):
    return lambda: bloom.post("/calls/outbound", json=CALL | {"assistant_id": ids.assistant["Recall NL"]})


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_status_in_each_shape_once_and_without_effect(sandbox, bloom, admin_api, dial, status, shape):
    admin_api.post("/_sandbox/faults", json={"fault": str(status), "shape": shape, "route": "/calls/outbound"})
    answer = dial()
    assert answer.status_code == status
    assert answer.content == b"" if shape == "D" else isinstance(answer.json()["error"], dict if shape == "B" else str)
    assert "X-RateLimit-Remaining" in answer.headers
    assert ("Retry-After" in answer.headers) == (status == 429)
    assert sandbox.state.calls == {}
    assert dial().status_code == 201


def test_html_instead_of_json(bloom, admin_api):
    admin_api.post("/_sandbox/faults", json={"fault": "html502"})
    answer = bloom.get("/numbers")
    assert answer.status_code == 502 and answer.text.startswith("<html>")


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        ({"fault": "cut"}, httpx.ReadError, False),
        ({"fault": "hang"}, httpx.ReadTimeout, False),
        ({"fault": "lost"}, httpx.ReadError, True),
        ({"fault": "slow", "seconds": 30}, httpx.ReadTimeout, True),
    ],
)
def test_a_request_without_a_response_may_have_been_carried_out(sandbox, admin_api, dial, fault, error, done):
    admin_api.post("/_sandbox/faults", json=fault)
    with pytest.raises(error):
        dial()
    assert len(sandbox.state.calls) == done


def test_a_truncated_response_is_not_json(bloom, admin_api):
    admin_api.post("/_sandbox/faults", json={"fault": "truncated"})
    with pytest.raises(json.JSONDecodeError):
        bloom.get("/numbers").json()


def test_the_call_may_end_just_before_the_command(bloom, admin_api, place):
    call = place(bloom)
    admin_api.post("/_sandbox/faults", json={"fault": "end_on_command"})
    assert bloom.get("/numbers").status_code == 200, "other requests do not use it up"
    refused = bloom.post(f"/calls/{call}/control", json={"type": "end-call"})
    assert refused.status_code == 400
    assert bloom.get(f"/calls/{call}").json()["status"] == "ended"


def test_a_fault_applies_to_its_route_method_and_key_only(bloom, agency, admin_api):
    wanted = {"fault": "503", "route": "/calls/*", "method": "GET", "key": "sandbox-bloom", "times": 0}
    admin_api.post("/_sandbox/faults", json=wanted)
    assert bloom.get("/numbers").status_code == 200
    assert agency.get("/calls/x").status_code == 404
    assert [bloom.get("/calls/x").status_code for _ in range(3)] == [503] * 3
    admin_api.delete("/_sandbox/faults")
    assert bloom.get("/calls/x").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": "fire"},
        {"fault": "200"},
        {"fault": "503", "path": "/x"},
        *(
            {"fault": "503", name: value}
            for name, value in (
                ("route", 7), ("method", []), ("key", {}), ("times", "many"), ("times", -1), ("times", 1.5),
                ("seconds", "long"), ("seconds", -1), ("shape", "E"), ("retry_after", "soon"), ("chance", True),
            )
        ),
    ],
)  # fmt: skip
def test_an_invalid_fault_is_refused_without_effect(bloom, admin_api, body):
    assert admin_api.post("/_sandbox/faults", json=body).status_code == 400
    assert bloom.get("/numbers").status_code == 200


def test_the_log_has_organization_request_and_response(bloom, admin_api, dial):
    dial()
    bloom.get("/nothing")
    first, second = admin_api.get("/_sandbox/log").json()["requests"]
    assert (first["method"], first["path"], first["organization"]) == ("POST", "/api/v1/calls/outbound", "Bloom Dental")
    assert first["body"]["destination"] == CALL["destination"] and first["status"] == 201
    assert second["status"] == 404 and "sandbox-bloom" not in str(second)
    assert admin_api.get("/_sandbox/log", params={"since": first["id"]}).json()["requests"] == [second]


def test_organizations_are_shown_with_their_keys(admin_api):
    shown = {
        organization["name"]: organization
        for organization in admin_api.get("/_sandbox/organizations").json()["organizations"]
    }
    assert shown["Kabelhuis"]["api_key"] == "sandbox-agency" and shown["Kabelhuis"]["parent_org_id"] is None
    assert shown["Bloom Dental"]["api_key"] == "sandbox-bloom"
    assert shown["Bloom Dental"]["parent_org_id"] == shown["Kabelhuis"]["id"]


def test_the_admin_api_answers_on_loopback_only(sandbox):
    far = httpx.WSGITransport(app=sandbox, remote_addr="192.0.2.7")
    with httpx.Client(transport=far, base_url="http://sandbox") as client:
        assert client.get("/_sandbox/organizations").status_code == 403
        assert client.get("/api/v1/health").status_code == 200


def test_the_clock_can_be_moved_and_the_state_reset(sandbox, bloom, admin_api, place):
    call = place(bloom)
    admin_api.post("/_sandbox/clock", json={"advance": 900})
    assert bloom.get(f"/calls/{call}").json()["status"] == "ended"
    admin_api.post("/_sandbox/faults", json={"fault": "503", "times": 0})
    assert admin_api.post("/_sandbox/reset", json={}).json()["calls"] == 0
    assert bloom.get("/calls").json()["pagination"]["total"] == 0


def test_an_unknown_option_changes_nothing(admin_api):
    before = admin_api.get("/_sandbox/options").json()
    for wrong in ({"background_traffic": True, "nothing": 1}, {"error_shape": "E"}, {"hang_seconds": "long"}):
        assert admin_api.post("/_sandbox/options", json=wrong).status_code == 400
    assert admin_api.get("/_sandbox/options").json() == before


def test_a_fault_with_a_chance_applies_to_about_its_share(bloom, admin_api):
    admin_api.post("/_sandbox/faults", json={"fault": "503", "route": "/numbers", "times": None, "chance": 0.3})
    met = sum(bloom.get("/numbers").status_code == 503 for _ in range(90))
    assert 10 < met < 50
    assert admin_api.post("/_sandbox/faults", json={"fault": "503", "chance": 1.5}).status_code == 400


def test_responses_may_have_unknown_values_and_missing_or_additional_fields(bloom, admin_api):
    documented = bloom.get("/numbers").json()["numbers"][0]
    for fault in ("unknown_values", "missing_fields", "extra_fields"):
        admin_api.post("/_sandbox/faults", json={"fault": fault})
    calls = bloom.get("/calls").json()["calls"]
    fewer, more = (bloom.get("/numbers").json()["numbers"][0] for _ in range(2))
    assert all(call["status"] == "of-tomorrow" for call in calls)
    assert {"id", "phone_number"} <= set(fewer) < set(documented)
    assert set(more) - set(documented) == {"added_later"}


def test_the_log_has_the_ending_of_the_key_and_the_answer(bloom, admin_api):
    bloom.get("/numbers")
    entry = admin_api.get("/_sandbox/log").json()["requests"][-1]
    assert entry["key"] == "…loom" and "sandbox-bloom" not in str(entry)
    assert entry["answer"].startswith('{"numbers":')


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("A", {"error": "Invalid request", "message": "name is required", "details": ["name: name is required"]}),
        (
            "B",
            {
                "error": {
                    "code": "missing_field",
                    "message": "name is required",
                    "param": "name",
                    "type": "validation",
                }
            },
        ),
        ("C", {"error": "name is required", "param": "name", "type": "validation"}),
    ],
)
def test_a_validation_error_names_the_field_in_each_shape(bloom, admin_api, shape, body):
    admin_api.post("/_sandbox/options", json={"error_shape": shape})
    assert bloom.post("/assistants", json={}).json() == body


def test_random_faults_follow_from_the_seed(bloom, admin_api):
    def met(seed):
        admin_api.post("/_sandbox/reset", json={"seed": seed})
        admin_api.post("/_sandbox/faults", json={"fault": "503", "route": "/numbers", "times": 0, "chance": 0.5})
        return [bloom.get("/numbers").status_code for _ in range(40)]

    first = met("one")
    assert met("one") == first != met("two")
