"""Numbers (voicedock-api.md §7): registered, assigned to an assistant, a trunk and a workflow, removed.

The sandbox's own choice: `name` is stored, as the guides show one; duplicates are checked within an organization.
"""

from typing import Any

from .. import serializers
from ..errors import ApiError
from ..http_messages import Response
from ..records import Number
from . import validation
from .context import Context, Routes

FIELDS = ("agent_id", "transfer_trunk_id", "workflow_id", "name", "is_active")


def listed(ctx: Context) -> Response:
    return Response(body={"numbers": [serializers.number(ctx.state, number) for number in ctx.all_own("numbers")]})


def read(ctx: Context, number_id: str) -> Response:
    return _response(ctx, ctx.own("numbers", number_id, "Phone number"))


def register(ctx: Context) -> Response:
    body = ctx.request.json()
    phone = validation.phone(body, "phone_number")
    changes = {name: value for name, value in _changes(ctx, body).items() if value is not None}
    if any(number.phone_number == phone for number in ctx.all_own("numbers")):
        raise ApiError(409, "This phone number is already registered", title="Duplicate phone number")
    number = Number(ctx.state.new_id("number"), ctx.org.id, phone, ctx.now, ctx.now, **changes)
    ctx.state.numbers[number.id] = number
    return _response(ctx, number, 201)


def change(ctx: Context, number_id: str) -> Response:
    number: Number = ctx.own("numbers", number_id, "Phone number")
    body = ctx.request.json()
    validation.required(body, ("is_active",), changing=True)
    for name, value in _changes(ctx, body).items():
        setattr(number, name, value)
    number.updated_at = ctx.now
    return _response(ctx, number)


def delete(ctx: Context, number_id: str) -> Response:
    number: Number = ctx.own("numbers", number_id, "Phone number")
    del ctx.state.numbers[number.id]
    return ctx.deleted()


def _changes(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """`assistant_id` is the other name of `agent_id` (§3)."""
    body = validation.known(ctx, body, (*FIELDS, "assistant_id", "phone_number"))
    if "assistant_id" in body:
        body.setdefault("agent_id", body["assistant_id"])
    validation.text(body, "name")
    validation.boolean(body, "is_active")
    validation.reference(ctx, body, "agent_id", "assistants", "Assistant")
    validation.reference(ctx, body, "transfer_trunk_id", "trunks", "SIP trunk")
    validation.reference(ctx, body, "workflow_id", "workflows", "Workflow")
    return {name: body[name] for name in FIELDS if name in body}


def _response(ctx: Context, number: Number, status: int = 200) -> Response:
    return Response(status, {"number": serializers.number(ctx.state, number)})


ROUTES: Routes = [
    ("GET", "/numbers", listed),
    ("POST", "/numbers", register),
    ("GET", "/numbers/{id}", read),
    ("PATCH", "/numbers/{id}", change),
    ("DELETE", "/numbers/{id}", delete),
]
