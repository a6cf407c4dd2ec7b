"""Chats: four deprecated operations of which nothing but their names is known (voicedock-api.md §3).

The sandbox's own choice, all of it: a chat is what was posted, under an id, in envelopes like those of the others;
the context is that of the latest chat. Nobody answers in them.
"""

from ..exchange import Answer
from ..records import Kept
from .context import Context, Routes
from .store import Store


def _told(ctx: Context, chat: Kept) -> dict:
    return chat.settings


STORE = Store("chats", "Chat", "chat", "chats", lambda ctx, body, before: body, _told)


def context(ctx: Context) -> Answer:
    latest = next(reversed(ctx.all_own("chats")), None)
    return Answer(body={"context": STORE.show(ctx, latest) if latest else None})


LIKE_OTHERS = (("GET", "/chats"), ("POST", "/chats"), ("DELETE", "/chats/{id}"))
ROUTES: Routes = [
    ("GET", "/chats/context", context),
    *(route for route in STORE.routes("/chats") if route[:2] in LIKE_OTHERS),
]
