"""The course of things: the clock, scenarios, and beginning anew."""

from typing import TYPE_CHECKING

from .. import scenario, wire, world
from ..errors import invalid
from ..exchange import Answer, Request
from ..faults import Faults
from .memory import overview

if TYPE_CHECKING:
    from ..app import Sandbox

YEAR = 366 * 86_400.0


def clock(sandbox: "Sandbox", request: Request) -> Answer:
    """`speed` is how many world seconds pass in a second, `advance` skips some at once."""
    if request.method == "POST":
        body = request.json()
        speed, advance = float(body.get("speed", sandbox.clock.speed)), float(body.get("advance") or 0)
        if not 0 <= speed <= 1000:
            raise invalid("speed", "must be between 0 and 1000")
        if not 0 <= advance <= YEAR:
            raise invalid("advance", "must be seconds, none or up to a year")
        sandbox.clock.run_at(speed)
        sandbox.clock.advance(advance)
        sandbox.move()
    now = sandbox.clock.now()
    return Answer(
        body={"now": now, "now_at": wire.iso(now), "speed": sandbox.clock.speed, "ahead_seconds": sandbox.clock.ahead}
    )


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
    """A fresh world; faults, limits and webhooks under way are forgotten, the request log stays."""
    body = request.json()
    seed, kind = str(body.get("seed") or sandbox.world.seed), body.get("world") or sandbox.kind
    ambient_before = sandbox.world.switches.ambient
    sandbox.world, sandbox.kind = world.build(kind, seed, sandbox.now()), kind
    sandbox.world.switches.ambient = bool(body.get("ambient", ambient_before))
    sandbox.faults = Faults(seed)
    sandbox.forget_webhooks()
    sandbox.limits.clear()
    sandbox.scenario = None
    return overview(sandbox, request)
