"""Connections and scopes that an interrupted task left open in its process."""

from __future__ import annotations

from contextlib import suppress

import structlog
from django.db import connections

from tenants.isolation import scope

log = structlog.get_logger()


def discard() -> None:
    """Throw away each connection that is inside of a transaction, and forget the scope; between tasks none is."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            continue
        log.error("unfinished_transaction_discarded", alias=connection.alias)
        if connection.connection is not None:
            with suppress(Exception):  # whatever the driver says of it: it is not used again
                connection.connection.close()
        del connections[connection.alias]
    scope.forget()
