"""What the sandbox holds, and starting again from a fresh data set."""

from .. import initial_state
from ..faults import Faults
from ..http_messages import Request, Response
from ..simulation import Simulation

COUNTED = ("organizations", "numbers", "assistants", "calls", "campaigns")


def overview(simulation: Simulation, request: Request) -> Response:
    state = simulation.state
    counts = {kind: len(getattr(state, kind)) for kind in COUNTED}
    live_calls = len(state.live_calls())
    return Response(body={"seed": state.seed, "dataset": simulation.dataset, "live_calls": live_calls} | counts)


def reset(simulation: Simulation, request: Request) -> Response:
    """Build the state anew; faults, rate limits and delayed webhooks are dropped, the request log is kept."""
    body, before = request.json(), simulation.state
    seed, dataset = str(body.get("seed") or before.seed), body.get("dataset") or simulation.dataset
    simulation.state, simulation.dataset = initial_state.build(dataset, seed, simulation.now()), dataset
    background_traffic = body.get("background_traffic", before.options.background_traffic)
    simulation.state.options.background_traffic = bool(background_traffic)
    simulation.faults = Faults(seed)
    simulation.drop_delayed_webhooks()
    simulation.limits.clear()
    simulation.scenario = None
    return overview(simulation, request)
