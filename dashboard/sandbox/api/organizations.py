"""Organizations: the key's own, children with a key that is told once, retention (voicedock-api.md §9.1, §13).

The sandbox's own choice: `parent_org_id` can only be the caller's own (403); without one the new organization stands
alone, with no minutes.
"""

from .. import chance, retention, wire
from ..errors import Refusal, invalid
from ..exchange import Answer
from ..records import Key, Organization
from . import validation
from .context import Context, Routes

CONTENT_DAYS = (30, 90, 180, 365)
METADATA_DAYS = (30, 90, 180, 365, 730)


def read(ctx: Context) -> Answer:
    body = wire.organization(ctx.world, ctx.org, ctx.now)
    if ctx.request.query.get("include_children", "").lower() in ("true", "1"):
        children = [one for one in ctx.world.organizations.values() if one.parent_org_id == ctx.org.id]
        body["children"] = [{"id": c.id, "name": c.name, "created_at": wire.iso(c.created_at)} for c in children]
    return Answer(body=body)


def create(ctx: Context) -> Answer:
    """The key is in this answer and nowhere else."""
    body = validation.known(ctx, ctx.request.json(), ("name", "parent_org_id"))
    name = validation.text(body, "name", required=True) or ""
    parent = validation.text(body, "parent_org_id")
    if parent is not None and parent != ctx.org.id:
        raise Refusal(403, "You don't have access to this resource", field="parent_org_id")
    org = Organization(ctx.world.new_id("organization"), name, parent, ctx.now)
    key = Key("fl_live_" + chance.token_of(32, ctx.world.seed, "key", ctx.world.next_serial()), org.id)
    ctx.world.organizations[org.id] = org
    ctx.world.keys[key.key] = key
    shown = {"id": org.id, "name": name, "parent_org_id": parent}
    return Answer(201, shown | {"api_key": key.key, "created_at": wire.iso(org.created_at)})


def set_retention(ctx: Context) -> Answer:
    """Both periods together, content not longer than metadata."""
    periods = {"content_retention_days": CONTENT_DAYS, "metadata_retention_days": METADATA_DAYS}
    body = validation.known(ctx, ctx.request.json(), periods)
    validation.needed(body, periods)
    for name, choices in periods.items():
        if not isinstance(body[name], int) or body[name] not in choices:
            raise invalid(name, f"must be one of {', '.join(map(str, choices))}")
    if body["content_retention_days"] > body["metadata_retention_days"]:
        raise invalid("content_retention_days", "must not exceed metadata_retention_days")
    ctx.org.content_retention_days = body["content_retention_days"]
    ctx.org.metadata_retention_days = body["metadata_retention_days"]
    retention.remove(ctx.world, ctx.now)
    return Answer(body=body)


ROUTES: Routes = [
    ("GET", "/organizations", read),
    ("GET", "/account", read),
    ("POST", "/organizations", create),
    ("PATCH", "/organizations", set_retention),
]
