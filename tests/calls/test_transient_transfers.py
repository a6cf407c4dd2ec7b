"""The transfers that a one-time assistant makes by itself go where its client may transfer calls, and nowhere else."""

from __future__ import annotations

import uuid
from html import unescape
from typing import Any

import pytest

from dashboard.calls.models import AssistantDraftVersion
from dashboard.calls.placing import intents, sending
from dashboard.calls.transient import drafts, json_text, placing, transfers
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Tenant
from tests.calls.test_transient_placing import PAGE, PIPELINE, PREVIEW, form, saved
from tests.fixtures.operator import PERSON

ALLOWED, ABROAD, PREMIUM, SATELLITE = "+31205550155", "+442071838750", "+319061234567", "+8821612345"
WEBHOOK = {"name": "look_up", "url": "https://x.test/", "parameters": {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("destination", "destinations", "workflow_id")},
    "required": ["destination"],
}}  # fmt: skip


def to(number: Any, **more: Any) -> dict[str, Any]:
    return {"type": "number", "number": number, "description": "The desk"} | more


def with_tools(*tools: Any) -> dict[str, Any]:
    return PIPELINE | {"llm_config": PIPELINE["llm_config"] | {"tools": list(tools)}}


def transfer(*numbers: Any) -> dict[str, Any]:
    return with_tools({"type": "transfer_call", "destinations": [to(number) for number in numbers]})


@pytest.fixture
def caller(operator: Any, make_member: Any) -> Any:
    """A client that may call the Netherlands alone, with a person who has the right."""
    operator.user = make_member(operator.tenant, Role.OPERATOR, "Ines", places_transient_calls=True)
    set_rules(operator, transient_calls=True, allowed_countries=["NL"])
    return operator


def set_rules(caller: Any, **rules: Any) -> None:
    with scope.for_tenant(caller.tenant):
        Tenant.objects.filter(pk=caller.tenant.pk).update(**rules)
        caller.tenant.refresh_from_db()


def errors(caller: Any, configuration: Any) -> dict[str, str]:
    with scope.for_tenant(caller.tenant):
        return transfers.all_errors(caller.tenant, configuration)


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "transfer_call", "destinations": [to(ALLOWED, message="One moment.")]},
        {"type": "transferCall", "destinations": [to(ALLOWED), to("sip:desk@pbx.example.com")]},
        {"type": "function", "function": {"name": "transfer_call", "destinations": [to(ALLOWED)]}},
        {"type": "end_call"},
        WEBHOOK,
        {"type": "function", "function": WEBHOOK},
    ],
)  # fmt: skip
def test_allowed_transfers_and_tools_of_other_kinds_are_left_alone(caller: Any, tool: Any) -> None:
    assert errors(caller, with_tools(tool)) == {}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (ABROAD, "may not call"),
        (PREMIUM, "may not call"),
        (SATELLITE, "may not call"),
        ("own", "one of your own lines"),
        ("112", "mergency"),
        ("+31112", "mergency"),
        ("020 555 0155", "country code"),
        ("+31 20 555 0155", "Write it as +31205550155"),
        (f"sip:{PREMIUM}@pbx.example.com", "may not call"),
        ("sip:desk@localhost", "full name of its host"),
        ("", "number"),
        (31205550155, "text"),
        (None, "text"),
    ],
)
@pytest.mark.parametrize(
    ("tool", "path"),
    [
        (lambda one: {"type": "transfer_call", "destinations": [one]}, "destinations[0]"),
        (lambda one: {"type": "transferCall", "destinations": [to(ALLOWED), one]}, "destinations[1]"),
        (lambda one: {"type": "transfer_call", "function": {"destinations": [one]}}, "function.destinations[0]"),
        (
            lambda one: {"type": "function", "function": {"name": "transferCall", "destinations": [one]}},
            "function.destinations[0]",
        ),
        (
            lambda one: {"type": "function", "function": {"name": "x", "parameters": {"destinations": [one]}}},
            "function.parameters.destinations[0]",
        ),
    ],
)
def test_a_transfer_to_where_the_client_may_not_is_refused_at_its_path(
    caller: Any, tool: Any, path: str, number: Any, words: str
) -> None:
    number = caller.number.e164 if number == "own" else number
    found = errors(caller, with_tools({"type": "end_call"}, tool(to(number))))
    assert found.keys() == {f"llm_config.tools[1].{path}.number"} and words in next(iter(found.values()))


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        ({"type": "transfer", "to": "+12025550143"}, "to"),
        ({"type": "transfer_call", "destinations": [to(ALLOWED, type="sip")]}, "destinations[0].type"),
        ({"type": "transfer_call", "destinations": [to(ALLOWED, sip_uri="sip:a@b.test")]}, "destinations[0].sip_uri"),
        ({"type": "transfer_call", "destinations": [ALLOWED]}, "destinations[0]"),
        ({"type": "transfer_call", "destinations": to(ALLOWED)}, "destinations"),
        ({"type": "transfer_call", "destination": PREMIUM}, "destination"),
        ({"type": "transfer_call", "number": PREMIUM}, "number"),
        ({"type": "transfer_call", "function": {"number": PREMIUM}}, "function.number"),
        ({"type": "mcp", "mcp_server_id": "11111111-1111-1111-1111-111111111111"}, "mcp_server_id"),
        ({"type": "mcp", "mcpServerId": "1"}, "mcpServerId"),
        ({"type": "end_call", "workflow_id": "1"}, "workflow_id"),
    ],
)
def test_what_patchbay_cannot_check_is_refused(caller: Any, tool: Any, path: str) -> None:
    assert f"llm_config.tools[0].{path}" in errors(caller, with_tools(tool))


def test_the_words_for_an_mcp_server_say_why(caller: Any) -> None:
    (words,) = errors(caller, with_tools({"type": "mcp", "mcp_server_id": "1"})).values()
    assert "MCP servers belong to the whole organization" in words and "which of them are yours" in words


IDS = [
    *("tool_ids", "toolIds", "TOOL_IDS", "tool-ids", "tool_template_id", "toolTemplateID", "number_id"),
    *("phoneNumberId", "assistant_id", "agent_id", "assistantId", "workflowid", "knowledge_base_ids"),
    *("vector_store_ids", "org_id", "something_new_id", "id", "mcp_server", "knowledge_bases"),
]


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("value", ["11111111-1111-1111-1111-111111111111", ["1"], {"id": "1"}, None])
def test_a_reference_to_what_may_be_another_clients_is_refused_wherever_it_stands(
    caller: Any, name: str, value: Any
) -> None:
    tool = {"name": "look_up", "url": "https://x.test/", "parameters": {"type": "object", "properties": {}}}
    places = {
        name: PIPELINE | {name: value},
        f"llm_config.{name}": PIPELINE | {"llm_config": PIPELINE["llm_config"] | {name: value}},
        f"llm_config.tools[0].{name}": with_tools(tool | {name: value}),
        f"llm_config.tools[0].function.{name}": with_tools({"type": "function", "function": tool | {name: value}}),
        f"llm_config.tools[0].parameters.{name}": with_tools(tool | {"parameters": {name: value}}),
        f"llm_config.provider_tools[0].{name}": PIPELINE
        | {"llm_config": PIPELINE["llm_config"] | {"provider_tools": [{"type": "file_search", name: value}]}},
        f"new.list[1].{name}": PIPELINE | {"new": {"list": [{}, {name: value}]}},
    }
    for path, configuration in places.items():
        assert "Leave it out" in errors(caller, configuration)[path]
        with scope.for_tenant(caller.tenant):
            assert path in transfers.refusal(caller.tenant, configuration), "nor does a call leave with it"


def test_ids_of_the_clients_own_stay(caller: Any) -> None:
    schema = {
        "type": "object",
        "properties": {
            "customer_id": {"type": "string", "default": "1"},
            "tool_ids": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
            "workflow": {"type": "string"},
        },
        "dependentRequired": {"customer_id": ["tool_ids"]},
        "required": ["customer_id"],
    }
    tool = {"name": "look_up", "url": "https://x.test/", "parameters": schema}
    plan = {"structured_data_plan": {"enabled": True, "schema": schema}}
    for one in (tool, {"type": "function", "function": tool}):
        more = {"metadata": {"order_id": "7", "ids": ["1"]}, "analysis_plan": plan}
        assert errors(caller, with_tools(one) | more) == {}
    assert errors(caller, PIPELINE | {"paid": 1, "valid": True, "grids": []}) == {}


def test_metadata_is_only_echoed_and_may_say_what_it_wants(caller: Any) -> None:
    assert errors(caller, PIPELINE | {"metadata": {"destinations": [PREMIUM], "workflow_id": "1"}}) == {}


@pytest.mark.parametrize("side", ["json", "form"])
def test_it_is_not_saved_and_the_page_names_the_place(caller: Any, sign_in: Any, side: str) -> None:
    text = json_text.written(transfer(ALLOWED, PREMIUM))
    sent = {"name": "Premium", "made_from": 0, "side": side, "text": text, "base": text, "do": "save"}
    answer = sign_in(caller.user).post("/c/harbor/call/one-time/new/", sent)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and "llm_config.tools[0].destinations[1].number" in page
    assert "may not call such numbers" in page
    with scope.for_tenant(caller.tenant):
        assert not AssistantDraftVersion.objects.exists()


@pytest.mark.parametrize("configuration", [transfer(PREMIUM), PIPELINE | {"metadata": {"k": "fl_live_0123456789"}}])
def test_whoever_saves_a_draft_what_must_not_be_stored_is_not(caller: Any, configuration: Any) -> None:
    with pytest.raises(drafts.DraftRefused) as refused:
        saved(caller.tenant, configuration)
    assert "fl_live" not in str(refused.value)
    with scope.for_tenant(caller.tenant):
        assert not AssistantDraftVersion.objects.exists()


@pytest.fixture
def narrowed(caller: Any) -> Any:
    """A draft from the time when the client could call anywhere."""
    set_rules(caller, allowed_countries=[])
    caller.version = saved(caller.tenant, transfer(ABROAD))
    return caller


def test_rules_that_changed_since_it_was_saved_hold_when_it_is_placed(narrowed: Any, sign_in: Any) -> None:
    set_rules(narrowed, allowed_countries=["NL"])
    browser = sign_in(narrowed.user)
    for address in (PAGE, PREVIEW):
        answer = browser.post(address, form(narrowed))
        assert "may not call the United Kingdom" in unescape(answer.content.decode())
    with pytest.raises(intents.CallRefused, match="may not call the United Kingdom") as refused:
        placing.place(narrowed.tenant, **_wanted(narrowed))
    assert refused.value.field == "version"
    assert narrowed.calls() == [] and narrowed.dial_requests() == []


def test_rules_that_changed_while_a_call_waits_keep_it_from_leaving(narrowed: Any) -> None:
    call, _ = placing.request(narrowed.tenant, **_wanted(narrowed))
    set_rules(narrowed, allowed_countries=["NL"])
    sent = sending.send(call.pk)
    assert sent.state == "refused" and "may not call the United Kingdom" in sent.error
    assert narrowed.dial_requests() == []


def test_with_allowed_transfers_it_leaves_as_it_is(narrowed: Any) -> None:
    call = placing.place(narrowed.tenant, **_wanted(narrowed))
    (sent,) = narrowed.dial_requests()
    assert call.state == "dialing"
    assert sent["body"]["assistant"]["llm_config"] == transfer(ABROAD)["llm_config"]


def _wanted(caller: Any) -> dict[str, Any]:
    wanted = {"by": caller.user, "number": caller.number.pk, "version": caller.version.pk}
    return wanted | {"destination": PERSON, "token": uuid.uuid4()}
