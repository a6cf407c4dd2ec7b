"""Tasks of notifications, enqueued by beat."""

from celery import shared_task

from dashboard.notifications import mails


@shared_task
def mail_notifications() -> None:
    mails.send_due()


@shared_task
def prune_notifications() -> None:
    mails.prune()
