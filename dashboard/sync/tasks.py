"""Tasks of synchronization: beat enqueues `enqueue_due`, which enqueues `run_due` for whatever is due."""

from datetime import datetime

from celery import shared_task

from dashboard import voicedock
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.sync import due, registry, runs, unreadable_items
from dashboard.sync.models import Kind
from tenants.isolation import scope
from tenants.models import Connection


@shared_task
def enqueue_due() -> None:
    """These messages never expire: when the workers cannot keep up, runs get rarer, and each kind keeps its turn."""
    asked_at = limiter.clock().isoformat()
    for connection_id, kind in due.due():
        run_due.apply_async((connection_id, kind.value, asked_at))


@shared_task
@scope.opens_scope
def run_due(connection_id: int, kind: str, asked_at: str = "") -> None:
    """One run; what went wrong, and when to try again, is in its `SyncRun` and `SyncState`.

    Nothing is done where a run has begun since `asked_at`: while messages wait, their kind becomes due again.
    """
    if asked_at and runs.has_begun(connection_id, kind, since=datetime.fromisoformat(asked_at)):
        return
    with scope.for_system("which connection is due"):
        connection = Connection.objects.get(pk=connection_id)
    try:
        registry.run(connection, Kind(kind))
    except (runs.Busy, limiter.RateLimitExceeded, voicedock.VoiceDockError):
        return


@shared_task
def prune() -> None:
    publish.prune()
    runs.prune()
    unreadable_items.prune()
    limiter.prune()
