"""Tasks of clients: campaigns of suspended clients stay paused, and retention ends."""

from celery import shared_task

from dashboard.clients import retention, suspension


@shared_task
def keep_stopped() -> None:
    suspension.keep_campaigns_paused()


@shared_task
def end_retention() -> None:
    retention.run()
