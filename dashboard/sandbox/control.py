"""Commands for a live call and their effects per family of model (voicedock-api.md §4, §15)."""

import re
from random import Random
from typing import Any

from . import call_plan, conversations, random_source
from .catalog import REALTIME
from .errors import ApiError, invalid, missing
from .http_messages import Response
from .records import Call
from .state import State

SENT = {"success": True, "message": "Command sent successfully"}
SIP_URI = re.compile(r"sips?:[^\s@]+@[^\s@]+|sips?:[^\s@]+", re.IGNORECASE)
E164 = re.compile(r"\+[1-9][0-9]{5,14}")


def check(body: dict[str, Any]) -> str:
    """The command's type; raises a 400 that names the invalid field."""
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in EFFECTS:
        raise invalid("type", f"must be one of {', '.join(EFFECTS)}") if kind else missing("type")
    texts = {"say": ("content",), "inject-context": ("content",), "transfer": ("destination",)}.get(kind, ())
    flags = {"say": "end_after", "inject-context": "trigger_response"}
    for name in texts:
        if body.get(name) in (None, ""):
            raise missing(name)
        if not isinstance(body[name], str):
            raise invalid(name, "must be a string")
    if kind in flags and flags[kind] not in body:
        raise missing(flags[kind])
    if kind in flags and not isinstance(body[flags[kind]], bool):
        raise invalid(flags[kind], "must be a boolean")
    if body.get("message") is not None and not isinstance(body["message"], str):
        raise invalid("message", "must be a string")
    if kind == "transfer" and not (E164.fullmatch(body["destination"]) or SIP_URI.fullmatch(body["destination"])):
        raise invalid("destination", "must be a phone number in E.164 format or a SIP URI")
    return kind


def command(state: State, call: Call, body: dict[str, Any], now: float) -> Response:
    """Carry out the command as far as this family of model does."""
    kind = check(body)
    if call.status != "in-progress":
        raise ApiError(state.options.not_active_status, f"Call is {call.status}", title="Call is not active")
    call.commands += 1
    call.updated_at = now
    return EFFECTS[kind](state, call, body, now, call.provider in REALTIME)


def _say(state: State, call: Call, body: dict[str, Any], now: float, realtime: bool) -> Response:
    if realtime:
        return _say_to_realtime(state, call)
    if not body["end_after"]:  # the reply is postponed by the sentence, like all that was planned
        call_plan.speak(
            call, now + 1.0, conversations.reply(body["content"], call.messages, _rng_for(state, call)), "user"
        )
    spoken_at = call_plan.speak(call, now + 0.3, body["content"])
    if body["end_after"]:
        _end_at(call, spoken_at + 0.6)
    return Response(body=SENT)


def _say_to_realtime(state: State, call: Call) -> Response:
    """The command hangs, times out, or is accepted; it is never spoken."""
    chance, options = _rng_for(state, call).random(), state.options
    timed_out = ApiError(504, "The realtime model did not confirm the command in time", title="Command timed out")
    if chance < options.realtime_say_hangs:
        return Response(504, timed_out.body(options.error_shape), pause=options.hang_seconds)
    if chance < options.realtime_say_hangs + options.realtime_say_times_out:
        raise timed_out
    return Response(body=SENT)


def _inject(state: State, call: Call, body: dict[str, Any], now: float, realtime: bool) -> Response:
    used = not realtime or _rng_for(state, call).random() < state.options.realtime_context_works
    if used:
        call.messages.append({"role": "system", "content": body["content"]})
        sentence = conversations.relay(body["content"], call.messages)
        if body["trigger_response"]:
            call_plan.speak(call, now + 0.9, sentence)
        else:
            call_plan.mention(call, sentence)
    return Response(body=SENT)


def _end(state: State, call: Call, body: dict[str, Any], now: float, realtime: bool) -> Response:
    spoken_at = now
    if body.get("message") and not realtime:
        spoken_at = call_plan.speak(call, now, body["message"])
    _end_at(call, max(now + 1.0, min(spoken_at, now + 4.0)))
    return Response(body=SENT)


def _end_at(call: Call, at: float) -> None:
    """The report says afterwards that a command ended the call."""
    call_plan.end_at(call, at, reason="assistant_ended")
    call.report_data["ended_by_command"] = True


def _transfer(state: State, call: Call, body: dict[str, Any], now: float, realtime: bool) -> Response:
    if not realtime:
        call_plan.speak(call, now + 0.2, body.get("message") or "One moment please, I am putting you through.")
    call.report_data["destination"] = body["destination"]
    call_plan.end_at(call, now + 3.0, status="transferred", reason="transferred")
    return Response(body=SENT)


def _rng_for(state: State, call: Call) -> Random:
    return random_source.rng_for(state.seed, "command", call.id, call.commands)


EFFECTS = {"inject-context": _inject, "say": _say, "end-call": _end, "transfer": _transfer}
