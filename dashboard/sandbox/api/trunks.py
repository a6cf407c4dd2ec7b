"""SIP trunks (voicedock-api.md §9.5): stored, never changed; the password is not returned.

The sandbox's own choice: a trunk may be deleted while numbers use it; they have none afterwards.
"""

from typing import Any

from ..records import StoredResource
from . import validation
from .context import Context, Routes
from .crud import CrudEndpoints

DEFAULTS = {
    "name": None,
    "provider": None,
    "address": None,
    "transport": "udp",
    "auth_username": None,
    "is_active": True,
}


def _validated(ctx: Context, body: dict[str, Any], before: StoredResource | None) -> dict[str, Any]:
    body = validation.known(ctx, body, [*DEFAULTS, "auth_password"])
    for name in ("name", "provider", "address"):
        validation.text(body, name, required=True)
    for name in ("auth_username", "auth_password"):
        validation.text(body, name)
    validation.one_of(body, "transport", ("udp", "tcp", "tls"))
    validation.boolean(body, "is_active")
    return body


def _serialize(ctx: Context, trunk: StoredResource) -> dict[str, Any]:
    return {"org_id": trunk.org_id} | DEFAULTS | trunk.settings


def _detach_numbers(ctx: Context, trunk: StoredResource) -> None:
    for number in ctx.all_own("numbers"):
        if number.transfer_trunk_id == trunk.id:
            number.transfer_trunk_id = None


ENDPOINTS = CrudEndpoints(
    "trunks", "SIP trunk", "trunk", "trunks", _validated, _serialize, _detach_numbers, write_only=("auth_password",)
)

ROUTES: Routes = [route for route in ENDPOINTS.routes("/sip-trunks") if route[0] != "PATCH"]
