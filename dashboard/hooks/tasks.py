"""Bells of this room."""

from celery import shared_task

from dashboard.hooks import inbox


@shared_task
def apply_waiting() -> None:
    inbox.apply_waiting()


@shared_task
def forget() -> None:
    inbox.forget()
