"""The life of a call: placed, connected, answered, ended, reported; each event at its own time."""

from copy import deepcopy
from random import Random
from typing import Any

from . import analysis, blocking_webhooks, call_plan, campaign_results, conversations, random_source, webhooks
from .catalog import provider_of
from .records import Assistant, Call, Number
from .state import State

BROKEN_OFF = {"max_duration": "at the longest time that a call may take"}
REASONS = {
    "max_duration": "longest time reached",
    "user_hangup": "the person hung up",
    "assistant_ended": "ended by the assistant",
}
ENDED_BY_COMMAND = "ended by the team"  # `end_reason` is the same: which one VoiceDock gives is not documented


def place(
    state: State,
    now: float,
    *,
    org_id: str,
    direction: str,
    counterpart_number: str,
    number: Number | None,
    assistant: Assistant | None,
    config: dict[str, Any],
    outcome: str = "",
    at_least: float = 0.0,
    lead: tuple[str, str] | None = None,
    variables: dict[str, Any] | None = None,
) -> Call:
    """Start a call at `now` (Unix seconds).

    `at_least` seconds of conversation are planned where the scripts suffice; `lead` is (campaign id, lead id).
    """
    serial = state.next_serial()
    rng = random_source.rng_for(state.seed, "call", serial)
    chosen_outcome = outcome or state.outcome_by_number.get(counterpart_number) or state.options.outcome
    call = Call(
        id=_new_id(state, direction, number, serial),
        org_id=org_id,
        direction=direction,
        counterpart_number=counterpart_number,
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
        outcome=chosen_outcome or _random_outcome(state, direction, rng),
    )
    if lead:
        call.campaign_id, call.lead_id = lead
    call.report_data = {"at_least": at_least}
    state.calls[call.id] = call
    state.calls_with_plan[call.id] = None
    if not blocking_webhooks.request_assistant(state, call):
        call_plan.plan_call(state, call, rng, now, at_least, variables)
    return call


def next_due(state: State) -> tuple[float, Call] | None:
    """The soonest planned event of any call."""
    due = [(state.calls[key].plan[0][0], key) for key in state.calls_with_plan]
    if not due:
        return None
    at, key = min(due)
    return at, state.calls[key]


def run_next(state: State, call: Call) -> None:
    """Carry out the call's next planned event at its own time."""
    at, event, data = call.plan.pop(0)
    if event == "status":
        call.status, call.updated_at = data["status"], at
    elif event == "answer":
        answer(state, call, at)
    elif event == "turn":
        call.messages.append(data)
        call.updated_at = at
    elif event == "tool":
        blocking_webhooks.call_tool(state, call, at, data)
    elif event == "time_out":
        blocking_webhooks.time_out(state, call, at)
    elif event == "end":
        end(state, call, at, **data)
    elif event == "report":
        report(state, call, at)
    if not call.plan:
        state.calls_with_plan.pop(call.id, None)


def answer(state: State, call: Call, at: float) -> None:
    call.status, call.started_at, call.updated_at = "in-progress", at, at
    webhooks.status_update(state, call, at)


def end(
    state: State, call: Call, at: float, status: str = "ended", reason: str | None = None, error: str | None = None
) -> None:
    """End the call, deduct its minutes, and plan its report if it was answered."""
    call.status, call.ended_at, call.updated_at = status, at, at
    call.end_reason, call.error = reason, error
    call.plan = []
    if call.started_at is not None:
        state.payer(call.org_id).minutes_balance -= (at - call.started_at) / 60
        delay = random_source.rng_for(state.seed, "report", call.id).uniform(3, 8)
        call.plan = [[at + delay, "report", {}]]
        state.calls_with_plan[call.id] = None
    else:
        call.reported, call.config, call.messages = True, {}, []
        state.calls_with_plan.pop(call.id, None)
    if status in ("ended", "ended-with-error"):
        webhooks.status_update(state, call, at)
    campaign_results.record(state, call, at)


def report(state: State, call: Call, at: float) -> None:
    """Write summary and analysis of the conversation as far as it came, then drop the call's configuration."""
    finished = call.report_data.get("turns", 0) <= len(call.messages)
    found: dict[str, Any]
    name = call.report_data.get("name") or "the person"
    if call.status == "ended-with-error":
        call.summary, found = (
            f"The call with {name} broke off because of a technical error.",
            {"reason": "technical error"},
        )
    elif call.status == "transferred" and not finished:
        call.summary, found = f"{name} spoke with the assistant.", {"outcome": "transferred"}
    elif finished and call.end_reason != "max_duration":
        call.summary, found = call.report_data.get("summary"), call.report_data.get("analysis") or {}
    else:
        why = BROKEN_OFF.get(call.end_reason or "", "before its purpose was reached")
        call.summary, found = f"The conversation with {name} was broken off {why}.", _unfinished(call)
    if call.status == "transferred":
        destination = call.report_data.get("destination", "a colleague")
        call.summary = f"{call.summary} The call was put through to {destination}."
    call.analysis = analysis.result(call, found)
    call.reported, call.updated_at = True, at
    webhooks.end_of_call_report(state, call, at)
    call.config, call.report_data = {}, {}


def _unfinished(call: Call) -> dict[str, Any]:
    reason = REASONS.get(call.end_reason or "", "not known")
    if call.end_reason == "assistant_ended" and call.report_data.get("ended_by_command"):
        reason = ENDED_BY_COMMAND
    return {"outcome": conversations.UNFINISHED, "reason": reason}


def _new_id(state: State, direction: str, number: Number | None, serial: int) -> str:
    token = random_source.token_for(12, state.seed, "call", serial)
    if direction == "outbound":
        return f"call-outbound-{token}"
    return f"call-_{number.phone_number if number else ''}_{token}"


def _random_outcome(state: State, direction: str, rng: Random) -> str:
    if direction == "inbound":
        return rng.choices(("conversation", "transferred", "error"), (85, 12, 3))[0]
    if rng.random() > state.options.answer_rate:
        return rng.choice(("no-answer", "no-answer", "voicemail"))
    return rng.choices(("conversation", "error", "transferred"), (94, 2, 4))[0]
