"""Organizations, the state of their keys, and their minutes."""

from typing import TYPE_CHECKING

from ..errors import absent, invalid
from ..exchange import Answer, Request

if TYPE_CHECKING:
    from ..app import Sandbox


def organizations(sandbox: "Sandbox", request: Request) -> Answer:
    shown = []
    for org in sandbox.world.organizations.values():
        keys = [key for key in sandbox.world.keys.values() if key.org_id == org.id]
        active = next((key.key for key in keys if key.state == "active"), None)
        shown.append(
            {"id": org.id, "name": org.name, "parent_org_id": org.parent_org_id, "api_key": active,
             "keys": [{"key": key.key, "state": key.state} for key in keys], "minutes_balance": org.minutes_balance}
        )  # fmt: skip
    return Answer(body={"organizations": shown})


def change_organization(sandbox: "Sandbox", request: Request, org_id: str) -> Answer:
    """Set the balance in minutes (0 makes outbound calls answer 402), or the account's webhook, which has no API."""
    org, body = sandbox.world.organizations.get(org_id), request.json()
    if org is None:
        raise absent("Organization")
    if "minutes_balance" in body:
        org.minutes_balance = float(body["minutes_balance"])
    if "webhook_url" in body:
        org.webhook_url = str(body["webhook_url"] or "") or None
    return Answer(body={"id": org.id, "minutes_balance": org.minutes_balance, "webhook_url": org.webhook_url})


def change_key(sandbox: "Sandbox", request: Request) -> Answer:
    body = request.json()
    key = sandbox.world.keys.get(str(body.get("key")))
    if key is None:
        raise absent("Key")
    if body.get("state") not in ("active", "expired", "revoked"):
        raise invalid("state", "must be active, expired or revoked")
    key.state = body["state"]
    return Answer(body={"key": key.key, "state": key.state})


def balance(sandbox: "Sandbox", request: Request) -> Answer:
    """The minutes of every organization that pays for itself."""
    minutes = float(request.json().get("minutes_balance") or 0)
    for org in sandbox.world.organizations.values():
        if org.parent_org_id is None:
            org.minutes_balance = minutes
    return Answer(body={"minutes_balance": minutes})
