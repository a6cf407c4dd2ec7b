"""Tasks of browsers' reports, enqueued by beat."""

from celery import shared_task

from dashboard.csp_reports import reports


@shared_task
def prune_reports() -> None:
    reports.prune()
