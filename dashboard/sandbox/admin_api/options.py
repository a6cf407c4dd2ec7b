"""The options that decide what the vendor's documents leave open."""

from dataclasses import asdict

from ..http_messages import Request, Response
from ..simulation import Simulation


def options(simulation: Simulation, request: Request) -> Response:
    return Response(body=asdict(simulation.state.options))


def change_options(simulation: Simulation, request: Request) -> Response:
    simulation.state.options.update(request.json())
    return options(simulation, request)
