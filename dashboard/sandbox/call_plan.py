"""The plan of a call: what will happen when, as `[unix seconds, event, data]`, the soonest first.

Events are `status`, `answer`, `turn`, `tool`, `time_out`, `end` and `report`; `calls.run_next` carries them out.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from . import conversations, random_source
from .records import Call
from .state import State

TOOL_AFTER_TURN = 1  # the person's second turn, if there is one


def plan_call(
    state: State, call: Call, rng: Random, start: float, at_least: float, variables: dict[str, Any] | None
) -> None:
    """Plan the whole call from `start` on."""
    if call.direction == "outbound":
        schedule(call, start + rng.uniform(0.4, 0.9), "status", {"status": "connecting"})
    person = state.scripted_people.get(call.counterpart_number)
    if person and person.answers_after is not None:
        call.outcome = "conversation" if person.answers_after else "no-answer"
    if call.outcome == "no-answer":
        status = state.options.unanswered_status
        schedule(call, start + rng.uniform(18, 30), "end", {"status": status, "reason": "no_answer"})
        return
    answered = start + ((person and person.answers_after) or rng.uniform(2, 5))
    schedule(call, answered, "answer", {})
    plan_conversation(call, rng, answered, 0 if person else at_least, variables, person.says if person else [])
    if person and person.hangs_up_after:
        end_at(call, answered + person.hangs_up_after, reason="user_hangup")


def plan_inbound(state: State, call: Call, at: float) -> None:
    """Plan an inbound call from `at` on, once the question which assistant takes it is settled."""
    rng = random_source.rng_for(state.seed, "taken", call.id)
    plan_call(state, call, rng, at, call.report_data.get("at_least", 0.0), None)


def plan_conversation(
    call: Call,
    rng: Random,
    answered: float,
    at_least: float = 0.0,
    variables: dict[str, Any] | None = None,
    says: Sequence[str] = (),
) -> None:
    """Plan the turns from `answered` on, and the end; `says` replaces the person's first turns."""
    longest = call.config.get("max_duration_seconds") or 600
    at_least = longest if call.outcome == "max-duration" else at_least
    slots = conversations.slots_for(rng, call.counterpart_number, variables)
    conversation = _conversation(call, rng, slots)
    if call.outcome != "voicemail":
        conversations.lengthen(conversation, at_least, rng)
    if call.outcome == "max-duration":
        conversations.drop_farewell(conversation)
    scripted = iter(says)
    conversation.turns = [(role, next(scripted, text) if role == "user" else text) for role, text in conversation.turns]
    spoken, length = conversations.timed(conversation.turns, rng, 0 if call.outcome == "voicemail" else at_least)
    for offset, role, text in spoken:
        schedule(call, answered + offset, "turn", {"role": role, "content": text})
    _plan_tool(call, answered, spoken)
    call.report_data = {
        "summary": conversation.summary,
        "analysis": conversation.analysis,
        "turns": len(spoken),
        "name": slots["name"],
    }
    after, how = _ending(call, rng, length, conversation.ends, longest)
    end_at(call, answered + after, **how)
    schedule(call, answered + longest, "end", {"reason": "max_duration"})


def custom_tools(call: Call) -> list[dict[str, Any]]:
    """The custom tools of the call's assistant in one form: name, parameters, url, secret, async."""
    found = []
    for tool in (call.config.get("llm_config") or {}).get("tools") or []:
        function = tool.get("function") if isinstance(tool.get("function"), dict) else tool
        if isinstance(function, dict) and function.get("name") and tool.get("type") in (None, "function"):
            server = tool.get("server") or {}
            found.append(
                {"name": function["name"], "parameters": function.get("parameters") or {},
                 "async": bool(tool.get("async")), "url": tool.get("url") or server.get("url"),
                 "secret": server.get("secret")}
            )  # fmt: skip
    return found


def speak(call: Call, at: float, text: str, role: str = "assistant") -> float:
    """Add a turn at `at` and postpone the plan until it is over. Returns when it is over."""
    spoken_at = at + conversations.speaking_seconds(text)
    for event in call.plan:
        if not _is_max_duration(event):
            event[0] = max(event[0] + spoken_at - at, spoken_at + 0.4)
    schedule(call, at, "turn", {"role": role, "content": text})
    return spoken_at


def mention(call: Call, text: str) -> None:
    """Put the text in front of the assistant's next planned turn, if there is one."""
    for _, event, data in call.plan:
        if event == "turn" and data["role"] == "assistant":
            data["content"] = f"{text} {data['content']}"
            return


def postpone(call: Call, seconds: float) -> None:
    """Move all planned events but the end at the maximum duration; negative seconds move them forward."""
    for event in call.plan:
        if not _is_max_duration(event):
            event[0] += seconds
    call.plan.sort(key=lambda event: event[0])


def schedule(call: Call, at: float, event: str, data: dict[str, Any]) -> None:
    call.plan.append([at, event, data])
    call.plan.sort(key=lambda planned: planned[0])


def end_at(call: Call, at: float, **how: str | None) -> None:
    """Drop the events after `at` and end the call there."""
    call.plan = [event for event in call.plan if event[0] <= at and event[1] != "end"]
    schedule(call, at, "end", how)


def _is_max_duration(event: list[Any]) -> bool:
    return bool(event[1] == "end" and event[2].get("reason") == "max_duration")


def _plan_tool(call: Call, answered: float, spoken: list[tuple[float, str, str]]) -> None:
    """The first custom tool is called once, after a turn of the person."""
    ends = [offset + conversations.speaking_seconds(text) for offset, role, text in spoken if role == "user"]
    if ends and call.outcome != "voicemail":
        for tool in custom_tools(call)[:1]:
            schedule(call, answered + ends[min(TOOL_AFTER_TURN, len(ends) - 1)], "tool", tool)


def _ending(call: Call, rng: Random, length: float, reason: str, longest: float) -> tuple[float, dict[str, str | None]]:
    """Seconds after the answer, and the arguments of `calls.end`."""
    after, how = length, {"reason": reason}
    if call.outcome == "error":
        after = length * rng.uniform(0.2, 0.7)
        how = {"status": "ended-with-error", "reason": "error", "error": "STT connection failed"}
    elif call.outcome == "transferred":
        how = {"status": "transferred", "reason": "transferred"}
    if call.outcome == "max-duration" or after > longest:
        return longest, {"reason": "max_duration"}
    return after, {**how}


def _conversation(call: Call, rng: Random, slots: dict[str, str]) -> conversations.Conversation:
    if call.outcome == "voicemail":
        message = call.config.get("voicemail_message") if call.config.get("voicemail_detection") else None
        return conversations.voicemail(call.business_name, message, slots)
    transferred = call.outcome == "transferred"
    conversation = conversations.generate(
        call.business_name, call.assistant_name, call.direction, rng, slots, transferred=transferred
    )
    opening = call.config.get("first_message")
    if call.direction == "outbound":
        opening = (call.config.get("speech_config") or {}).get("first_message_outbound") or opening
    if opening:
        conversation.turns[0] = ("assistant", opening)
    return conversation
