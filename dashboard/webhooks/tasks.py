"""Tasks of webhooks, enqueued by beat."""

from celery import shared_task

from dashboard.webhooks import deliveries


@shared_task
def apply_waiting() -> None:
    deliveries.apply_waiting()


@shared_task
def prune_deliveries() -> None:
    deliveries.prune()
