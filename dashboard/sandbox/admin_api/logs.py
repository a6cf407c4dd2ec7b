"""The log of requests and the log of webhook deliveries."""

from ..http_messages import Request, Response
from ..simulation import Simulation


def log(simulation: Simulation, request: Request) -> Response:
    since, limit = int(request.query.get("since") or 0), int(request.query.get("limit") or 5000)
    return Response(body={"requests": simulation.log.since(since, limit)})


def clear_log(simulation: Simulation, request: Request) -> Response:
    simulation.log.clear()
    return Response(body={"success": True})


def webhook_deliveries(simulation: Simulation, request: Request) -> Response:
    sender = simulation.webhook_sender
    return Response(body={"webhooks": list(sender.history) if sender else []})
