"""Tasks of connections, enqueued by beat."""

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
    """Continue unfinished organization requests and rotations of webhook secrets."""
    organizations.resume()
    webhook_secrets.resume()
