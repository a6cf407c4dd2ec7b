"""What VoiceDock asks and waits for: who takes an inbound call, and what a tool says (voicedock-api.md §11.2, §11.5).

The call waits as long as the documents say, on the world's clock; then it goes on as if nobody had been asked.
"""

import json
from copy import deepcopy

from . import calls, chance, conversations, webhooks
from .catalog import complete, provider_of
from .records import Call, World

PATIENCE = {"assistant-request": 5.0, "tool-calls": 10.0}  # seconds
SORRY = {"en": "I am sorry, I cannot look that up just now.", "nl": "Het spijt me, dat kan ik nu niet opzoeken."}
FOUND = {"en": "I have it here: {told}.", "nl": "Ik heb het hier: {told}."}


def who_takes_it(world: World, call: Call) -> bool:
    """Before an inbound call is answered; False where nobody wants to be asked."""
    target = webhooks.target(world, call, "assistant-request")
    if call.direction != "inbound" or target is None:
        return False
    _ask(world, call, call.created_at, "assistant-request", target, {})
    calls.schedule(call, call.created_at + PATIENCE["assistant-request"], "unanswered", {})
    return True


def tools_of(call: Call) -> list[dict]:
    """The custom tools of its assistant, in one shape: name, parameters, url, secret, async."""
    found = []
    for tool in (call.config.get("llm_config") or {}).get("tools") or []:
        told = tool.get("function") if isinstance(tool.get("function"), dict) else tool
        if isinstance(told, dict) and told.get("name") and tool.get("type") in (None, "function"):
            server = tool.get("server") or {}
            found.append(
                {"name": told["name"], "parameters": told.get("parameters") or {}, "async": bool(tool.get("async")),
                 "url": tool.get("url") or server.get("url"), "secret": server.get("secret")}
            )  # fmt: skip
    return found


def use_tool(world: World, call: Call, at: float, tool: dict) -> None:
    """The model calls a tool: the talk waits for a sync one, and goes on with an async one."""
    target = webhooks.target(world, call, "tool-calls", tool)
    if target is None:
        return
    arguments = {
        name: _argument(call, name, kind) for name, kind in (tool["parameters"].get("properties") or {}).items()
    }
    asked = {"id": f"tool_{chance.token_of(8, call.id, at)}", "type": "function",
             "function": {"name": tool["name"], "arguments": arguments}}  # fmt: skip
    if tool["async"]:
        _ask(world, call, at, "tool-calls", target, {"tool_call_list": [asked]}, waits=False)
        return
    _ask(world, call, at, "tool-calls", target, {"tool_call_list": [asked]})
    _put_off(call, PATIENCE["tool-calls"])
    calls.schedule(call, at + PATIENCE["tool-calls"], "unanswered", {})


def answered(world: World, call_id: str, question: str, said: object, now: float) -> None:
    """The answer as parsed JSON, or None for one that is none. One that comes too late is not heard."""
    call = world.calls.get(call_id)
    if call is None or call.question.get("id") != question or not call.live:
        return
    call.plan = [step for step in call.plan if step[1] != "unanswered"]
    _go_on(world, call, said if isinstance(said, dict) else None, now)


def unanswered(world: World, call: Call, at: float) -> None:
    """The time is over."""
    _go_on(world, call, None, at)


def _go_on(world: World, call: Call, said: dict | None, at: float) -> None:
    question, call.question = call.question, {}
    if question["name"] == "assistant-request":
        _taken(world, call, said or {}, at)
        return
    _put_off(call, at - question["until"])  # what was put off comes earlier by what is left of the patience
    language = conversations.language_of(call.messages)
    told = _told(said, question["tool"]) if said is not None else None
    calls.speak(call, at, FOUND[language].format(told=told) if told else SORRY[language])


def _taken(world: World, call: Call, said: dict, at: float) -> None:
    if said.get("error"):
        spoken = at + conversations.speaking_seconds(str(said["error"]))
        calls.schedule(call, spoken, "end", {"status": "rejected", "reason": str(said["error"])[:200]})
        return
    saved = world.assistants.get(str(said.get("assistant_id") or ""))
    override = said.get("assistant_override")
    if isinstance(said.get("assistant"), dict):
        call.config, call.assistant_id = complete(deepcopy(said["assistant"])), None
        call.assistant_name = call.config.get("name")
    elif saved and saved.org_id == call.org_id:
        call.config = complete(deepcopy(saved.settings) | (override if isinstance(override, dict) else {}))
        call.assistant_id, call.assistant_name = saved.id, saved.name
    if isinstance(said.get("max_duration_seconds"), int) and said["max_duration_seconds"] > 0:
        call.config["max_duration_seconds"] = said["max_duration_seconds"]
    call.provider = provider_of(call.config)
    calls.expect(world, call, at)


def _ask(world: World, call: Call, at: float, name: str, target: tuple, message: dict, waits: bool = True) -> None:
    question = chance.token_of(16, world.seed, call.id, name, at) if waits else ""
    if waits:
        tool = (message.get("tool_call_list") or [{}])[0].get("id", "")
        call.question = {"id": question, "name": name, "until": at + PATIENCE[name], "tool": tool}
    webhooks.ask(world, call, at, name, message, target, question)


def _put_off(call: Call, seconds: float) -> None:
    """Everything planned but the longest the call may last."""
    for step in call.plan:
        if step[1] != "end" or step[2].get("reason") != "max_duration":
            step[0] += seconds
    call.plan.sort(key=lambda step: step[0])


def _told(said: dict, tool: str) -> str:
    """The result in any of the shapes of §11.5, in few words; "" for an error."""
    if said.get("error"):
        return ""
    results = said.get("results")
    if isinstance(results, list):
        mine = [one for one in results if isinstance(one, dict) and one.get("tool_call_id") in (tool, None)]
        said = mine[0] if mine else {}
    if said.get("error"):
        return ""
    result = said.get("result", said)
    if isinstance(result, dict):
        return ", ".join(f"{name} {value}" for name, value in result.items() if not isinstance(value, dict | list))[
            :160
        ]
    return (result if isinstance(result, str) else json.dumps(result))[:160]


def _argument(call: Call, name: str, kind: object) -> object:
    """Something of the right type: the person's number, or what was said last."""
    kind = kind if isinstance(kind, dict) else {}
    if kind.get("enum"):
        return kind["enum"][0]
    if kind.get("type") in ("integer", "number"):
        return 1
    if kind.get("type") == "boolean":
        return True
    if any(word in name.lower() for word in ("phone", "number", "caller")):
        return call.person
    heard = [one["content"] for one in call.messages if one["role"] == "user"]
    return (heard[-1] if heard else call.person)[:80]
