"""Periodic tasks: write checkpoints of the audit trail, end old visits, send waiting mail."""

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
def publish_checkpoints() -> None:
    try:
        checkpoints.publish()
    except checkpoints.NoSigningKey as error:
        log.error("audit_checkpoints_not_published", reason=str(error))


@shared_task
def verify_audit_trail() -> None:
    """Verify every chain against every checkpoint, once a week because it reads all entries.

    The time of the last run is that of a file beside the checkpoints, since beat loses its state with its container.
    """
    last_run = checkpoints.folder() / "verified"
    if last_run.exists() and last_run.stat().st_mtime > time.time() - WEEK:
        return
    signed = checkpoints.load()
    with scope.for_system("verify the audit trail"):
        broken = list(verification.verify(published=signed))
    for row in broken:
        log.error("audit_chain_broken", chain=row.chain, entry=row.seq, reason=row.reason)
    for problem in signed.problems:
        log.error("audit_checkpoint_not_valid", problem=problem)
    last_run.parent.mkdir(parents=True, exist_ok=True)
    last_run.touch()


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
