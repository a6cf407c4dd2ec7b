"""Tasks of clients, enqueued by beat."""

from celery import shared_task

from dashboard.clients import retention, suspension


@shared_task
def keep_campaigns_paused() -> None:
    suspension.keep_campaigns_paused()


@shared_task
def remove_expired_data() -> None:
    retention.run()
