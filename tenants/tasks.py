"""Periodic tasks: publish the heads of the audit chains, end visits that last too long, send waiting mail."""

import structlog
from celery import shared_task

from tenants import heads, mail_queue, visits

log = structlog.get_logger()


@shared_task
def publish_heads() -> None:
    try:
        heads.publish()
    except heads.NoKey as no:
        log.error("audit_heads_not_published", reason=str(no))


@shared_task
def end_old_visits() -> None:
    visits.end_old()


@shared_task
def send_waiting_mail() -> None:
    mail_queue.send_due()


@shared_task
def remove_old_mail() -> None:
    mail_queue.remove_old()
