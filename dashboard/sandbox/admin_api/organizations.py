"""Organizations, the state of their keys, and their minutes."""

from ..errors import invalid, not_found
from ..http_messages import Request, Response
from ..simulation import Simulation

KEY_STATES = ("active", "expired", "revoked")


def organizations(simulation: Simulation, request: Request) -> Response:
    listed = []
    for org in simulation.state.organizations.values():
        keys = [key for key in simulation.state.keys.values() if key.org_id == org.id]
        active = next((key.key for key in keys if key.state == "active"), None)
        listed.append(
            {"id": org.id, "name": org.name, "parent_org_id": org.parent_org_id, "api_key": active,
             "keys": [{"key": key.key, "state": key.state} for key in keys], "minutes_balance": org.minutes_balance}
        )  # fmt: skip
    return Response(body={"organizations": listed})


def change_organization(simulation: Simulation, request: Request, org_id: str) -> Response:
    """Set the balance in minutes (0 makes outbound calls answer 402), or the account's webhook, which has no API."""
    org, body = simulation.state.organizations.get(org_id), request.json()
    if org is None:
        raise not_found("Organization")
    if "minutes_balance" in body:
        org.minutes_balance = float(body["minutes_balance"])
    if "webhook_url" in body:
        org.webhook_url = str(body["webhook_url"] or "") or None
    return Response(body={"id": org.id, "minutes_balance": org.minutes_balance, "webhook_url": org.webhook_url})


def change_key(simulation: Simulation, request: Request) -> Response:
    body = request.json()
    key = simulation.state.keys.get(str(body.get("key")))
    if key is None:
        raise not_found("Key")
    if body.get("state") not in KEY_STATES:
        raise invalid("state", "must be active, expired or revoked")
    key.state = body["state"]
    return Response(body={"key": key.key, "state": key.state})


def balance(simulation: Simulation, request: Request) -> Response:
    """Set the minutes of every organization that pays for itself."""
    minutes = float(request.json().get("minutes_balance") or 0)
    for org in simulation.state.organizations.values():
        if org.parent_org_id is None:
            org.minutes_balance = minutes
    return Response(body={"minutes_balance": minutes})
