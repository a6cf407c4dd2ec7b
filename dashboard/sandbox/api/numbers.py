"""Numbers (voicedock-api.md §7): registered, tied to an assistant, a trunk and a workflow, removed.

The sandbox's own choice: `name` is kept, as the guides show one; duplicates are looked for within an organization.
"""

from .. import wire
from ..errors import Refusal
from ..exchange import Answer
from ..records import Number
from . import validation
from .context import Context, Routes

FIELDS = ("agent_id", "transfer_trunk_id", "workflow_id", "name", "is_active")


def listed(ctx: Context) -> Answer:
    return Answer(body={"numbers": [wire.number(ctx.world, one) for one in ctx.all_own("numbers")]})


def read(ctx: Context, number_id: str) -> Answer:
    return _answer(ctx, ctx.own("numbers", number_id, "Phone number"))


def register(ctx: Context) -> Answer:
    body = ctx.request.json()
    phone = validation.phone(body, "phone_number")
    changes = {name: value for name, value in _changes(ctx, body).items() if value is not None}
    if any(one.phone_number == phone for one in ctx.all_own("numbers")):
        raise Refusal(409, "This phone number is already registered", title="Duplicate phone number")
    number = Number(ctx.world.new_id("number"), ctx.org.id, phone, ctx.now, ctx.now, **changes)
    ctx.world.numbers[number.id] = number
    return _answer(ctx, number, 201)


def change(ctx: Context, number_id: str) -> Answer:
    number: Number = ctx.own("numbers", number_id, "Phone number")
    body = ctx.request.json()
    validation.needed(body, ("is_active",), changing=True)
    for name, value in _changes(ctx, body).items():
        setattr(number, name, value)
    number.updated_at = ctx.now
    return _answer(ctx, number)


def delete(ctx: Context, number_id: str) -> Answer:
    number: Number = ctx.own("numbers", number_id, "Phone number")
    del ctx.world.numbers[number.id]
    return ctx.deleted()


def _changes(ctx: Context, body: dict) -> dict:
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


def _answer(ctx: Context, number: Number, status: int = 200) -> Answer:
    return Answer(status, {"number": wire.number(ctx.world, number)})


ROUTES: Routes = [
    ("GET", "/numbers", listed),
    ("POST", "/numbers", register),
    ("GET", "/numbers/{id}", read),
    ("PATCH", "/numbers/{id}", change),
    ("DELETE", "/numbers/{id}", delete),
]
