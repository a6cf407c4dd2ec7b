"""Periodic tasks: publish the heads of the audit chains, end visits that last too long, send waiting mail."""

import time

import structlog
from celery import shared_task

from tenants import audit, heads, mail_queue, scope, sessions, visits

log = structlog.get_logger()
WEEK = 7 * 24 * 3600  # seconds


@shared_task
def publish_heads() -> None:
    try:
        heads.publish()
    except heads.NoKey as no:
        log.error("audit_heads_not_published", reason=str(no))


@shared_task
def verify_audit_trail() -> None:
    """Every chain from its first entry, against everything that was ever signed: weekly, since it reads all of it.

    A mark in the folder of the heads says when it was last done, since beat forgets that with its container.
    """
    mark = heads.folder() / "verified"
    if mark.exists() and mark.stat().st_mtime > time.time() - WEEK:
        return
    signed = heads.published()
    with scope.system("verify the audit trail"):
        broken = list(audit.verify(published=signed))
    for row in broken:
        log.error("audit_chain_broken", chain=row.chain, entry=row.seq, reason=row.reason)
    for trouble in signed.troubles:
        log.error("audit_heads_not_believed", trouble=trouble)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


@shared_task
def prune_sessions() -> None:
    sessions.prune()


@shared_task
def end_old_visits() -> None:
    visits.end_old()


@shared_task
def send_waiting_mail() -> None:
    mail_queue.send_due()


@shared_task
def remove_old_mail() -> None:
    mail_queue.remove_old()
