"""The sandbox's own controls under /_sandbox: no key, loopback only; the vendor has nothing like them."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from . import calls, chance, engine, people, scenario, wire, world
from .catalog import complete
from .errors import Refusal, absent, invalid, missing
from .exchange import Answer, Request
from .records import LIVE, Call

if TYPE_CHECKING:
    from .app import Sandbox

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
ENDINGS = ("ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits")
OUTCOMES = ("conversation", "no-answer", "voicemail", "error", "transferred", "max-duration")


def answer(sandbox: "Sandbox", request: Request) -> Answer:
    """The levers are told apart by method and path; an error is always shape A."""
    try:
        if request.peer not in LOOPBACK:
            raise Refusal(403, "The sandbox's controls answer on loopback only")
        for method, pattern, lever in LEVERS:
            found = re.fullmatch(pattern, request.path.rstrip("/"))
            if found and method == request.method:
                return lever(sandbox, request, *found.groups())
        raise Refusal(404)
    except Refusal as no:
        return Answer(no.status, no.body("A"))
    except (ValueError, TypeError) as error:
        return Answer(400, Refusal(400, str(error)).body("A"))


def end_now(sandbox: "Sandbox", call: Call, status: str = "ended", reason: str = "user_hangup") -> None:
    if call.live:
        error = "Ended by the sandbox" if status == "ended-with-error" else None
        calls.end(sandbox.world, call, sandbox.clock.now(), status, reason, error)


def overview(sandbox: "Sandbox", request: Request) -> Answer:
    state = sandbox.world
    counts = {
        kind: len(getattr(state, kind)) for kind in ("organizations", "numbers", "assistants", "calls", "campaigns")
    }
    return Answer(body={"seed": state.seed, "world": sandbox.kind, "live_calls": len(state.live_calls())} | counts)


def organizations(sandbox: "Sandbox", request: Request) -> Answer:
    shown = []
    for org in sandbox.world.organizations.values():
        keys = [key for key in sandbox.world.keys.values() if key.org_id == org.id]
        active = next((key.key for key in keys if key.state == "active"), None)
        shown.append(
            {"id": org.id, "name": org.name, "parent_org_id": org.parent_org_id, "api_key": active,
             "keys": [{"key": key.key, "state": key.state} for key in keys], "minutes_balance": org.minutes_balance}
        )  # fmt: skip
    return Answer(body={"organizations": shown})


def change_organization(sandbox: "Sandbox", request: Request, org_id: str) -> Answer:
    """Set the balance in minutes: 0 makes outbound calls answer 402."""
    org, body = sandbox.world.organizations.get(org_id), request.json()
    if org is None:
        raise absent("Organization")
    if "minutes_balance" in body:
        org.minutes_balance = float(body["minutes_balance"])
    return Answer(body={"id": org.id, "minutes_balance": org.minutes_balance})


def change_key(sandbox: "Sandbox", request: Request) -> Answer:
    body = request.json()
    key = sandbox.world.keys.get(str(body.get("key")))
    if key is None:
        raise absent("Key")
    if body.get("state") not in ("active", "expired", "revoked"):
        raise invalid("state", "must be active, expired or revoked")
    key.state = body["state"]
    return Answer(body={"key": key.key, "state": key.state})


def log(sandbox: "Sandbox", request: Request) -> Answer:
    since, limit = int(request.query.get("since") or 0), int(request.query.get("limit") or 5000)
    return Answer(body={"requests": sandbox.log.since(since, limit)})


def clear_log(sandbox: "Sandbox", request: Request) -> Answer:
    sandbox.log.clear()
    return Answer(body={"success": True})


def deliveries(sandbox: "Sandbox", request: Request) -> Answer:
    return Answer(body={"webhooks": list(sandbox.postman.history) if sandbox.postman else []})


def faults(sandbox: "Sandbox", request: Request) -> Answer:
    return Answer(body={"faults": sandbox.faults.listed()})


def order_fault(sandbox: "Sandbox", request: Request) -> Answer:
    return Answer(201, {"fault": asdict(sandbox.faults.order(request.json()))})


def clear_faults(sandbox: "Sandbox", request: Request) -> Answer:
    wanted = request.query.get("id")
    sandbox.faults.clear(int(wanted) if wanted else None)
    return Answer(body={"faults": sandbox.faults.listed()})


def switches(sandbox: "Sandbox", request: Request) -> Answer:
    if request.method == "POST":
        sandbox.world.switches.turn(request.json())
    return Answer(body=asdict(sandbox.world.switches))


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
    body, state, now = request.json(), sandbox.world, sandbox.clock.now()
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
    if assistant is None or not number.is_active:
        raise Refusal(409, "Nobody answers this number: it has no assistant or is not active")
    luck = chance.about(state.seed, "ring", state.serial)
    call = calls.place(
        state, now, org_id=number.org_id, direction="inbound", person=body.get("from") or people.phone(luck),
        number=number, assistant=assistant, config=complete(assistant.settings), outcome=_outcome(body),
        at_least=float(body.get("seconds") or 90),
    )  # fmt: skip
    if state.payer(number.org_id).minutes_balance <= 0:
        calls.end(state, call, now, "rejected", "insufficient_credits")
    return Answer(201, wire.call(state, call))


def force(sandbox: "Sandbox", request: Request, call_id: str) -> Answer:
    """Put a call into a status at once; webhooks go out as usual."""
    body, call, now = request.json(), sandbox.world.calls.get(call_id), sandbox.clock.now()
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


def clock(sandbox: "Sandbox", request: Request) -> Answer:
    """`speed` is how many world seconds pass in a second, `advance` skips some at once."""
    if request.method == "POST":
        body = request.json()
        if "speed" in body:
            speed = float(body["speed"])
            if not 0 <= speed <= 1000:
                raise invalid("speed", "must be between 0 and 1000")
            sandbox.clock.run_at(speed)
        if float(body.get("advance") or 0) < 0:
            raise invalid("advance", "must not be negative")
        sandbox.clock.advance(float(body.get("advance") or 0))
        engine.step(sandbox.world, sandbox.clock.now())
    now = sandbox.clock.now()
    return Answer(
        body={"now": now, "now_at": wire.iso(now), "speed": sandbox.clock.speed, "ahead_seconds": sandbox.clock.ahead}
    )


def balance(sandbox: "Sandbox", request: Request) -> Answer:
    """The minutes of every organization that pays for itself."""
    minutes = float(request.json().get("minutes_balance") or 0)
    for org in sandbox.world.organizations.values():
        if org.parent_org_id is None:
            org.minutes_balance = minutes
    return Answer(body={"minutes_balance": minutes})


def hang_up(sandbox: "Sandbox", request: Request) -> Answer:
    """Whoever has this number hangs up; without a number, everybody."""
    person = request.json().get("person")
    live = [call for call in sandbox.world.live_calls() if person in (None, "", call.person)]
    for call in live:
        end_now(sandbox, call)
    return Answer(body={"ended": [call.id for call in live]})


def scenarios(sandbox: "Sandbox", request: Request) -> Answer:
    known = [{"file": file, "name": one.name, "about": one.about} for file, one in scenario.shipped().items()]
    return Answer(body={"scenarios": known, "playing": sandbox.scenario.shown() if sandbox.scenario else None})


def play(sandbox: "Sandbox", request: Request) -> Answer:
    """`scenario` names one that comes with the sandbox, `toml` is one of your own."""
    body = request.json()
    wanted = body.get("toml")
    sandbox.play(scenario.read(str(wanted)) if wanted else scenario.find(str(body.get("scenario") or "")))
    return scenarios(sandbox, request)


def stop(sandbox: "Sandbox", request: Request) -> Answer:
    """No further step is taken; faults and switches stay as they are."""
    sandbox.play(None)
    return scenarios(sandbox, request)


def reset(sandbox: "Sandbox", request: Request) -> Answer:
    """A fresh world; faults and limits are forgotten, the request log stays."""
    body = request.json()
    seed, kind = str(body.get("seed") or sandbox.world.seed), body.get("world") or sandbox.kind
    ambient_before = sandbox.world.switches.ambient
    sandbox.world, sandbox.kind = world.build(kind, seed, sandbox.clock.now()), kind
    sandbox.world.switches.ambient = bool(body.get("ambient", ambient_before))
    sandbox.faults.clear()
    sandbox.limits.clear()
    sandbox.scenario = None
    return overview(sandbox, request)


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


LEVERS: list[tuple[str, str, Callable]] = [
    ("GET", "/_sandbox", overview),
    ("GET", "/_sandbox/organizations", organizations),
    ("POST", "/_sandbox/organizations/([^/]+)", change_organization),
    ("POST", "/_sandbox/keys", change_key),
    ("GET", "/_sandbox/log", log),
    ("DELETE", "/_sandbox/log", clear_log),
    ("GET", "/_sandbox/webhooks", deliveries),
    ("GET", "/_sandbox/faults", faults),
    ("POST", "/_sandbox/faults", order_fault),
    ("DELETE", "/_sandbox/faults", clear_faults),
    ("GET", "/_sandbox/switches", switches),
    ("POST", "/_sandbox/switches", switches),
    ("POST", "/_sandbox/outcomes", outcome),
    ("POST", "/_sandbox/calls/inbound", ring),
    ("POST", "/_sandbox/calls/([^/]+)/force", force),
    ("GET", "/_sandbox/clock", clock),
    ("POST", "/_sandbox/clock", clock),
    ("POST", "/_sandbox/balance", balance),
    ("POST", "/_sandbox/hang-up", hang_up),
    ("GET", "/_sandbox/scenarios", scenarios),
    ("POST", "/_sandbox/scenarios", play),
    ("DELETE", "/_sandbox/scenarios", stop),
    ("POST", "/_sandbox/reset", reset),
]
