"""Webhooks whose response a call waits for: `assistant-request` and `tool-calls` (voicedock-api.md §11.2, §11.5).

A call waits as long as the documents say, on the sandbox's clock; then it goes on as if no webhook had been sent.
"""

import json
from copy import deepcopy
from typing import Any

from . import call_plan, conversations, random_source, webhooks
from .catalog import complete, provider_of
from .records import Call
from .state import State

TIMEOUTS = {"assistant-request": 5.0, "tool-calls": 10.0}  # seconds
TOOL_FAILED = {"en": "I am sorry, I cannot look that up just now.", "nl": "Het spijt me, dat kan ik nu niet opzoeken."}
TOOL_RESULT = {"en": "I have it here: {result}.", "nl": "Ik heb het hier: {result}."}
LONGEST_RESULT, LONGEST_ARGUMENT = 160, 80  # characters


def request_assistant(state: State, call: Call) -> bool:
    """Send `assistant-request` for an inbound call; False where no receiver wants it."""
    target = webhooks.target(state, call, "assistant-request")
    if call.direction != "inbound" or target is None:
        return False
    _send_and_wait(state, call, call.created_at, "assistant-request", target, {})
    call_plan.schedule(call, call.created_at + TIMEOUTS["assistant-request"], "time_out", {})
    return True


def call_tool(state: State, call: Call, at: float, tool: dict[str, Any]) -> None:
    """The model calls a tool: the conversation waits for a sync tool and goes on with an async one."""
    target = webhooks.target(state, call, "tool-calls", tool)
    if target is None:
        return
    properties = tool["parameters"].get("properties") or {}
    arguments = {name: _argument(call, name, schema) for name, schema in properties.items()}
    tool_call = {"id": f"tool_{random_source.token_for(8, call.id, at)}", "type": "function",
                 "function": {"name": tool["name"], "arguments": arguments}}  # fmt: skip
    message = {"tool_call_list": [tool_call]}
    if tool["async"]:
        webhooks.send(state, call, at, "tool-calls", message, target)
        return
    _send_and_wait(state, call, at, "tool-calls", target, message)
    call_plan.postpone(call, TIMEOUTS["tool-calls"])
    call_plan.schedule(call, at + TIMEOUTS["tool-calls"], "time_out", {})


def receive_response(state: State, call_id: str, pending_id: str, data: object, now: float) -> None:
    """`data` is the parsed JSON, None for a body that is none. A response after the time-out has no effect."""
    call = state.calls.get(call_id)
    if call is None or call.pending_webhook.get("id") != pending_id or not call.live:
        return
    call.plan = [event for event in call.plan if event[1] != "time_out"]
    _continue(state, call, data if isinstance(data, dict) else None, now)


def time_out(state: State, call: Call, at: float) -> None:
    _continue(state, call, None, at)


def _continue(state: State, call: Call, data: dict[str, Any] | None, at: float) -> None:
    pending, call.pending_webhook = call.pending_webhook, {}
    if pending["name"] == "assistant-request":
        _apply_assistant(state, call, data or {}, at)
        return
    call_plan.postpone(call, at - pending["until"])  # what is left of the time-out is not waited for
    language = conversations.language_of(call.messages)
    result = _tool_result(data, pending["tool"]) if data is not None else None
    text = TOOL_RESULT[language].format(result=result) if result else TOOL_FAILED[language]
    call_plan.speak(call, at, text)


def _apply_assistant(state: State, call: Call, data: dict[str, Any], at: float) -> None:
    if data.get("error"):
        spoken_at = at + conversations.speaking_seconds(str(data["error"]))
        call_plan.schedule(call, spoken_at, "end", {"status": "rejected", "reason": str(data["error"])[:200]})
        return
    saved = state.assistants.get(str(data.get("assistant_id") or ""))
    override = data.get("assistant_override")
    if isinstance(data.get("assistant"), dict):
        call.config, call.assistant_id = complete(deepcopy(data["assistant"])), None
        call.assistant_name = call.config.get("name")
    elif saved and saved.org_id == call.org_id:
        call.config = complete(deepcopy(saved.settings) | (override if isinstance(override, dict) else {}))
        call.assistant_id, call.assistant_name = saved.id, saved.name
    if isinstance(data.get("max_duration_seconds"), int) and data["max_duration_seconds"] > 0:
        call.config["max_duration_seconds"] = data["max_duration_seconds"]
    call.provider = provider_of(call.config)
    call_plan.plan_inbound(state, call, at)


def _send_and_wait(
    state: State, call: Call, at: float, name: str, target: tuple[str, str | None], message: dict[str, Any]
) -> None:
    pending_id = random_source.token_for(16, state.seed, call.id, name, at)
    tool_call_id = (message.get("tool_call_list") or [{}])[0].get("id", "")
    call.pending_webhook = {"id": pending_id, "name": name, "until": at + TIMEOUTS[name], "tool": tool_call_id}
    webhooks.send(state, call, at, name, message, target, pending_id)


def _tool_result(data: dict[str, Any], tool_call_id: str) -> str:
    """The result from any of the forms of §11.5, in few words; "" for an error."""
    if data.get("error"):
        return ""
    results = data.get("results")
    if isinstance(results, list):
        own = (entry for entry in results if isinstance(entry, dict))
        data = next((entry for entry in own if entry.get("tool_call_id") in (tool_call_id, None)), {})
    if data.get("error"):
        return ""
    result = data.get("result", data)
    if isinstance(result, dict):
        plain = (f"{name} {value}" for name, value in result.items() if not isinstance(value, dict | list))
        return ", ".join(plain)[:LONGEST_RESULT]
    return (result if isinstance(result, str) else json.dumps(result))[:LONGEST_RESULT]


def _argument(call: Call, name: str, schema: object) -> object:
    """A value of the type that the schema asks for: the person's number, or the person's last turn."""
    schema = schema if isinstance(schema, dict) else {}
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") in ("integer", "number"):
        return 1
    if schema.get("type") == "boolean":
        return True
    if any(word in name.lower() for word in ("phone", "number", "caller")):
        return call.counterpart_number
    turns = [message["content"] for message in call.messages if message["role"] == "user"]
    return (turns[-1] if turns else call.counterpart_number)[:LONGEST_ARGUMENT]
