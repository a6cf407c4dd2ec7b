"""One port: pages as a WSGI application in threads (`dashboard/web/`); `/events/` and webhooks as plain ASGI, which
holds none.

Pages answer twice as fast this way as through Django's own ASGI handler, where each middleware hops to a thread.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.urls import get_resolver

from dashboard.wsgi import application as wsgi_application  # sets Django up: first

from django.conf import settings  # isort: skip
from dashboard import production  # isort: skip
from dashboard.live_updates import feed, stream  # isort: skip
from dashboard.web.application import Front  # isort: skip
from dashboard.webhooks.ingest import Ingest  # isort: skip

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

production.refuse(settings, web=True)
webhooks = Ingest()
front = Front(wsgi_application, stream.app, webhooks)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        await front(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    """The changes feed lives exactly as long as the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            get_resolver().url_patterns  # noqa: B018  every view is loaded before the first request
            stream.startup()
            await send({"type": "lifespan.startup.complete"})
        else:
            await feed.shutdown()
            await webhooks.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
