"""Assistants, also under their deprecated name agents (voicedock-api.md §8).

The sandbox's own choice: a null puts a field back to what it is when nothing is said; numbers of a deleted assistant
have none; its calls and campaigns stay.
"""

from .. import wire
from ..catalog import DEFAULTS, POSTCALL
from ..exchange import Answer
from ..records import Assistant
from . import configuration, validation
from .context import Context, Routes


def listed(ctx: Context) -> Answer:
    return Answer(body={"assistants": [wire.assistant(ctx.world, one) for one in ctx.all_own("assistants")]})


def read(ctx: Context, assistant_id: str) -> Answer:
    return _answer(ctx, ctx.own("assistants", assistant_id, "Assistant"))


def create(ctx: Context) -> Answer:
    """Only the name is required."""
    body = ctx.request.json()
    validation.text(body, "name", required=True)
    settings = _settings(ctx, {}, body)
    assistant = Assistant(ctx.world.new_id("assistant"), ctx.org.id, settings, ctx.now, ctx.now)
    ctx.world.assistants[assistant.id] = assistant
    return _answer(ctx, assistant, 201)


def change(ctx: Context, assistant_id: str) -> Answer:
    """An explicit null clears a field, an absent one stays (§1.3)."""
    assistant: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    body = ctx.request.json()
    validation.needed(body, ("name",), changing=True)
    validation.text(body, "name", empty=False)
    assistant.settings = _settings(ctx, assistant.settings, body)
    assistant.updated_at = ctx.now
    return _answer(ctx, assistant)


def delete(ctx: Context, assistant_id: str) -> Answer:
    assistant: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    del ctx.world.assistants[assistant.id]
    for number in ctx.all_own("numbers"):
        if number.agent_id == assistant.id:
            number.agent_id = None
    return ctx.deleted()


def _settings(ctx: Context, before: dict, body: dict) -> dict:
    given = configuration.checked(ctx, validation.known(ctx, body, (*DEFAULTS, *POSTCALL)))
    return {name: value for name, value in (before | given).items() if value is not None}


def _answer(ctx: Context, assistant: Assistant, status: int = 200) -> Answer:
    return Answer(status, {"assistant": wire.assistant(ctx.world, assistant)})


ROUTES: Routes = [
    route
    for path in ("/assistants", "/agents")
    for route in (
        ("GET", path, listed),
        ("POST", path, create),
        ("GET", path + "/{id}", read),
        ("PATCH", path + "/{id}", change),
        ("DELETE", path + "/{id}", delete),
    )
]
