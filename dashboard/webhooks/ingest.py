"""`/hooks/voicedock/<token>/` as a plain ASGI application: no thread, one commit for many webhooks.

It answers as `dashboard.webhooks.views`, which serves under a plain WSGI server: 200 with `{}` once the webhook is
stored, 400, 401, 404 and 413 empty. Applying it is the work of another process (`dashboard.webhooks.applier`).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg
import structlog

from dashboard import voicedock
from dashboard.web import responses
from dashboard.webhooks import admission
from dashboard.webhooks.admission import Endpoint, NewDelivery
from dashboard.webhooks.writer import Full, Unavailable, Writer

log = structlog.get_logger("patchbay.access")
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/hooks/voicedock/"
TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
MOST_HELD = 64 * 1024 * 1024  # bytes of bodies that wait for their answer
LONGEST_TOKEN = 64  # characters, as in `Connection`


class Ingest:
    """Use from one event loop."""

    def __init__(self, writer: Writer | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._given, self._writer = writer, writer
        self._held = 0

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer()
        return self._writer

    async def __call__(self, scope: Message, body: bytes, send: Send) -> None:
        """`body` is the whole raw body, of a size that is allowed."""
        token = scope["path"].removeprefix(PREFIX).removesuffix("/")
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        status = await self.receive(
            token, body, headers.get(b"x-webhook-signature", ""), headers.get(b"x-webhook-timestamp", "")
        )
        if status == 200:
            await responses.json(scope, send, status, {})
            return
        log.info("request", method="POST", path=f"{PREFIX}[secret]/", status=status)
        await responses.empty(scope, send, status)

    async def receive(self, token: str, raw: bytes, signature: str, timestamp: str) -> int:
        """The status of the answer; 200 once it is committed, 503 where it may be sent again."""
        if self._held + len(raw) > MOST_HELD:
            return 503
        self._held += len(raw)
        try:
            return await self._receive(token, raw, signature, timestamp)
        finally:
            self._held -= len(raw)

    async def _receive(self, token: str, raw: bytes, signature: str, timestamp: str) -> int:
        try:
            delivery = await self._admit(token, raw, signature, timestamp)
            if delivery is None:
                return 404
            await self.writer.store(delivery)
        except voicedock.InvalidSignature:
            return 401
        except voicedock.Malformed:
            return 400
        except (Full, Unavailable):
            return 503
        except psycopg.errors.ForeignKeyViolation:  # the connection was removed while its token was remembered
            return 404
        except psycopg.Error as error:
            log.error("webhook_not_stored", error=type(error).__name__)
            return 500
        return 200

    async def _admit(self, token: str, raw: bytes, signature: str, timestamp: str) -> NewDelivery | None:
        """Before one is refused its secrets are read anew: they may have been changed since."""
        came_at = self.writer.endpoints.now()
        if not token or len(token) > LONGEST_TOKEN or not TOKEN.issuperset(token):
            return None
        endpoint = await self.writer.endpoint(token)
        if endpoint is None:
            return None
        try:
            return self._read(endpoint, raw, signature, timestamp)
        except voicedock.InvalidSignature:
            endpoint = await self.writer.endpoint(token, since=came_at)
        if endpoint is None:
            return None
        try:
            return self._read(endpoint, raw, signature, timestamp)
        except voicedock.InvalidSignature:
            self.writer.reject(endpoint.connection_id, "forged")
            raise

    def _read(self, endpoint: Endpoint, raw: bytes, signature: str, timestamp: str) -> NewDelivery:
        return admission.admit(endpoint, raw, signature, timestamp, self._clock())[0]

    async def stop(self) -> None:
        """What was taken in is stored; a later request begins anew."""
        if self._writer is not None:
            writer, self._writer = self._writer, self._given
            await writer.stop()
