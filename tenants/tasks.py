"""Periodic tasks: publish the heads of the audit chains, end visits that last too long, send waiting mail."""

import time

import structlog
from celery import shared_task

from tenants.access import support_access
from tenants.accounts import sessions
from tenants.audit import checkpoints, verification
from tenants.isolation import scope
from tenants.mail import queue

log = structlog.get_logger()
WEEK = 7 * 24 * 3600  # seconds


@shared_task
def publish_heads() -> None:
    try:
        checkpoints.publish()
    except checkpoints.NoKey as no:
        log.error("audit_heads_not_published", reason=str(no))


@shared_task
def verify_audit_trail() -> None:
    """Every chain from its first entry, against everything that was ever signed: weekly, since it reads all of it.

    A mark in the folder of the heads says when it was last done, since beat forgets that with its container.
    """
    mark = checkpoints.folder() / "verified"
    if mark.exists() and mark.stat().st_mtime > time.time() - WEEK:
        return
    signed = checkpoints.published()
    with scope.for_system("verify the audit trail"):
        broken = list(verification.verify(published=signed))
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
    support_access.end_old()


@shared_task
def send_waiting_mail() -> None:
    queue.send_due()


@shared_task
def remove_old_mail() -> None:
    queue.remove_old()
