"""Faults: list, add, remove."""

from dataclasses import asdict

from ..http_messages import Request, Response
from ..simulation import Simulation


def faults(simulation: Simulation, request: Request) -> Response:
    return Response(body={"faults": simulation.faults.to_json()})


def add_fault(simulation: Simulation, request: Request) -> Response:
    return Response(201, {"fault": asdict(simulation.faults.add(request.json()))})


def remove_faults(simulation: Simulation, request: Request) -> Response:
    """The fault with the `id` of the query, or all."""
    fault_id = request.query.get("id")
    simulation.faults.clear(int(fault_id) if fault_id else None)
    return faults(simulation, request)
