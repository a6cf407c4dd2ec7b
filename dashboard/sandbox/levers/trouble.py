"""Faults to order, and switches for what the documents leave open."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from ..exchange import Answer, Request

if TYPE_CHECKING:
    from ..app import Sandbox


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
