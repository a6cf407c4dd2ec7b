"""Stored resources: validation that names the field, null and absent, use and deletion (§9)."""

import pytest

from dashboard.sandbox import inprocess
from dashboard.sandbox.snapshot import Snapshot
from tests.sandbox.test_operations import GRAPH, PROMPTS

MCP = {"name": "Orders", "url": "https://tools.example/mcp"}
TRUNK = {"name": "Carrier", "provider": "custom", "address": "sip.example"}
TEMPLATES = "/analysis-templates"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/sip-trunks", {"name": "x", "provider": "y"}, "address"),
        ("/sip-trunks", TRUNK | {"transport": "sctp"}, "transport"),
        ("/sip-trunks", TRUNK | {"auth_password": 7}, "auth_password"),
        ("/tool-templates", {"name": "x"}, "tool_type"),
        ("/tool-templates", {"name": "x", "tool_type": "hang_up"}, "tool_type"),
        ("/tool-templates", {"name": "x", "tool_type": ["function"]}, "tool_type"),
        ("/tool-templates", {"name": "x", "tool_type": "function", "tool_config": {"name": "2x"}}, "tool_config.name"),
        (TEMPLATES, {"name": "x", "system_prompt": "a", "user_prompt": "b"}, "schema"),
        (TEMPLATES, PROMPTS | {"name": "x", "schema": "text"}, "schema"),
        ("/mcp-servers", MCP | {"url": "http://tools.example"}, "url"),
        ("/mcp-servers", MCP | {"url": "https://10.0.0.1/mcp"}, "url"),
        ("/mcp-servers", MCP | {"url": "https://localhost/mcp"}, "url"),
        ("/mcp-servers", MCP | {"url": "https://["}, "url"),
        ("/mcp-servers", MCP | {"timeout_seconds": 61}, "timeout_seconds"),
        ("/mcp-servers", MCP | {"headers": {str(n): "x" for n in range(11)}}, "headers"),
        ("/domains", {"domain_name": "not a name"}, "domain_name"),
        ("/domains/sync", {}, "resendDomainId"),
        ("/byok", {"provider": "somebody", "api_key": "x"}, "provider"),
        ("/byok", {"provider": "openai"}, "api_key"),
        ("/byok/config", {"provider": "openai", "config": {}}, "provider"),
        ("/byok/config", {"provider": "openai"}, "config"),
        ("/workflows", {"name": "x"}, "definition"),
        ("/assistants", {"name": "x", "llm_config": {"provider": "openai", "model": "gpt-9"}}, "llm_config.model"),
        (
            "/assistants",
            {"name": "x", "llm_config": {"provider": "openai", "model": "gpt-5", "temperature": 3}},
            "llm_config.temperature",
        ),
        ("/assistants", {"name": "x", "notification_emails": ["a@b.test"] * 6}, "notification_emails"),
        ("/assistants", {"name": "x", "webhook_url": "http://["}, "webhook_url"),
        ("/assistants", {"name": "x", "max_duration_seconds": 10**30}, "max_duration_seconds"),
        ("/numbers", {"phone_number": "+3120555٠199"}, "phone_number"),
    ],
)
def test_an_invalid_field_is_named_and_nothing_is_stored(sandbox, bloom, path, body, field):
    before = _kept(sandbox)
    answer = bloom.post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"][0].startswith(f"{field}:")
    assert _kept(sandbox) == before
    sandbox.state.options.error_shape = "B"
    assert bloom.post(path, json=body).json()["error"]["param"] == field


def test_secrets_are_accepted_and_never_returned(sandbox, bloom):
    body = [
        bloom.post("/sip-trunks", json=TRUNK | {"auth_username": "u", "auth_password": "hush-1"}),
        bloom.post("/mcp-servers", json=MCP | {"headers": {"Authorization": "hush-2"}}),
        bloom.post("/byok", json={"provider": "openai", "api_key": "hush-3"}),
    ]
    body += [bloom.get(path) for path in ("/sip-trunks", "/mcp-servers", "/byok")]
    assert not any("hush" in answer.text for answer in body)
    assert body[0].json()["trunk"]["auth_username"] == "u" and body[0].json()["trunk"]["transport"] == "udp"
    server = body[1].json()["mcp_server"]
    assert server["header_names"] == ["Authorization"]
    cleared = bloom.patch(f"/mcp-servers/{server['id']}", json={"headers": None}).json()["mcp_server"]
    assert cleared["header_names"] == []
    keys = body[2].json()["byok_keys"]
    assert keys["openai_secret_id"] and keys["deepgram_secret_id"] is None


@pytest.mark.parametrize(
    ("path", "body", "change", "shown"),
    [
        ("/tool-templates", {"name": "x", "tool_type": "endCall", "description": "d"}, "description", None),
        (TEMPLATES, PROMPTS | {"name": "x", "description": "d"}, "description", None),
        ("/mcp-servers", MCP | {"timeout_seconds": 30}, "timeout_seconds", 20),
        ("/workflows", {"name": "x", "definition": GRAPH, "is_active": False}, "is_active", True),
        ("/assistants", {"name": "x", "is_active": False}, "is_active", True),
        ("/assistants", {"name": "x", "max_duration_seconds": 60}, "max_duration_seconds", 600),
    ],
)
def test_null_clears_and_absent_stays(bloom, path, body, change, shown):
    (made,) = bloom.post(path, json=body).json().values()
    (same,) = bloom.patch(f"{path}/{made['id']}", json={}).json().values()
    assert same == made
    (cleared,) = bloom.patch(f"{path}/{made['id']}", json={change: None}).json().values()
    assert cleared.get(change) == shown
    assert cleared["name"] == body["name"]
    refused = bloom.patch(f"{path}/{made['id']}", json={"name": None})
    assert refused.status_code == 400 and refused.json()["details"][0].startswith("name:")


def test_required_fields_of_numbers_and_campaigns_cannot_be_cleared(bloom, ids):
    number = ids.number["+31205550142"]
    agent = ids.assistant["Recall NL"]
    campaign = bloom.post("/campaigns", json={"name": "x", "agent_id": agent}).json()["campaign"]["id"]
    for path, field in ((f"/numbers/{number}", "is_active"), (f"/campaigns/{campaign}", "timezone")):
        answer = bloom.patch(path, json={field: None})
        assert answer.status_code == 400 and answer.json()["details"][0].startswith(f"{field}:")
    body = bloom.patch(f"/campaigns/{campaign}", json={"system_message_template": "Hi {{name}}"}).json()["campaign"]
    assert body["system_message_template"] == "Hi {{name}}"
    body = bloom.patch(f"/campaigns/{campaign}", json={"system_message_template": None}).json()["campaign"]
    assert body["system_message_template"] is None and body["name"] == "x"


def test_an_mcp_server_is_tested_guarded_and_named_once(bloom, ids):
    server = bloom.post("/mcp-servers", json=MCP).json()["mcp_server"]["id"]
    assert bloom.post("/mcp-servers", json=MCP).status_code == 409
    assert bloom.post(f"/mcp-servers/{server}/test").json()["ok"] is True
    moved = {"url": "https://elsewhere.invalid/mcp"}
    assert bloom.patch(f"/mcp-servers/{server}", json=moved).json()["details"][0].startswith("headers:")
    assert bloom.patch(f"/mcp-servers/{server}", json=moved | {"headers": {}}).status_code == 200
    failed = bloom.post(f"/mcp-servers/{server}/test")
    assert failed.status_code == 200 and failed.json()["ok"] is False and failed.json()["error"]
    tools = {"tools": [{"type": "mcp", "mcp_server_id": server, "allowed_tools": ["search_orders"]}]}
    model = {"provider": "openai", "model": "gpt-5"}
    assistant = f"/assistants/{ids.assistant['Recall NL']}"
    assert bloom.patch(assistant, json={"llm_config": model | tools}).status_code == 200
    assert bloom.delete(f"/mcp-servers/{server}").status_code == 409
    bloom.patch(assistant, json={"llm_config": model})
    assert bloom.delete(f"/mcp-servers/{server}").status_code == 200
    gone = bloom.patch(assistant, json={"llm_config": model | tools})
    assert gone.json()["details"][0].startswith("llm_config.tools[0].mcp_server_id:")


def test_own_keys_are_configured_and_deleted(bloom):
    bloom.post("/byok", json={"provider": "google_vertex", "api_key": {"project_id": "p"}})
    bloom.post("/byok/config", json={"provider": "google_vertex", "config": {"region": "eu", "tier": 1}})
    merged = bloom.post("/byok/config", json={"provider": "google_vertex", "config": {"tier": None}}).json()[
        "byok_config"
    ]
    assert merged == {"google_vertex": {"region": "eu"}}
    gone = bloom.request("DELETE", "/byok", json={"provider": "google_vertex"})
    assert gone.json()["byok_keys"]["google_vertex_secret_id"] is None
    assert bloom.request("DELETE", "/byok", json={"provider": "google_vertex"}).status_code == 404


def test_a_sender_domain_is_verified_and_can_be_chosen_again(bloom):
    assert bloom.get("/domains").json() == {"domain": None}
    assert bloom.post("/domains/verify").status_code == 404
    made = bloom.post("/domains", json={"domain_name": "Mail.Example"}).json()["domain"]
    assert (made["domain_name"], made["status"], made["verified_at"]) == ("mail.example", "not_started", None)
    assert bloom.post("/domains", json={"domain_name": "other.example"}).status_code == 409
    assert bloom.post("/domains/refresh").json()["domain"]["status"] == "not_started"
    assert bloom.post("/domains/verify").json()["domain"]["status"] == "pending"
    done = bloom.post("/domains/refresh").json()["domain"]
    assert done["status"] == "verified" and done["verified_at"] and done["records"]
    bloom.delete("/domains")
    known = bloom.get("/domains/sync").json()
    assert known["selected_domain_id"] is None and known["domains"][0]["id"] == made["resend_domain_id"]
    back = bloom.post("/domains/sync", json={"resendDomainId": made["resend_domain_id"]}).json()["domain"]
    assert back["id"] == made["id"] and bloom.get("/domains").json()["domain"] == back
    assert bloom.post("/domains/sync", json={"resendDomainId": "none"}).status_code == 404


@pytest.mark.parametrize("form", ["sdk", "docs", "old"])
def test_analysis_templates_have_each_documented_envelope(sandbox, bloom, form):
    sandbox.state.options.analysis_templates = form
    made = [bloom.post(TEMPLATES, json=PROMPTS | {"name": str(n)}).json() for n in range(3)]
    envelope = {"sdk": "analysis_template", "old": "analysisTemplate"}.get(form)
    names = [(body[envelope] if envelope else body)["name"] for body in made]
    listed = bloom.get(TEMPLATES).json()
    many = {"sdk": "analysis_templates", "docs": "data", "old": "analysisTemplates"}[form]
    assert [body["name"] for body in listed.pop(many)] == names == ["0", "1", "2"]
    assert listed == ({"total": 3, "limit": 50, "offset": 0} if form == "docs" else {})
    page = bloom.get(TEMPLATES, params={"limit": 2, "offset": 2}).json()[many]
    assert [body["name"] for body in page] == ["2"]
    assert bloom.get(TEMPLATES, params={"limit": 0}).status_code == 400


def test_undocumented_fields_are_ignored_or_refused(sandbox, bloom, ids):
    agent = ids.assistant["Recall NL"]
    body = {"name": "x", "agent_id": agent, "concurrency": 5}
    campaign = bloom.post("/campaigns", json=body).json()["campaign"]
    assert "concurrency" not in campaign
    sandbox.state.options.unknown_fields = "400"
    for method, path in (("POST", "/campaigns"), ("PATCH", f"/campaigns/{campaign['id']}"), ("POST", "/mcp-servers")):
        answer = bloom.request(method, path, json=body)
        assert answer.status_code == 400 and answer.json()["details"][0].split(":")[0] in ("concurrency", "agent_id")


def test_records_of_a_child_belong_to_it_only(sandbox, bloom, agency):
    made = {
        "/sip-trunks": TRUNK,
        "/mcp-servers": MCP,
        "/workflows": {"name": "x", "definition": GRAPH},
        "/tool-templates": {"name": "x", "tool_type": "end_call"},
        TEMPLATES: PROMPTS | {"name": "x"},
    }
    for path, body in made.items():
        (body,) = bloom.post(path, json=body).json().values()
        for method in ("GET", "PATCH", "DELETE"):
            if (method, path) != ("PATCH", "/sip-trunks"):
                assert agency.request(method, f"{path}/{body['id']}", json={}).status_code == 404
        (seen,) = agency.get(path).json().values()
        assert body["id"] not in [record["id"] for record in seen]
        assert bloom.get(f"{path}/{body['id']}").status_code == 200
    bloom.post("/byok", json={"provider": "xai", "api_key": "k"})
    bloom.post("/domains", json={"domain_name": "mail.example"})
    assert agency.get("/byok").json()["byok_keys"]["xai_secret_id"] is None
    assert agency.get("/domains/sync").json() == {"domains": [], "selected_domain_id": None}


@pytest.mark.parametrize(
    "raw", [b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 5000, b'{"a":' * 500 + b"1" + b"}" * 500, b"\xff"]
)
def test_an_unsafe_body_is_refused(bloom, admin_api, raw):
    assert bloom.post("/assistants", content=raw).status_code == 400
    assert admin_api.get("/_sandbox/log").status_code == 200, "and the log can still be read"


@pytest.mark.parametrize("limit", ["²", "9" * 5000, "-1", "1.5", "0", "١"])
def test_a_limit_that_is_no_number_is_refused(bloom, limit):
    answer = bloom.get("/calls", params={"limit": limit})
    assert answer.status_code == 400 and answer.json()["details"][0].startswith("limit:")


def test_all_records_survive_a_snapshot(sandbox, bloom, tmp_path):
    bloom.post("/workflows", json={"name": "x", "definition": GRAPH})
    bloom.post("/byok", json={"provider": "xai", "api_key": "k"})
    bloom.post("/mcp-servers", json=MCP | {"headers": {"X-Key": "hush"}})
    file = Snapshot(tmp_path / "state.jsonl")
    file.write(file.dump(sandbox.state))
    kept, _ = file.load()
    for kind in ("workflows", "vaults", "mcp_servers", "trunks"):
        assert getattr(kept, kind) == getattr(sandbox.state, kind) != {}


def test_a_child_may_not_be_opened_under_another(sandbox, bloom):
    with inprocess.client(sandbox, "sandbox-agency") as agency:
        parent = agency.get("/organizations").json()["id"]
    before = set(sandbox.state.organizations)
    assert bloom.post("/organizations", json={"name": "x", "parent_org_id": parent}).status_code == 403
    assert set(sandbox.state.organizations) == before


def _kept(sandbox):
    state = sandbox.state
    kinds = ("trunks", "tool_templates", "analysis_templates", "mcp_servers", "domains", "vaults", "workflows")
    return [len(getattr(state, kind)) for kind in (*kinds, "assistants", "numbers")]
