"""Tasks of clients, enqueued by beat."""

from celery import shared_task

from dashboard.clients import retention


@shared_task
def remove_expired_data() -> None:
    retention.run()
