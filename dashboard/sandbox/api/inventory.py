"""Numbers and assistants, the latter also under their deprecated name agents (voicedock-api.md §7, §8)."""

from .. import wire
from ..catalog import DEFAULTS
from ..errors import Refusal, absent
from ..exchange import Answer
from ..records import Assistant, Number
from . import validation
from .context import Context, Routes


def numbers(ctx: Context) -> Answer:
    return Answer(body={"numbers": [wire.number(ctx.world, one) for one in ctx.all_own("numbers")]})


def number(ctx: Context, number_id: str) -> Answer:
    return Answer(body={"number": wire.number(ctx.world, ctx.own("numbers", number_id, "Phone number"))})


def register_number(ctx: Context) -> Answer:
    body = ctx.request.json()
    phone = validation.phone(body, "phone_number")
    if any(one.phone_number == phone for one in ctx.all_own("numbers")):
        raise Refusal(409, "This phone number is already registered", title="Duplicate phone number")
    changes = _number_changes(ctx, body)
    record = Number(ctx.world.new_id("number"), ctx.org.id, phone, ctx.now, ctx.now, **changes)
    ctx.world.numbers[record.id] = record
    return Answer(201, {"number": wire.number(ctx.world, record)})


def change_number(ctx: Context, number_id: str) -> Answer:
    record: Number = ctx.own("numbers", number_id, "Phone number")
    for name, value in _number_changes(ctx, ctx.request.json()).items():
        setattr(record, name, value)
    record.updated_at = ctx.now
    return Answer(body={"number": wire.number(ctx.world, record)})


def delete_number(ctx: Context, number_id: str) -> Answer:
    record: Number = ctx.own("numbers", number_id, "Phone number")
    del ctx.world.numbers[record.id]
    return ctx.deleted()


def assistants(ctx: Context) -> Answer:
    return Answer(body={"assistants": [wire.assistant(one) for one in ctx.all_own("assistants")]})


def assistant(ctx: Context, assistant_id: str) -> Answer:
    return Answer(body={"assistant": wire.assistant(ctx.own("assistants", assistant_id, "Assistant"))})


def create_assistant(ctx: Context) -> Answer:
    body = ctx.request.json()
    validation.text(body, "name", required=True)
    validation.assistant_fields(body)
    record = Assistant(ctx.world.new_id("assistant"), ctx.org.id, _known(body), ctx.now, ctx.now)
    ctx.world.assistants[record.id] = record
    return Answer(201, {"assistant": wire.assistant(record)})


def change_assistant(ctx: Context, assistant_id: str) -> Answer:
    """An explicit null clears a field, an absent one stays (§1.3)."""
    record: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    body = ctx.request.json()
    if "name" in body:
        validation.text(body, "name", required=True)
    validation.assistant_fields(body)
    record.settings = record.settings | _known(body)
    record.updated_at = ctx.now
    return Answer(body={"assistant": wire.assistant(record)})


def delete_assistant(ctx: Context, assistant_id: str) -> Answer:
    record: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    del ctx.world.assistants[record.id]
    for one in ctx.all_own("numbers"):
        if one.agent_id == record.id:
            one.agent_id = None
    return ctx.deleted()


def _known(body: dict) -> dict:
    return {name: value for name, value in body.items() if name in DEFAULTS}


def _number_changes(ctx: Context, body: dict) -> dict:
    if "assistant_id" in body and "agent_id" not in body:
        body["agent_id"] = body["assistant_id"]
    for name in ("agent_id", "transfer_trunk_id", "workflow_id", "name"):
        validation.text(body, name)
    validation.boolean(body, "is_active")
    agent = body.get("agent_id")
    if agent and (agent not in ctx.world.assistants or ctx.world.assistants[agent].org_id != ctx.org.id):
        raise absent("Assistant")
    wanted = ("agent_id", "transfer_trunk_id", "workflow_id", "name", "is_active")
    return {name: body[name] for name in wanted if name in body and not (name == "is_active" and body[name] is None)}


ROUTES: Routes = [
    ("GET", "/numbers", numbers),
    ("POST", "/numbers", register_number),
    ("GET", "/numbers/{id}", number),
    ("PATCH", "/numbers/{id}", change_number),
    ("DELETE", "/numbers/{id}", delete_number),
]
for alias in ("/assistants", "/agents"):
    ROUTES += [
        ("GET", alias, assistants),
        ("POST", alias, create_assistant),
        ("GET", alias + "/{id}", assistant),
        ("PATCH", alias + "/{id}", change_assistant),
        ("DELETE", alias + "/{id}", delete_assistant),
    ]
