"""Chats: four deprecated operations of which only the names are known (voicedock-api.md §3).

The sandbox's own choice, all of it: a chat is the posted body under an id, in envelopes like those of the others;
the context is that of the latest chat. Nothing answers in a chat.
"""

from typing import Any

from ..http_messages import Response
from ..records import StoredResource
from .context import Context, Routes
from .crud import CrudEndpoints


def _serialize(ctx: Context, chat: StoredResource) -> dict[str, Any]:
    return chat.settings


ENDPOINTS = CrudEndpoints("chats", "Chat", "chat", "chats", lambda ctx, body, before: body, _serialize)


def context(ctx: Context) -> Response:
    latest = next(reversed(ctx.all_own("chats")), None)
    return Response(body={"context": ENDPOINTS.show(ctx, latest) if latest else None})


LIKE_OTHERS = (("GET", "/chats"), ("POST", "/chats"), ("DELETE", "/chats/{id}"))
ROUTES: Routes = [
    ("GET", "/chats/context", context),
    *(route for route in ENDPOINTS.routes("/chats") if route[:2] in LIKE_OTHERS),
]
