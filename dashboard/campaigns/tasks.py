"""Tasks of campaigns, enqueued by beat and after dedications change."""

from celery import shared_task

from dashboard.campaigns import alarm_pauses, rechecks
from dashboard.campaigns.drafts import expiry
from dashboard.campaigns.sending import due, run


@shared_task
def recheck() -> None:
    rechecks.run()


@shared_task
def pause_after_alarms() -> None:
    """In the queue of what people wait for, so that no sync run delays it."""
    alarm_pauses.run()


@shared_task
def send_drafts() -> None:
    for draft_id in due.due():
        send_draft.apply_async((draft_id,), expires=30)


@shared_task
def send_draft(draft_id: int) -> None:
    run.run(draft_id)


@shared_task
def remove_old_drafts() -> None:
    expiry.run()
