"""People on the phone: the outcome of their calls, inbound calls, hanging up."""

from typing import Any

from .. import call_plan, calls, fake_people, random_source, serializers
from ..catalog import complete
from ..errors import ApiError, invalid, missing, not_found
from ..http_messages import Request, Response
from ..records import LIVE, Call
from ..simulation import Simulation

ENDINGS = ("ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits")
OUTCOMES = ("conversation", "no-answer", "voicemail", "error", "transferred", "max-duration")


def set_outcome(simulation: Simulation, request: Request) -> Response:
    """The outcome of all further calls to one destination; without `outcome` it is random again."""
    body, outcomes = request.json(), simulation.state.outcome_by_number
    if not body.get("destination"):
        raise missing("destination")
    outcomes.pop(body["destination"], None)
    if body.get("outcome"):
        outcomes[body["destination"]] = _outcome(body)
    return Response(body={"outcomes": outcomes})


def receive_inbound(simulation: Simulation, request: Request) -> Response:
    """Someone calls one of our numbers: `number` (E.164) or `number_id`, optionally `from`, `outcome`, `seconds`."""
    body, state, now = request.json(), simulation.state, simulation.now()
    if not body.get("number_id") and not body.get("number"):
        raise missing("number")
    name, value = ("id", body["number_id"]) if body.get("number_id") else ("phone_number", body["number"])
    number = next((number for number in state.numbers.values() if getattr(number, name) == value), None)
    if number is None:
        raise not_found("Phone number")
    assistant = state.assistants.get(number.agent_id or "")
    account_url = state.organizations[number.org_id].webhook_url  # its response may name an assistant
    if (assistant is None and not account_url) or not number.is_active:
        raise ApiError(409, "Nobody answers this number: it has no assistant or is not active")
    rng = random_source.rng_for(state.seed, "ring", state.serial)
    call = calls.place(
        state, now, org_id=number.org_id, direction="inbound",
        counterpart_number=body.get("from") or fake_people.phone(rng), number=number, assistant=assistant,
        config=complete(assistant.settings if assistant else {}), outcome=_outcome(body),
        at_least=float(body.get("seconds") or 90),
    )  # fmt: skip
    if state.payer(number.org_id).minutes_balance <= 0:
        calls.end(state, call, now, "rejected", "insufficient_credits")
    return Response(201, serializers.call(state, call))


def force_status(simulation: Simulation, request: Request, call_id: str) -> Response:
    """Put a call into a status at once; webhooks are sent as usual."""
    body, call, now = request.json(), simulation.state.calls.get(call_id), simulation.now()
    if call is None:
        raise not_found("Call")
    status = body.get("status")
    if status not in LIVE + ENDINGS:
        raise invalid("status", f"must be one of {', '.join(LIVE + ENDINGS)}")
    if not call.live:
        raise ApiError(409, f"The call is {call.status}")
    if status in ENDINGS:
        calls.end(simulation.state, call, now, status, body.get("end_reason") or "user_hangup", body.get("error"))
    elif status == "in-progress":
        _answer_now(simulation, call, now)
    else:
        call.status, call.updated_at = status, now
    return Response(body=serializers.call(simulation.state, call))


def hang_up(simulation: Simulation, request: Request) -> Response:
    """The person with this `number` hangs up; without a number, everyone."""
    number = request.json().get("number")
    live = [call for call in simulation.state.live_calls() if number in (None, "", call.counterpart_number)]
    for call in live:
        simulation.end_call(call)
    return Response(body={"ended": [call.id for call in live]})


def _answer_now(simulation: Simulation, call: Call, now: float) -> None:
    """Answer the call at once and plan a conversation."""
    if call.status == "in-progress":
        return
    if call.outcome == "no-answer":
        call.outcome = "conversation"
    call.plan = []
    calls.answer(simulation.state, call, now)
    rng = random_source.rng_for(simulation.state.seed, "forced", call.id)
    call_plan.plan_conversation(call, rng, now, at_least=120)


def _outcome(body: dict[str, Any]) -> str:
    chosen = body.get("outcome") or ""
    if chosen and chosen not in OUTCOMES:
        raise invalid("outcome", f"must be one of {', '.join(OUTCOMES)}")
    return str(chosen)
