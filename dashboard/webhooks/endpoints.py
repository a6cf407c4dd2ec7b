"""Which token belongs to which connection, remembered for a few seconds: a revoked token or secret dies with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import psycopg
import structlog

from dashboard.webhooks.admission import Endpoint
from tenants import secrets
from tenants.models import Connection, ConnectionSecret

log = structlog.get_logger()

KEPT = 10.0  # seconds
MOST_KNOWN, MOST_UNKNOWN = 10_000, 2_000  # tokens; apart, so that guessed ones push out no real one
READ = f"""
SELECT c.webhook_token, c.id, coalesce(s.sealed_webhook_secret, ''), coalesce(s.sealed_webhook_secret_before, '')
FROM {Connection._meta.db_table} c LEFT JOIN {ConnectionSecret._meta.db_table} s ON s.connection_id = c.id
WHERE c.webhook_token = ANY(%b::text[])
"""


@dataclass(frozen=True)
class Known:
    """What the database said of a token, and when it was asked; `endpoint` is None for a token that is nobody's."""

    endpoint: Endpoint | None
    asked_at: float


class Endpoints:
    """The tokens that were asked for lately. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._unknown: dict[str, Known] = {}

    def now(self) -> float:
        return self._clock()

    def get(self, token: str, *, since: float | None = None) -> Known | None:
        """None when the database has to be asked: never before, too long ago, or not `since` then."""
        found = self._known.get(token) or self._unknown.get(token)
        if found is None or found.asked_at <= self._clock() - KEPT or (since is not None and found.asked_at < since):
            return None
        return found

    def remember(self, tokens: Collection[str], found: Mapping[str, Endpoint], asked_at: float) -> None:
        """What a question for these tokens, asked at this time, has found."""
        _make_place(self._known, MOST_KNOWN, len(tokens))
        _make_place(self._unknown, MOST_UNKNOWN, len(tokens))
        for token in tokens:
            endpoint = found.get(token)
            held, other = (self._known, self._unknown) if endpoint else (self._unknown, self._known)
            held[token] = Known(endpoint, asked_at)
            other.pop(token, None)

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)


async def read(connection: psycopg.AsyncConnection[Any], tokens: Collection[str]) -> dict[str, Endpoint]:
    """By token; a token that is nobody's is left out. The connection's scope reaches all."""
    rows = await (await connection.execute(READ, [list(tokens)])).fetchall()
    return {token: Endpoint(pk, _secrets(pk, *sealed)) for token, pk, *sealed in rows}


def _secrets(connection_id: int, sealed: str, before: str) -> list[str]:
    """None where they cannot be opened: nothing is authentic then, and other connections go on."""
    row = ConnectionSecret(
        connection_id=connection_id, sealed_webhook_secret=sealed, sealed_webhook_secret_before=before
    )
    try:
        return row.webhook_secrets
    except secrets.Unreadable:
        log.error("webhook_secret_unreadable", connection=connection_id)
        return []


def _make_place(held: dict[str, Known], most: int, more: int) -> None:
    """The oldest go first."""
    for token in list(held)[: max(0, len(held) + more - most)]:
        del held[token]
