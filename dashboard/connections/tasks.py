"""Tasks of connections: requests whose answer was lost, organizations and secrets that are not finished."""

from celery import shared_task

from dashboard.connections import organizations, vendor_requests, webhook_secrets


@shared_task
def give_up_lost_requests() -> None:
    vendor_requests.give_up_lost()


@shared_task
def prune_vendor_requests() -> None:
    vendor_requests.prune()


@shared_task
def finish_connections() -> None:
    """What is begun and not done: organizations asked for, webhook secrets being changed."""
    organizations.go_on()
    webhook_secrets.go_on()
