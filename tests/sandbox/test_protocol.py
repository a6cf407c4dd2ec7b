"""Keys, envelopes, isolation, pages and limits (voicedock-api.md §1, §2, §3)."""

import pytest

from dashboard.sandbox import inprocess


@pytest.mark.parametrize("key", ["", "fl_nobody"])
def test_without_a_known_key_everything_is_a_401(sandbox, key):
    with inprocess.client(sandbox, key or "x") as client:
        if not key:
            del client.headers["Authorization"]
        answer = client.get("/calls")
        health = client.get("/health")
    assert answer.status_code == 401
    assert answer.json() == {"error": "Invalid API key", "message": "Invalid or missing API key"}
    assert "X-RateLimit-Remaining" in answer.headers
    assert health.status_code == 200 and health.json()["status"] == "ok"


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_key_that_is_no_longer_valid_says_so_in_shape_b(bloom, admin_api, state):
    admin_api.post("/_sandbox/options", json={"error_shape": "B"})
    admin_api.post("/_sandbox/keys", json={"key": "sandbox-bloom", "state": state})
    answer = bloom.get("/numbers")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == f"api_key_{state}"


def test_lists_come_in_their_envelopes(bloom):
    assert len(bloom.get("/numbers").json()["numbers"]) == 3
    assert {assistant["name"] for assistant in bloom.get("/assistants").json()["assistants"]} == {
        "Recall NL",
        "Front desk NL",
        "Front desk live",
    }
    assert bloom.get("/agents").json() == bloom.get("/assistants").json()
    assert bloom.get("/campaigns").json() == {"campaigns": []}
    assert bloom.get("/calls").json() == {"calls": [], "pagination": {"total": 0, "limit": 100, "offset": 0}}
    assert bloom.get("/usage").json()["summary"]["total_calls"] == 0
    assert bloom.get("/voices").json()["voices"][0]["id"]
    assert bloom.get("/account").json() == bloom.get("/organizations").json()


def test_another_organization_is_a_404(bloom, agency, ids, place):
    call = place(bloom)
    foreign_number, foreign_assistant = ids.number["+31105550161"], ids.assistant["Dispatch desk"]
    for client, path in (
        (agency, f"/calls/{call}"),
        (bloom, f"/numbers/{foreign_number}"),
        (bloom, f"/assistants/{foreign_assistant}"),
        (bloom, "/numbers/none"),
    ):
        assert client.get(path).status_code == 404
    body = {"destination": "+31612340042", "assistant_id": ids.assistant["Recall NL"], "number_id": foreign_number}
    assert bloom.post("/calls/outbound", json=body).status_code == 404
    assert bloom.post("/calls/outbound", json=body | {"assistant_id": foreign_assistant}).status_code == 404
    assert agency.post(f"/calls/{call}/control", json={"type": "end-call"}).status_code == 404
    assert agency.get("/calls").json()["calls"] == []


def test_a_child_gets_its_key_once_and_shares_the_balance(sandbox, agency):
    made = agency.post("/organizations", json={"name": "Dentist South", "parent_org_id": _own_id(agency)})
    assert made.status_code == 201
    with inprocess.client(sandbox, made.json()["api_key"]) as child:
        seen = child.get("/organizations").json()
    assert seen["parent_org_id"] == _own_id(agency)
    assert seen["minutes_balance"] == agency.get("/organizations").json()["minutes_balance"]
    children = agency.get("/organizations", params={"include_children": "true"}).json()["children"]
    assert {child["name"] for child in children} == {"Bloom Dental", "Dentist South"}
    assert all(set(child) == {"id", "name", "created_at"} for child in children)
    stranger = {"name": "X", "parent_org_id": children[0]["id"]}
    assert agency.post("/organizations", json=stranger).status_code == 403


def test_retention_needs_both_and_content_is_not_kept_longer(bloom):
    good = {"content_retention_days": 90, "metadata_retention_days": 180}
    assert bloom.patch("/organizations", json=good).json() == good
    wrong = bloom.patch("/organizations", json={"content_retention_days": 365, "metadata_retention_days": 30})
    assert wrong.status_code == 400
    assert bloom.patch("/organizations", json={"content_retention_days": 90}).status_code == 400


def test_numbers_are_registered_changed_and_removed(bloom, ids):
    made = bloom.post("/numbers", json={"phone_number": "+31205550199", "agent_id": ids.assistant["Recall NL"]})
    assert made.status_code == 201 and made.json()["number"]["agent_name"] == "Recall NL"
    number = made.json()["number"]["id"]
    assert bloom.post("/numbers", json={"phone_number": "+31205550199"}).status_code == 409
    assert bloom.post("/numbers", json={"phone_number": "0205550199"}).json()["details"][0].startswith("phone_number")
    detached = bloom.patch(f"/numbers/{number}", json={"agent_id": None, "is_active": False}).json()["number"]
    assert (detached["agent_id"], detached["is_active"]) == (None, False)
    assert bloom.delete(f"/numbers/{number}").json() == {"success": True}
    assert bloom.get(f"/numbers/{number}").status_code == 404


def test_assistants_are_made_complete_and_null_clears(bloom, admin_api):
    made = bloom.post("/assistants", json={"name": "New", "webhook_url": "https://x.test/in"}).json()["assistant"]
    assert made["llm_config"]["provider"] == "openai" and made["tts_config"]
    live = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}
    changed = bloom.patch(f"/assistants/{made['id']}", json={"llm_config": live, "webhook_url": None}).json()[
        "assistant"
    ]
    assert (changed["tts_config"], changed["webhook_url"]) == (None, None) and changed["stt_config"]
    admin_api.post("/_sandbox/options", json={"realtime_stt": "null"})
    assert bloom.get(f"/assistants/{made['id']}").json()["assistant"]["stt_config"] is None
    assert changed["name"] == "New"
    bad = bloom.post("/assistants", json={"name": "New", "llm_config": {"provider": "nobody", "model": "x"}})
    assert bad.status_code == 400 and "llm_config.provider" in bad.json()["message"]
    assert bloom.post("/assistants", json={}).status_code == 400
    admin_api.post("/_sandbox/options", json={"delete_answer": "204"})
    gone = bloom.delete(f"/assistants/{made['id']}")
    assert gone.status_code == 204 and gone.content == b""


def test_calls_are_paged_newest_first_with_the_total_of_the_filter(sandbox, bloom, place):
    made = [place(bloom) for _ in range(5)]
    page = bloom.get("/calls", params={"limit": 2, "offset": 1}).json()
    assert [call["id"] for call in page["calls"]] == [made[3], made[2]]
    assert page["pagination"] == {"total": 5, "limit": 2, "offset": 1}
    bloom.post(f"/calls/{made[0]}/control", json={"type": "end-call"})
    sandbox.advance(2)
    ended = bloom.get("/calls", params={"status": "ended"}).json()
    assert [call["id"] for call in ended["calls"]] == [made[0]] and ended["pagination"]["total"] == 1
    since = bloom.get(f"/calls/{made[3]}").json()["created_at"]
    assert bloom.get("/calls", params={"start_date": since}).json()["pagination"]["total"] == 2
    assert bloom.get("/calls", params={"end_date": since}).json()["pagination"]["total"] == 4


@pytest.mark.parametrize("zone", ["Z", "+00:00", " 00:00", "%2B00:00", ""])
def test_a_date_filter_takes_any_zone_and_an_unencoded_plus(bloom, place, zone):
    place(bloom)
    since = bloom.get("/calls").json()["calls"][0]["created_at"].removesuffix("Z")
    assert bloom.get(f"/calls?start_date={since}{zone}").json()["pagination"]["total"] == 1
    assert bloom.get(f"/calls?start_date={since[:10]}").json()["pagination"]["total"] == 1
    assert bloom.get(f"/calls?end_date={since[:10]}").json()["pagination"]["total"] == 0


def test_a_limit_above_the_maximum_is_clamped_or_refused(bloom, admin_api):
    assert bloom.get("/calls", params={"limit": 5000}).json()["pagination"]["limit"] == 1000
    admin_api.post("/_sandbox/options", json={"over_limit": "400"})
    assert bloom.get("/calls", params={"limit": 5000}).status_code == 400
    assert bloom.get("/calls", params={"limit": "many"}).status_code == 400
    assert bloom.get("/calls", params={"start_date": "yesterday"}).status_code == 400


def test_the_hundred_and_first_request_is_refused_and_does_nothing(sandbox, bloom, agency):
    answers = [bloom.get("/health-not-there") for _ in range(100)]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in (answers[0], answers[-1])] == ["99", "0"]
    refused = bloom.post("/numbers", json={"phone_number": "+31205550199"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["error"] == "Rate limit exceeded" and refused.json()["retry_after"] > 0
    assert all(number.phone_number != "+31205550199" for number in sandbox.state.numbers.values())
    assert agency.get("/voices").status_code == 200, "another key has its own minute"
    sandbox.advance(int(refused.headers["Retry-After"]))
    assert bloom.post("/numbers", json={"phone_number": "+31205550199"}).status_code == 201


def test_wrong_method_path_and_body_have_different_errors(bloom):
    assert bloom.delete("/voices").status_code == 405
    assert bloom.get("/nothing").status_code == 404
    assert bloom.post("/numbers", content=b"{not json").status_code == 400
    assert bloom.post("/numbers", content=b"[1]").status_code == 400


def _own_id(client):
    return client.get("/organizations").json()["id"]
