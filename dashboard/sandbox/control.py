"""Commands into a live call and what they do per family of model (voicedock-api.md §4, §15)."""

import re

from . import calls, chance, conversations
from .catalog import REALTIME
from .errors import Refusal, invalid, missing
from .exchange import Answer
from .records import Call, World

SENT = {"success": True, "message": "Command sent successfully"}
SIP_URI = re.compile(r"sips?:[^\s@]+@[^\s@]+|sips?:[^\s@]+", re.IGNORECASE)
E164 = re.compile(r"\+[1-9][0-9]{5,14}")


def check(body: dict) -> str:
    """The command's type; raises a 400 that names what is wrong with it."""
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


def command(world: World, call: Call, body: dict, now: float) -> Answer:
    """Do what the command asks, or what this family of model makes of it."""
    kind = check(body)
    if call.status != "in-progress":
        raise Refusal(world.switches.not_active_status, f"Call is {call.status}", title="Call is not active")
    call.commands += 1
    call.updated_at = now
    return EFFECTS[kind](world, call, body, now, call.provider in REALTIME)


def _say(world: World, call: Call, body: dict, now: float, realtime: bool) -> Answer:
    if realtime:
        return _say_to_realtime(world, call)
    if not body["end_after"]:  # what the sentence is answered with waits for it, like all that was planned
        calls.speak(call, now + 1.0, conversations.reply(body["content"], call.messages, _luck(world, call)), "user")
    said = calls.speak(call, now + 0.3, body["content"])
    if body["end_after"]:
        calls.end_at(call, said + 0.6, reason="assistant_ended")
    return Answer(body=SENT)


def _say_to_realtime(world: World, call: Call) -> Answer:
    """It hangs, times out, or is accepted with no speech following; it is never heard."""
    luck, switches = _luck(world, call).random(), world.switches
    timed_out = Refusal(504, "The realtime model did not confirm the command in time", title="Command timed out")
    if luck < switches.realtime_say_hangs:
        return Answer(504, timed_out.body(switches.error_shape), pause=switches.hang_seconds)
    if luck < switches.realtime_say_hangs + switches.realtime_say_times_out:
        raise timed_out
    return Answer(body=SENT)


def _inject(world: World, call: Call, body: dict, now: float, realtime: bool) -> Answer:
    heard = not realtime or _luck(world, call).random() < world.switches.realtime_context_works
    if heard:
        call.messages.append({"role": "system", "content": body["content"]})
        told = conversations.passed_on(body["content"], call.messages)
        if body["trigger_response"]:
            calls.speak(call, now + 0.9, told)
        else:
            calls.mention(call, told)
    return Answer(body=SENT)


def _end(world: World, call: Call, body: dict, now: float, realtime: bool) -> Answer:
    said = now
    if body.get("message") and not realtime:
        said = calls.speak(call, now, body["message"])
    calls.end_at(call, max(now + 1.0, min(said, now + 4.0)), reason="assistant_ended")
    return Answer(body=SENT)


def _transfer(world: World, call: Call, body: dict, now: float, realtime: bool) -> Answer:
    if not realtime:
        calls.speak(call, now + 0.2, body.get("message") or "One moment please, I am putting you through.")
    call.closing["destination"] = body["destination"]
    calls.end_at(call, now + 3.0, status="transferred", reason="transferred")
    return Answer(body=SENT)


def _luck(world: World, call: Call):
    return chance.about(world.seed, "command", call.id, call.commands)


EFFECTS = {"inject-context": _inject, "say": _say, "end-call": _end, "transfer": _transfer}
