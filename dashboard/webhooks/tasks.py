"""Tasks of webhooks, enqueued by beat."""

from celery import shared_task

from dashboard.webhooks import batches, deliveries


@shared_task
def apply_waiting() -> None:
    batches.apply_waiting()


@shared_task
def prune_deliveries() -> None:
    deliveries.prune()
