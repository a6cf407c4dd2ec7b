"""Bells of this room."""

from celery import shared_task

from dashboard.webhooks import deliveries


@shared_task
def apply_waiting() -> None:
    deliveries.apply_waiting()


@shared_task
def forget() -> None:
    deliveries.forget()
