"""Whether this process can work: each part is asked in a thread of its own, and one that hangs is called silent.

503 without the database, with tables of another version, and while the process stops. The broker and the cache are
only named: pages work without them.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic

from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from dashboard.celery import app as celery
from dashboard.web import shutdown
from tenants.isolation import scope

WITHIN = 1.5  # seconds for all parts together
SILENT = "silent"
Parts = dict[str, str]


class Question(Thread):
    """Asks one part. A daemon, so that a server that hangs does not hold the process at its end."""

    def __init__(self, ask: Callable[[], Parts], otherwise: Parts) -> None:
        super().__init__(daemon=True, name="readiness")
        self._ask, self.answer = ask, otherwise

    def run(self) -> None:
        try:
            self.answer = self._ask()
        except Exception:  # whatever a client of it raises, it cannot be used
            return
        finally:
            connections.close_all()


class Probe:
    """One part of the answer. While a question to it hangs no second one is asked."""

    def __init__(self, ask: Callable[[], Parts], otherwise: Parts) -> None:
        self._ask, self._otherwise = ask, otherwise
        self._lock, self._question = Lock(), Question(ask, otherwise)

    def question(self) -> Question:
        with self._lock:
            if not self._question.is_alive():
                self._question = Question(self._ask, self._otherwise)
                self._question.start()
            return self._question


def ask() -> tuple[int, Parts]:
    """The status, and a word for each part; within `WITHIN` seconds."""
    if shutdown.begun():
        return 503, {"process": "stopping"}
    until = monotonic() + WITHIN
    parts: Parts = {}
    for question in [probe.question() for probe in PROBES]:
        question.join(max(0.0, until - monotonic()))
        parts |= question.answer
    ready = parts["database"] == parts["migrations"] == "ok"
    return (200 if ready else 503), parts


def _database() -> Parts:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes()) or not scope.signing_key_is_installed()
    return {"database": "ok", "migrations": "behind" if behind else "ok"}


def _broker() -> Parts:
    if settings.CELERY_BROKER_URL.startswith("memory:"):
        return {"broker": "in memory"}
    with celery.connection_for_write(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
        broker.default_channel.client.ping()  # type: ignore[attr-defined]
    return {"broker": "ok"}


def _cache() -> Parts:
    answers = getattr(cache, "answers", None)
    if answers is None:
        return {"cache": "in memory"}
    return {"cache": "ok" if answers() else SILENT}


PROBES = [
    Probe(_database, {"database": SILENT, "migrations": "unknown"}),
    Probe(_broker, {"broker": SILENT}),
    Probe(_cache, {"cache": SILENT}),
]
