"""Every operation of voicedock-api.md §3 answers, with the status and in the envelope that §3.1 tells of it."""

import pytest

from dashboard.sandbox.api import routes

GRAPH = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [{"id": "hello", "type": "conversation", "instructions": "Greet."}, {"id": "bye", "type": "end"}],
    "edges": [{"from": "hello", "to": "bye", "description": "All is said"}],
}
PERSON = {"phone_number": "+31612340042", "variables": {"name": "Eva"}}
PROMPTS = {"system_prompt": "You judge calls.", "user_prompt": "{transcript}", "schema": {"type": "object"}}
DAYS = {"content_retention_days": 90, "metadata_retention_days": 180}
CALL = {"destination": "+31612340042"}
GONE = {"success"}

# method, path, body ({names} in both are filled in from the ids), status, keys of the answer
OPERATIONS = [
    ("GET", "/calls", None, 200, {"calls", "pagination"}),
    ("GET", "/calls/{call}", None, 200, {"id", "status", "messages", "created_at"}),
    ("POST", "/calls/outbound", CALL | {"assistant_id": "{assistant}"}, 201, {"success", "call_id", "status"}),
    ("POST", "/calls/{call}/control", {"type": "end-call"}, 200, {"success", "message"}),
    ("GET", "/campaigns", None, 200, {"campaigns"}),
    ("POST", "/campaigns", {"name": "New", "agent_id": "{assistant}", "leads": [PERSON]}, 201, {"campaign"}),
    ("GET", "/campaigns/{campaign}", None, 200, {"campaign"}),
    ("PATCH", "/campaigns/{campaign}", {"status": "paused"}, 200, {"campaign"}),
    ("DELETE", "/campaigns/{campaign}", None, 200, GONE),
    ("GET", "/campaigns/{campaign}/leads", None, 200, {"leads"}),
    ("POST", "/campaigns/{campaign}/leads", PERSON, 201, {"lead"}),
    ("DELETE", "/campaigns/{campaign}/leads/{lead}", None, 200, GONE),
    ("GET", "/numbers", None, 200, {"numbers"}),
    ("POST", "/numbers", {"phone_number": "+31205550199"}, 201, {"number"}),
    ("GET", "/numbers/{number}", None, 200, {"number"}),
    ("PATCH", "/numbers/{number}", {"workflow_id": "{workflow}"}, 200, {"number"}),
    ("DELETE", "/numbers/{number}", None, 200, GONE),
    ("GET", "/assistants", None, 200, {"assistants"}),
    ("POST", "/assistants", {"name": "New"}, 201, {"assistant"}),
    ("GET", "/assistants/{assistant}", None, 200, {"assistant"}),
    ("PATCH", "/assistants/{assistant}", {"first_message": "Hello"}, 200, {"assistant"}),
    ("DELETE", "/assistants/{assistant}", None, 200, GONE),
    ("GET", "/agents", None, 200, {"assistants"}),
    ("POST", "/agents", {"name": "New"}, 201, {"assistant"}),
    ("GET", "/agents/{assistant}", None, 200, {"assistant"}),
    ("PATCH", "/agents/{assistant}", {"first_message": None}, 200, {"assistant"}),
    ("DELETE", "/agents/{assistant}", None, 200, GONE),
    ("GET", "/workflows", None, 200, {"workflows"}),
    ("POST", "/workflows", {"name": "New", "definition": GRAPH}, 201, {"workflow"}),
    ("GET", "/workflows/{workflow}", None, 200, {"workflow"}),
    ("PATCH", "/workflows/{workflow}", {"is_active": False}, 200, {"workflow"}),
    ("DELETE", "/workflows/{workflow}", None, 200, GONE),
    ("GET", "/organizations", None, 200, {"id", "minutes_balance", "active_calls", "parent_org_id"}),
    ("POST", "/organizations", {"name": "New"}, 201, {"id", "name", "parent_org_id", "api_key", "created_at"}),
    ("PATCH", "/organizations", DAYS, 200, set(DAYS)),
    ("GET", "/usage", None, 200, {"logs", "pagination", "summary"}),
    ("GET", "/voices", None, 200, {"voices"}),
    ("GET", "/sip-trunks", None, 200, {"trunks"}),
    ("POST", "/sip-trunks", {"name": "New", "provider": "custom", "address": "sip.example"}, 201, {"trunk"}),
    ("GET", "/sip-trunks/{trunk}", None, 200, {"trunk"}),
    ("DELETE", "/sip-trunks/{trunk}", None, 200, GONE),
    ("GET", "/byok", None, 200, {"byok_keys"}),
    ("POST", "/byok", {"provider": "openai", "api_key": "sk-1"}, 201, {"success", "byok_keys"}),
    ("DELETE", "/byok", {"provider": "deepgram"}, 200, {"success", "byok_keys"}),
    ("POST", "/byok/config", {"provider": "deepgram", "config": {"region": "eu"}}, 200, {"success", "byok_config"}),
    ("GET", "/tool-templates", None, 200, {"tool_templates"}),
    ("POST", "/tool-templates", {"name": "New", "tool_type": "endCall"}, 201, {"tool_template"}),
    ("GET", "/tool-templates/{tool}", None, 200, {"tool_template"}),
    ("PATCH", "/tool-templates/{tool}", {"description": None}, 200, {"tool_template"}),
    ("DELETE", "/tool-templates/{tool}", None, 200, GONE),
    ("GET", "/analysis-templates", None, 200, {"analysis_templates"}),
    ("POST", "/analysis-templates", PROMPTS | {"name": "New"}, 201, {"analysis_template"}),
    ("GET", "/analysis-templates/{analysis}", None, 200, {"analysis_template"}),
    ("PATCH", "/analysis-templates/{analysis}", {"name": "Other"}, 200, {"analysis_template"}),
    ("DELETE", "/analysis-templates/{analysis}", None, 200, GONE),
    ("GET", "/mcp-servers", None, 200, {"mcp_servers"}),
    ("POST", "/mcp-servers", {"name": "New", "url": "https://tools.example/new"}, 201, {"mcp_server"}),
    ("GET", "/mcp-servers/{server}", None, 200, {"mcp_server"}),
    ("PATCH", "/mcp-servers/{server}", {"timeout_seconds": 30}, 200, {"mcp_server"}),
    ("DELETE", "/mcp-servers/{server}", None, 200, GONE),
    ("POST", "/mcp-servers/{server}/test", None, 200, {"ok", "duration_ms", "tools"}),
    ("GET", "/domains", None, 200, {"domain"}),
    ("POST", "/domains", {"domain_name": "mail.example"}, 201, {"domain"}),
    ("DELETE", "/domains", None, 200, GONE),
    ("GET", "/domains/sync", None, 200, {"domains", "selected_domain_id"}),
    ("POST", "/domains/sync", {"resendDomainId": "{resend}"}, 200, {"domain", "message"}),
    ("POST", "/domains/verify", None, 200, {"domain"}),
    ("POST", "/domains/refresh", None, 200, {"domain"}),
    ("GET", "/health", None, 200, {"status", "timestamp", "version", "checks"}),
    ("GET", "/account", None, 200, {"id", "minutes_balance"}),
    ("GET", "/chats", None, 200, {"chats"}),
    ("POST", "/chats", {"text": "Hello"}, 201, {"chat"}),
    ("DELETE", "/chats/{chat}", None, 200, GONE),
    ("GET", "/chats/context", None, 200, {"context"}),
]
NAMES = [f"{method} {path}" for method, path, *_ in OPERATIONS]
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
BARE = ("/calls/{call}", "/organizations", "/account")  # objects of which the table names only some keys


def make_resources(client, assistant, number):
    """Something of everything, by the names that paths and bodies use; without a call."""
    made = {"assistant": assistant, "number": number}
    for name, path, body in (
        ("campaign", "/campaigns", {"name": "Old", "agent_id": made["assistant"], "leads": [PERSON]}),
        ("workflow", "/workflows", {"name": "Old", "definition": GRAPH}),
        ("trunk", "/sip-trunks", {"name": "Old", "provider": "custom", "address": "sip.example"}),
        ("tool", "/tool-templates", {"name": "Old", "tool_type": "function", "tool_config": {"name": "look_up"}}),
        ("analysis", "/analysis-templates", PROMPTS | {"name": "Old"}),
        ("server", "/mcp-servers", {"name": "Old", "url": "https://tools.example/mcp"}),
        ("domain", "/domains", {"domain_name": "post.example"}),
        ("chat", "/chats", {"text": "Old"}),
    ):
        (content,) = client.post(path, json=body).json().values()
        made[name] = content["id"]
    made["lead"] = client.get(f"/campaigns/{made['campaign']}/leads").json()["leads"][0]["id"]
    made["resend"] = client.get("/domains").json()["domain"]["resend_domain_id"]
    client.post("/byok", json={"provider": "deepgram", "api_key": "dg-1"})
    return made


@pytest.fixture
def record_ids(bloom, ids, place):
    return make_resources(bloom, ids.assistant["Recall NL"], ids.number["+31205550142"]) | {"call": place(bloom)}


@pytest.mark.parametrize(("method", "path", "body", "status", "keys"), OPERATIONS, ids=NAMES)
def test_each_operation_answers_in_its_envelope(bloom, record_ids, method, path, body, status, keys):
    if (method, path) == ("POST", "/domains"):
        bloom.delete("/domains")  # one is all an organization has
    filled = {name: record_ids.get(str(value).strip("{}"), value) for name, value in (body or {}).items()}
    answer = bloom.request(method, path.format(**record_ids), json=filled if body is not None else None)
    assert answer.status_code == status, answer.text
    content = answer.json()
    assert keys <= set(content) if path in BARE else keys == set(content)
    assert all(name in answer.headers for name in LIMITS)


def test_the_table_is_complete():
    """69 operations, and the five of the old name of assistants."""
    written = {(method, path) for method, path, *_ in OPERATIONS}
    assert len(written) == len(OPERATIONS) == 69 + 5
    offered = {(method, path) for resource in routes.RESOURCES for method, path, _ in resource.ROUTES} | {
        ("GET", "/health")
    }
    assert {_shape(operation) for operation in offered} == {_shape(operation) for operation in written}


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/sip-trunks/x"), ("GET", "/byok/config"), ("PUT", "/numbers/x"), ("PATCH", "/chats/x")],
)
def test_unknown_operations_are_refused(bloom, method, path):
    assert bloom.request(method, path).status_code == 405


def test_without_a_key_only_health_answers(sandbox, bloom, record_ids):
    before = len(sandbox.state.campaigns), len(sandbox.state.numbers)
    del bloom.headers["Authorization"]
    for method, path, *_ in OPERATIONS:
        sandbox.limits.clear()
        answer = bloom.request(method, path.format(**record_ids))
        assert answer.status_code == (200 if path == "/health" else 401), (method, path)
    assert (len(sandbox.state.campaigns), len(sandbox.state.numbers)) == before


def _shape(operation):
    method, path = operation
    return method, "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
