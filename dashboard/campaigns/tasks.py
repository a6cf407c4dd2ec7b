"""Tasks of campaigns, enqueued by beat and after dedications change."""

from celery import shared_task

from dashboard.campaigns import alarm_pauses, rechecks


@shared_task
def recheck() -> None:
    rechecks.run()


@shared_task
def pause_after_alarms() -> None:
    """In the queue of what people wait for, so that no sync run delays it."""
    alarm_pauses.run()
