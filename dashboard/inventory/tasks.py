"""Bells: beat rings `tick`, which rings `look` for whatever is due."""

from celery import shared_task

from dashboard import voicedock
from dashboard.budget import spending as budget
from dashboard.inventory import organizing, retention, rotating, rounds, runs, stopping, unreadable, vendor_requests
from dashboard.inventory.models import Kind
from dashboard.live import changes
from tenants.isolation import scope
from tenants.models import Connection

LATE = 15  # seconds after which a look is dropped; it becomes due again by itself


@shared_task
def tick() -> None:
    for connection_id, kind in rounds.due():
        look.apply_async((connection_id, kind.value), expires=LATE)


@shared_task
def look(connection_id: int, kind: str) -> None:
    """One look; what went wrong is in the book of looks, and when to try again too."""
    with scope.system("which connection is due"):
        connection = Connection.objects.get(pk=connection_id)
    try:
        rounds.look(connection, Kind(kind))
    except (runs.Busy, budget.Spent, voicedock.VoiceDockError):
        return


@shared_task
def tidy() -> None:
    changes.forget()
    runs.prune()
    unreadable.forget()
    vendor_requests.prune()
    budget.prune()


@shared_task
def give_up_lost_requests() -> None:
    vendor_requests.give_up_lost()


@shared_task
def keep_stopped() -> None:
    stopping.keep_campaigns_paused()


@shared_task
def end_retention() -> None:
    retention.run()


@shared_task
def finish_connections() -> None:
    """What is begun and not done: organizations asked for, webhook secrets being changed."""
    organizing.go_on()
    rotating.go_on()
