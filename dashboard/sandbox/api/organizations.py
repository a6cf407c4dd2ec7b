"""Organizations: the key's own, children whose key is returned once, retention (voicedock-api.md §9.1, §13).

The sandbox's own choice: `parent_org_id` can only be the caller's own (403); without one the new organization has
no parent and no minutes.
"""

from .. import random_source, retention, serializers
from ..errors import ApiError, invalid
from ..http_messages import Response
from ..records import Key, Organization
from . import validation
from .context import Context, Routes

CONTENT_DAYS = (30, 90, 180, 365)
METADATA_DAYS = (30, 90, 180, 365, 730)


def read(ctx: Context) -> Response:
    body = serializers.organization(ctx.state, ctx.org, ctx.now)
    if ctx.request.query.get("include_children", "").lower() in ("true", "1"):
        children = [org for org in ctx.state.organizations.values() if org.parent_org_id == ctx.org.id]
        body["children"] = [
            {"id": org.id, "name": org.name, "created_at": serializers.iso(org.created_at)} for org in children
        ]
    return Response(body=body)


def create(ctx: Context) -> Response:
    """The key is in this response only."""
    body = validation.known(ctx, ctx.request.json(), ("name", "parent_org_id"))
    name = validation.text(body, "name", required=True) or ""
    parent = validation.text(body, "parent_org_id")
    if parent is not None and parent != ctx.org.id:
        raise ApiError(403, "You don't have access to this resource", field="parent_org_id")
    org = Organization(ctx.state.new_id("organization"), name, parent, ctx.now)
    key = Key("fl_live_" + random_source.token_for(32, ctx.state.seed, "key", ctx.state.next_serial()), org.id)
    ctx.state.organizations[org.id] = org
    ctx.state.keys[key.key] = key
    shown = {"id": org.id, "name": name, "parent_org_id": parent}
    return Response(201, shown | {"api_key": key.key, "created_at": serializers.iso(org.created_at)})


def set_retention(ctx: Context) -> Response:
    """Both periods together, content not longer than metadata."""
    periods = {"content_retention_days": CONTENT_DAYS, "metadata_retention_days": METADATA_DAYS}
    body = validation.known(ctx, ctx.request.json(), periods)
    validation.required(body, periods)
    for name, choices in periods.items():
        if not isinstance(body[name], int) or body[name] not in choices:
            raise invalid(name, f"must be one of {', '.join(map(str, choices))}")
    if body["content_retention_days"] > body["metadata_retention_days"]:
        raise invalid("content_retention_days", "must not exceed metadata_retention_days")
    ctx.org.content_retention_days = body["content_retention_days"]
    ctx.org.metadata_retention_days = body["metadata_retention_days"]
    retention.remove(ctx.state, ctx.now)
    return Response(body=body)


ROUTES: Routes = [
    ("GET", "/organizations", read),
    ("GET", "/account", read),
    ("POST", "/organizations", create),
    ("PATCH", "/organizations", set_retention),
]
