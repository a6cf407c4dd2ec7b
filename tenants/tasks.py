"""Bells of this house: beat rings for the heads of the audit chains, and for visits that last too long."""

import structlog
from celery import shared_task

from tenants import heads, visits

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
