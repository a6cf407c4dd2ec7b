"""What there is, what was asked and what was sent."""

from typing import TYPE_CHECKING

from ..exchange import Answer, Request

if TYPE_CHECKING:
    from ..app import Sandbox


def overview(sandbox: "Sandbox", request: Request) -> Answer:
    state = sandbox.world
    counts = {
        kind: len(getattr(state, kind)) for kind in ("organizations", "numbers", "assistants", "calls", "campaigns")
    }
    return Answer(body={"seed": state.seed, "world": sandbox.kind, "live_calls": len(state.live_calls())} | counts)


def log(sandbox: "Sandbox", request: Request) -> Answer:
    since, limit = int(request.query.get("since") or 0), int(request.query.get("limit") or 5000)
    return Answer(body={"requests": sandbox.log.since(since, limit)})


def clear_log(sandbox: "Sandbox", request: Request) -> Answer:
    sandbox.log.clear()
    return Answer(body={"success": True})


def deliveries(sandbox: "Sandbox", request: Request) -> Answer:
    return Answer(body={"webhooks": list(sandbox.postman.history) if sandbox.postman else []})
