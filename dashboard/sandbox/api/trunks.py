"""SIP trunks (voicedock-api.md §9.5): kept, never changed; a password goes in and does not come out.

The sandbox's own choice: a trunk may be deleted while numbers use it, and they then have none.
"""

from ..records import Kept
from . import validation
from .context import Context, Routes
from .store import Store

DEFAULTS = {
    "name": None,
    "provider": None,
    "address": None,
    "transport": "udp",
    "auth_username": None,
    "is_active": True,
}


def _fields(ctx: Context, body: dict, before: Kept | None) -> dict:
    body = validation.known(ctx, body, [*DEFAULTS, "auth_password"])
    for name in ("name", "provider", "address"):
        validation.text(body, name, required=True)
    for name in ("auth_username", "auth_password"):
        validation.text(body, name)
    validation.one_of(body, "transport", ("udp", "tcp", "tls"))
    validation.boolean(body, "is_active")
    return body


def _told(ctx: Context, trunk: Kept) -> dict:
    return {"org_id": trunk.org_id} | DEFAULTS | trunk.settings


def _let_go(ctx: Context, trunk: Kept) -> None:
    for number in ctx.all_own("numbers"):
        if number.transfer_trunk_id == trunk.id:
            number.transfer_trunk_id = None


STORE = Store("trunks", "SIP trunk", "trunk", "trunks", _fields, _told, _let_go, sealed=("auth_password",))

ROUTES: Routes = [route for route in STORE.routes("/sip-trunks") if route[0] != "PATCH"]
