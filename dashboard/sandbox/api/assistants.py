"""Assistants, also under their deprecated name agents (voicedock-api.md §8).

The sandbox's own choice: a null puts a field back to its default; numbers of a deleted assistant
have none; its calls and campaigns stay.
"""

from typing import Any

from .. import serializers
from ..catalog import DEFAULTS, POSTCALL
from ..http_messages import Response
from ..records import Assistant
from . import configuration, validation
from .context import Context, Routes


def listed(ctx: Context) -> Response:
    return Response(
        body={"assistants": [serializers.assistant(ctx.state, assistant) for assistant in ctx.all_own("assistants")]}
    )


def read(ctx: Context, assistant_id: str) -> Response:
    return _response(ctx, ctx.own("assistants", assistant_id, "Assistant"))


def create(ctx: Context) -> Response:
    """Only the name is required."""
    body = ctx.request.json()
    validation.text(body, "name", required=True)
    settings = _settings(ctx, {}, body)
    assistant = Assistant(ctx.state.new_id("assistant"), ctx.org.id, settings, ctx.now, ctx.now)
    ctx.state.assistants[assistant.id] = assistant
    return _response(ctx, assistant, 201)


def change(ctx: Context, assistant_id: str) -> Response:
    """An explicit null clears a field, an absent one stays (§1.3)."""
    assistant: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    body = ctx.request.json()
    validation.required(body, ("name",), changing=True)
    validation.text(body, "name", empty=False)
    assistant.settings = _settings(ctx, assistant.settings, body)
    assistant.updated_at = ctx.now
    return _response(ctx, assistant)


def delete(ctx: Context, assistant_id: str) -> Response:
    assistant: Assistant = ctx.own("assistants", assistant_id, "Assistant")
    del ctx.state.assistants[assistant.id]
    for number in ctx.all_own("numbers"):
        if number.agent_id == assistant.id:
            number.agent_id = None
    return ctx.deleted()


def _settings(ctx: Context, before: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    given = configuration.validated(ctx, validation.known(ctx, body, (*DEFAULTS, *POSTCALL)))
    return {name: value for name, value in (before | given).items() if value is not None}


def _response(ctx: Context, assistant: Assistant, status: int = 200) -> Response:
    return Response(status, {"assistant": serializers.assistant(ctx.state, assistant)})


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
