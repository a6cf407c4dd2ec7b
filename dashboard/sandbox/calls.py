"""The life of a call: placed, set up, answered, talked, ended, reported; each step at its own time."""

from collections.abc import Sequence
from copy import deepcopy
from random import Random

from . import analysis, campaigns, chance, conversations, questions, webhooks
from .catalog import provider_of
from .records import Assistant, Call, Number, World


def place(
    world: World,
    now: float,
    *,
    org_id: str,
    direction: str,
    person: str,
    number: Number | None,
    assistant: Assistant | None,
    config: dict,
    outcome: str = "",
    at_least: float = 0.0,
    lead: tuple[str, str] | None = None,
    variables: dict | None = None,
) -> Call:
    """Start a call at `now` (Unix seconds). `at_least` stretches the conversation; `lead` is (campaign id, lead id)."""
    serial = world.next_serial()
    luck = chance.about(world.seed, "call", serial)
    call = Call(
        id=_new_id(world, direction, number, serial),
        org_id=org_id,
        direction=direction,
        person=person,
        number_id=number.id if number else None,
        our_number=number.phone_number if number else None,
        assistant_id=assistant.id if assistant else None,
        assistant_name=config.get("name") or (assistant.name if assistant else None),
        business_name=config.get("business_name"),
        created_at=now,
        updated_at=now,
        status="dialing" if direction == "outbound" else "ringing",
        config=deepcopy(config),
        provider=provider_of(config),
        outcome=outcome or world.outcomes.get(person) or world.switches.outcome or _by_luck(world, direction, luck),
    )
    if lead:
        call.campaign_id, call.lead_id = lead
    call.closing = {"at_least": at_least}
    world.calls[call.id] = call
    world.planned[call.id] = None
    if not questions.who_takes_it(world, call):
        _foresee(world, call, luck, now, at_least, variables)
    return call


def next_due(world: World) -> tuple[float, Call] | None:
    """The soonest planned event of any call."""
    due = [(world.calls[key].plan[0][0], key) for key in world.planned]
    if not due:
        return None
    at, key = min(due)
    return at, world.calls[key]


def run_next(world: World, call: Call) -> None:
    """Let the call's next planned event happen, at its own time."""
    at, event, data = call.plan.pop(0)
    if event == "status":
        call.status, call.updated_at = data["status"], at
    elif event == "answer":
        answer(world, call, at)
    elif event == "turn":
        call.messages.append(data)
        call.updated_at = at
    elif event == "tool":
        questions.use_tool(world, call, at, data)
    elif event == "unanswered":
        questions.unanswered(world, call, at)
    elif event == "end":
        end(world, call, at, **data)
    elif event == "report":
        report(world, call, at)
    if not call.plan:
        world.planned.pop(call.id, None)


def expect(world: World, call: Call, at: float) -> None:
    """What becomes of an inbound call whose assistant was asked for, from `at` on."""
    luck = chance.about(world.seed, "taken", call.id)
    _foresee(world, call, luck, at, call.closing.get("at_least", 0.0), None)


def answer(world: World, call: Call, at: float) -> None:
    call.status, call.started_at, call.updated_at = "in-progress", at, at
    webhooks.status_update(world, call, at)


def end(
    world: World, call: Call, at: float, status: str = "ended", reason: str | None = None, error: str | None = None
) -> None:
    """The call is over; its minutes are paid for, and a report follows if there was a conversation."""
    call.status, call.ended_at, call.updated_at = status, at, at
    call.end_reason, call.error = reason, error
    call.plan = []
    if call.started_at is not None:
        world.payer(call.org_id).minutes_balance -= (at - call.started_at) / 60
        delay = chance.about(world.seed, "report", call.id).uniform(3, 8)
        call.plan = [[at + delay, "report", {}]]
        world.planned[call.id] = None
    else:
        call.reported, call.config, call.messages = True, {}, []
        world.planned.pop(call.id, None)
    if status in ("ended", "ended-with-error"):
        webhooks.status_update(world, call, at)
    campaigns.settle(world, call, at)


def report(world: World, call: Call, at: float) -> None:
    """Summary and analysis as far as the conversation came; then the call's configuration is forgotten."""
    finished = call.closing.get("turns", 0) <= len(call.messages)
    if call.status == "ended-with-error":
        call.summary, found = "The call broke off because of a technical error.", {"outcome": "error"}
    elif finished and call.end_reason != "max_duration":
        call.summary, found = call.closing.get("summary"), call.closing.get("analysis") or {}
    else:
        call.summary = "The conversation was broken off before its purpose was reached."
        found = {"outcome": "unfinished", "reason": call.end_reason or "unknown"}
    if call.status == "transferred":
        call.summary = f"{call.summary} The caller was put through to {call.closing.get('destination', 'a colleague')}."
    call.analysis = analysis.result(call, found)
    call.reported, call.updated_at = True, at
    webhooks.end_of_call_report(world, call, at)
    call.config, call.closing = {}, {}


def converse(
    call: Call,
    luck: Random,
    answered: float,
    at_least: float = 0.0,
    variables: dict | None = None,
    says: Sequence[str] = (),
) -> None:
    """Plan what is said from `answered` on, and how it ends; `says` are the person's first words."""
    slots = conversations.slots_for(luck, variables)
    story = _story(call, luck, slots)
    if call.outcome != "voicemail":
        conversations.lengthen(story, at_least, luck)
    told = iter(says)
    story.turns = [(role, next(told, text) if role == "user" else text) for role, text in story.turns]
    spoken, length = conversations.timed(story.turns, luck, 0 if call.outcome == "voicemail" else at_least)
    for offset, role, text in spoken:
        schedule(call, answered + offset, "turn", {"role": role, "content": text})
    asked = [offset + conversations.speaking_seconds(text) for offset, role, text in spoken if role == "user"]
    if asked and call.outcome != "voicemail":
        for tool in questions.tools_of(call)[:1]:
            schedule(call, answered + asked[min(1, len(asked) - 1)], "tool", tool)
    call.closing = {"summary": story.summary, "analysis": story.analysis, "turns": len(spoken)}
    longest = call.config.get("max_duration_seconds") or 600
    after, how = _ending(call, luck, length, story.ends, longest)
    end_at(call, answered + after, **how)
    schedule(call, answered + longest, "end", {"reason": "max_duration"})


def speak(call: Call, at: float, text: str, role: str = "assistant") -> float:
    """One of the two says something at `at`; what was planned waits for it. Returns when it has been said."""
    said = at + conversations.speaking_seconds(text)
    for event in call.plan:
        if event[1] != "end" or event[2].get("reason") != "max_duration":
            event[0] = max(event[0] + said - at, said + 0.4)
    schedule(call, at, "turn", {"role": role, "content": text})
    return said


def mention(call: Call, text: str) -> None:
    """The assistant works it into what it says next, if it has anything to say still."""
    for _, event, data in call.plan:
        if event == "turn" and data["role"] == "assistant":
            data["content"] = f"{text} {data['content']}"
            return


def schedule(call: Call, at: float, event: str, data: dict) -> None:
    call.plan.append([at, event, data])
    call.plan.sort(key=lambda step: step[0])


def end_at(call: Call, at: float, **how: str | None) -> None:
    """Drop what comes after `at` and end the call there."""
    call.plan = [step for step in call.plan if step[0] <= at and step[1] != "end"]
    schedule(call, at, "end", how)


def _new_id(world: World, direction: str, number: Number | None, serial: int) -> str:
    tail = chance.token_of(12, world.seed, "call", serial)
    return (
        f"call-outbound-{tail}" if direction == "outbound" else f"call-_{number.phone_number if number else ''}_{tail}"
    )


def _by_luck(world: World, direction: str, luck: Random) -> str:
    if direction == "inbound":
        return luck.choices(("conversation", "transferred", "error"), (85, 12, 3))[0]
    if luck.random() > world.switches.answer_rate:
        return luck.choice(("no-answer", "no-answer", "voicemail"))
    return luck.choices(("conversation", "error", "transferred"), (94, 2, 4))[0]


def _foresee(world: World, call: Call, luck: Random, born: float, at_least: float, variables: dict | None) -> None:
    """Write the call's plan from `born` on: every event with its time."""
    if call.direction == "outbound":
        schedule(call, born + luck.uniform(0.4, 0.9), "status", {"status": "connecting"})
    person = world.scripted.get(call.person)
    if person and person.answers_after is not None:
        call.outcome = "conversation" if person.answers_after else "no-answer"
    if call.outcome == "no-answer":
        status = world.switches.unanswered
        schedule(call, born + luck.uniform(18, 30), "end", {"status": status, "reason": "no_answer"})
        return
    answered = born + ((person and person.answers_after) or luck.uniform(2, 5))
    schedule(call, answered, "answer", {})
    converse(call, luck, answered, 0 if person else at_least, variables, person.says if person else [])
    if person and person.hangs_up_after:
        end_at(call, answered + person.hangs_up_after, reason="user_hangup")


def _ending(call: Call, luck: Random, length: float, reason: str, longest: float) -> tuple[float, dict]:
    """Seconds after the answer, and how."""
    after, how = length, {"reason": reason}
    if call.outcome == "error":
        after = length * luck.uniform(0.2, 0.7)
        how = {"status": "ended-with-error", "reason": "error", "error": "STT connection failed"}
    elif call.outcome == "transferred":
        how = {"status": "transferred", "reason": "transferred"}
    if call.outcome == "max-duration" or after > longest:
        return longest, {"reason": "max_duration"}
    return after, how


def _story(call: Call, luck: Random, slots: dict) -> conversations.Story:
    if call.outcome == "voicemail":
        left = call.config.get("voicemail_message") if call.config.get("voicemail_detection") else None
        return conversations.voicemail(call.business_name, left, slots)
    story = conversations.tell(call.business_name, call.direction, luck, slots, handover=call.outcome == "transferred")
    opening = call.config.get("first_message")
    if call.direction == "outbound":
        opening = (call.config.get("speech_config") or {}).get("first_message_outbound") or opening
    if opening:
        story.turns[0] = ("assistant", opening)
    return story
