"""The process that applies stored webhooks as soon as they are committed: `manage.py apply_webhooks`.

One is enough; a second one waits and goes on where the first one ends. Where one processor cannot keep up, start as
many as `--of` says: each takes a part of the calls. While none runs, a task applies what waits (`batches`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic

import psycopg
import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db import connection as database

from dashboard import database_url, heartbeat
from dashboard.webhooks import batches
from dashboard.webhooks.batches import LOCK, Partition
from dashboard.webhooks.storage import CHANNEL

log = structlog.get_logger()

LOOK_EVERY = 1.0  # seconds without a notification
AGAIN_EVERY = 5.0  # seconds between two attempts of those that failed
PAUSE = 1.0  # seconds after the database was lost


class Applier:
    """One of `of` processes; `stopped` ends it after its present batch."""

    def __init__(self, of: int = 1) -> None:
        self.of, self.stopped = of, Event()
        self._again_at = 0.0

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                with _listening() as listener:
                    self._serve(listener)
            except (psycopg.Error, DatabaseError, InterfaceError, OSError) as error:
                log.warning("webhooks_not_applied", error=type(error).__name__)
                database.close()
                self.stopped.wait(PAUSE)

    def _serve(self, listener: psycopg.Connection) -> None:
        partition = None
        while not self.stopped.is_set():
            partition = partition or self._free_partition(listener)
            if partition is not None:
                self._apply(partition)
            heartbeat.renew()
            close_old_connections()
            for _ in listener.notifies(timeout=LOOK_EVERY, stop_after=1):
                pass

    def _free_partition(self, listener: psycopg.Connection) -> Partition | None:
        """The first that no other process has; it is ours for as long as this connection lives."""
        for number in range(self.of):
            row = listener.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, number + 1]).fetchone()
            if row and row[0]:
                listener.execute("SELECT pg_advisory_lock_shared(%s, 0)", [LOCK])
                return Partition(number, self.of)
        return None

    def _apply(self, partition: Partition) -> None:
        """Until nothing waits."""
        while not self.stopped.is_set() and batches.apply_next(partition):
            heartbeat.renew()
        if monotonic() >= self._again_at:
            batches.apply_next(partition, again=True)
            self._again_at = monotonic() + AGAIN_EVERY


@contextmanager
def _listening() -> Iterator[psycopg.Connection]:
    """A connection outside of Django's that is notified of new webhooks and holds the locks."""
    arguments = database_url.connection_arguments(database.settings_dict) | {"application_name": "patchbay applier"}
    with psycopg.connect(autocommit=True, **arguments) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        yield listener
