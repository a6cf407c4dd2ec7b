"""People on the phone: how their calls go, who calls us, who hangs up."""

from typing import TYPE_CHECKING

from .. import calls, chance, people, wire
from ..catalog import complete
from ..errors import Refusal, absent, invalid, missing
from ..exchange import Answer, Request
from ..records import LIVE, Call

if TYPE_CHECKING:
    from ..app import Sandbox

ENDINGS = ("ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits")
OUTCOMES = ("conversation", "no-answer", "voicemail", "error", "transferred", "max-duration")


def outcome(sandbox: "Sandbox", request: Request) -> Answer:
    """How calls to this destination will go from now on; without an outcome it is left to chance again."""
    body = request.json()
    if not body.get("destination"):
        raise missing("destination")
    sandbox.world.outcomes.pop(body["destination"], None)
    if body.get("outcome"):
        sandbox.world.outcomes[body["destination"]] = _outcome(body)
    return Answer(body={"outcomes": sandbox.world.outcomes})


def ring(sandbox: "Sandbox", request: Request) -> Answer:
    """Somebody calls one of our numbers: `number` (E.164) or `number_id`, optionally `from`, `outcome`, `seconds`."""
    body, state, now = request.json(), sandbox.world, sandbox.now()
    if not body.get("number_id") and not body.get("number"):
        raise missing("number")
    wanted = (body.get("number_id"), body.get("number"))
    number = next(
        (n for n in state.numbers.values() if n.id == wanted[0] or (not wanted[0] and n.phone_number == wanted[1])),
        None,
    )
    if number is None:
        raise absent("Phone number")
    assistant = state.assistants.get(number.agent_id or "")
    asked = state.organizations[number.org_id].webhook_url  # it may name one
    if (assistant is None and not asked) or not number.is_active:
        raise Refusal(409, "Nobody answers this number: it has no assistant or is not active")
    luck, settings = chance.about(state.seed, "ring", state.serial), assistant.settings if assistant else {}
    call = calls.place(
        state, now, org_id=number.org_id, direction="inbound", person=body.get("from") or people.phone(luck),
        number=number, assistant=assistant, config=complete(settings), outcome=_outcome(body),
        at_least=float(body.get("seconds") or 90),
    )  # fmt: skip
    if state.payer(number.org_id).minutes_balance <= 0:
        calls.end(state, call, now, "rejected", "insufficient_credits")
    return Answer(201, wire.call(state, call))


def force(sandbox: "Sandbox", request: Request, call_id: str) -> Answer:
    """Put a call into a status at once; webhooks go out as usual."""
    body, call, now = request.json(), sandbox.world.calls.get(call_id), sandbox.now()
    if call is None:
        raise absent("Call")
    status = body.get("status")
    if status not in LIVE + ENDINGS:
        raise invalid("status", f"must be one of {', '.join(LIVE + ENDINGS)}")
    if not call.live:
        raise Refusal(409, f"The call is {call.status}")
    if status in ENDINGS:
        calls.end(sandbox.world, call, now, status, body.get("end_reason") or "user_hangup", body.get("error"))
    elif status == "in-progress":
        _answered_now(sandbox, call, now)
    else:
        call.status, call.updated_at = status, now
    return Answer(body=wire.call(sandbox.world, call))


def hang_up(sandbox: "Sandbox", request: Request) -> Answer:
    """Whoever has this number hangs up; without a number, everybody."""
    person = request.json().get("person")
    live = [call for call in sandbox.world.live_calls() if person in (None, "", call.person)]
    for call in live:
        end_now(sandbox, call)
    return Answer(body={"ended": [call.id for call in live]})


def end_now(sandbox: "Sandbox", call: Call, status: str = "ended", reason: str = "user_hangup") -> None:
    if call.live:
        error = "Ended by the sandbox" if status == "ended-with-error" else None
        calls.end(sandbox.world, call, sandbox.now(), status, reason, error)


def _answered_now(sandbox: "Sandbox", call: Call, now: float) -> None:
    """Somebody picks up at once, and a conversation follows."""
    if call.status == "in-progress":
        return
    if call.outcome == "no-answer":
        call.outcome = "conversation"
    call.plan = []
    calls.answer(sandbox.world, call, now)
    calls.converse(call, chance.about(sandbox.world.seed, "forced", call.id), now, at_least=120)


def _outcome(body: dict) -> str:
    chosen = body.get("outcome") or ""
    if chosen and chosen not in OUTCOMES:
        raise invalid("outcome", f"must be one of {', '.join(OUTCOMES)}")
    return chosen
