"""Listing, starting and stopping scenarios."""

from .. import scenario_files
from ..http_messages import Request, Response
from ..simulation import Simulation


def scenarios(simulation: Simulation, request: Request) -> Response:
    shipped = scenario_files.shipped(simulation.is_admin_route)
    listed = [{"file": name, "name": scenario.name, "about": scenario.about} for name, scenario in shipped.items()]
    playing = simulation.scenario.to_json() if simulation.scenario else None
    return Response(body={"scenarios": listed, "playing": playing})


def play(simulation: Simulation, request: Request) -> Response:
    """`scenario` names a shipped one; `toml` holds the text of another."""
    body = request.json()
    if text := body.get("toml"):
        scenario = scenario_files.read(str(text), simulation.is_admin_route)
    else:
        scenario = scenario_files.find(str(body.get("scenario") or ""), simulation.is_admin_route)
    simulation.play(scenario)
    return scenarios(simulation, request)


def stop(simulation: Simulation, request: Request) -> Response:
    """Run no further step; faults and options stay as they are."""
    simulation.play(None)
    return scenarios(simulation, request)
