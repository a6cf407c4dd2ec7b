"""Tasks of campaigns, enqueued by beat and after dedications change."""

from celery import shared_task

from dashboard.campaigns import rechecks


@shared_task
def recheck() -> None:
    rechecks.run()
