"""For any request: documented envelopes, separate organizations, errors without effect, and a state that moves on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.snapshot import Snapshot
from tests.sandbox.generated_requests import EDGE_VALUES, FIELDS, JSON, REQUESTS, WRITES, area, contract
from tests.sandbox.populated_sandbox import pass_a_day, send, state_bytes, visible_to
from tests.sandbox.test_operations import BARE, LIMITS

CALM = (400, 402, 403, 404, 405, 409)
KEPT = (
    "organizations", "keys", "numbers", "assistants", "trunks", "workflows", "tool_templates", "analysis_templates",
    "mcp_servers", "domains", "chats", "vaults", "calls", "campaigns", "leads", "options",
)  # fmt: skip


@contract
@given(requests=st.lists(REQUESTS, min_size=1, max_size=6), wild=JSON)
def test_any_request_gets_an_envelope_or_an_error_without_effect(populated_sandbox, requests, wild):
    with populated_sandbox() as populated:
        for (method, path, body, status, keys), edits, mad, query in requests:
            before = state_bytes(populated.sandbox)
            answer = send(
                populated.bloom, populated.ids["bloom"], method, path, wild if mad else (body or {}) | edits, query
            )
            assert all(name in answer.headers for name in LIMITS)
            content = answer.json()
            if answer.status_code in CALM:
                assert isinstance(content["error"], str) and state_bytes(populated.sandbox) == before, (
                    method,
                    path,
                    content,
                )
            else:
                assert answer.status_code == status, (method, path, content)
                assert (
                    keys <= set(content)
                    if path in BARE
                    else keys == set(content) or path == "/mcp-servers/{server}/test"
                )


@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: f"{operation[0]} {operation[1]}")
def test_every_field_handles_every_edge_value(populated_sandbox, operation):
    """Each value is refused without effect, or accepted, and the state moves on."""
    method, path, body, status, keys = operation
    for field in FIELDS[area(path)]:
        with populated_sandbox() as populated:
            populated.sandbox.state.options.requests_per_minute = (
                populated.sandbox.state.options.commands_per_minute
            ) = 10**9
            before = state_bytes(populated.sandbox)
            for value in EDGE_VALUES:
                answer = send(populated.bloom, populated.ids["bloom"], method, path, body | {field: value}, {})
                if answer.status_code in CALM:
                    assert state_bytes(populated.sandbox) == before, (field, value)
                    continue
                assert answer.status_code == status and answer.json().keys() == keys, (field, value, answer.text)
                pass_a_day(populated.sandbox)
                before = state_bytes(populated.sandbox)


@contract
@given(requests=st.lists(REQUESTS, min_size=1, max_size=8))
def test_accepted_requests_leave_a_state_that_moves_on_and_can_be_saved(populated_sandbox, requests, tmp_path_factory):
    with populated_sandbox() as populated:
        for (method, path, body, *_), edits, _, query in requests:
            send(populated.bloom, populated.ids["bloom"], method, path, (body or {}) | edits, query)
        pass_a_day(populated.sandbox)
        file = Snapshot(tmp_path_factory.mktemp("state") / "state.jsonl")
        file.write(file.dump(populated.sandbox.state))
        kept, _ = file.load()
        assert {kind: getattr(kept, kind) for kind in KEPT} == {
            kind: getattr(populated.sandbox.state, kind) for kind in KEPT
        }


@contract
@given(requests=st.lists(REQUESTS, min_size=1, max_size=6), foreign=st.booleans())
def test_requests_of_one_organization_do_not_affect_another(populated_sandbox, requests, foreign):
    """Foreign ids in paths and bodies have no more effect than unknown ones."""
    with populated_sandbox() as populated:
        ours = visible_to(populated.bloom)
        ids = populated.ids["bloom" if foreign else "agency"]
        names = set(populated.ids["bloom"].values())
        for (method, path, body, *_), edits, _, query in requests:
            answer = send(populated.agency, ids, method, path, (body or {}) | edits, query)
            if foreign and ("{" in path or _refers(body or {})):
                assert answer.status_code in (400, 404), (method, path, answer.text)
            assert not any(name in answer.text for name in names) or answer.status_code >= 400
        populated.sandbox.limits.clear()
        assert visible_to(populated.bloom) == ours


@contract
@given(requests=REQUESTS, spent=st.integers(0, 3))
def test_a_429_has_no_effect_for_any_request(populated_sandbox, requests, spent):
    with populated_sandbox() as populated:
        (method, path, body, *_), edits, _, query = requests
        populated.sandbox.state.options.requests_per_minute = spent
        for left in range(spent):
            assert populated.bloom.get("/voices").headers["X-RateLimit-Remaining"] == str(spent - left - 1)
        before = state_bytes(populated.sandbox)
        answer = send(populated.bloom, populated.ids["bloom"], method, path, (body or {}) | edits, query)
        if path == "/health":
            return
        assert answer.status_code == 429 and state_bytes(populated.sandbox) == before
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == (str(spent), "0")
        reset = int(answer.headers["X-RateLimit-Reset"])
        assert 0 < reset - populated.sandbox.clock.wall_time() <= 61
        populated.sandbox.advance(int(answer.headers["Retry-After"]))
        assert spent == 0 or populated.bloom.get("/voices").status_code == 200


COMMANDS = st.sampled_from(
    [
        {"type": "say", "content": "One moment.", "end_after": False},
        {"type": "inject-context", "content": "Order 4417.", "trigger_response": True},
        {"type": "say"},
        {"type": []},
        {},
    ]
)


@contract
@given(commands=st.lists(COMMANDS, min_size=10, max_size=10), last=COMMANDS)
def test_the_eleventh_command_of_a_minute_has_no_effect(populated_sandbox, commands, last):
    with populated_sandbox() as populated:
        call = populated.ids["bloom"]["call"]
        for command in commands:
            assert populated.bloom.post(f"/calls/{call}/control", json=command).status_code in (200, 400)
        before = state_bytes(populated.sandbox)
        answer = populated.bloom.post(f"/calls/{call}/control", json=last)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1
        assert state_bytes(populated.sandbox) == before
        other = populated.ids["agency"]["call"]
        assert populated.agency.post(f"/calls/{other}/control", json=COMMANDS.elements[0]).status_code == 200


def _refers(body):
    return any(str(value).startswith("{") for name, value in body.items() if name.endswith(("_id", "Id")))
