"""The sandbox's clock."""

from .. import serializers
from ..errors import invalid
from ..http_messages import Request, Response
from ..simulation import Simulation

YEAR = 366 * 86_400.0
FASTEST = 1000


def clock(simulation: Simulation, request: Request) -> Response:
    clock = simulation.clock
    now = clock.now()
    body = {"now": now, "now_at": serializers.iso(now), "speed": clock.speed, "ahead_seconds": clock.ahead}
    return Response(body=body)


def change_clock(simulation: Simulation, request: Request) -> Response:
    """`speed` is in sandbox seconds per second, `advance` skips sandbox seconds at once."""
    body = request.json()
    speed, advance = float(body.get("speed", simulation.clock.speed)), float(body.get("advance") or 0)
    if not 0 <= speed <= FASTEST:
        raise invalid("speed", f"must be between 0 and {FASTEST}")
    if not 0 <= advance <= YEAR:
        raise invalid("advance", "must be seconds, none or up to a year")
    simulation.clock.run_at(speed)
    simulation.clock.advance(advance)
    simulation.move()
    return clock(simulation, request)
