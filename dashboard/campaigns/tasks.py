"""Tasks of campaigns, enqueued by beat and after dedications change."""

from celery import shared_task

from dashboard.campaigns import (
    alarm_pauses,
    draft_rules,
    failure_pauses,
    forbidden_people,
    people_counting,
    rechecks,
    schedule_runs,
    snapshots,
)
from dashboard.campaigns.drafts import expiry
from dashboard.campaigns.lead_files import waiting
from dashboard.campaigns.reports import links
from dashboard.campaigns.sending import due, run


@shared_task
def recheck() -> None:
    rechecks.run()


@shared_task
def pause_after_alarms() -> None:
    """In the queue of what people wait for, so that no sync run delays it."""
    alarm_pauses.run()


@shared_task
def pause_after_failures() -> None:
    failure_pauses.run()


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


@shared_task
def prune_history() -> None:
    """Old snapshots, and links to reports that expired long ago."""
    snapshots.prune()
    links.prune()


@shared_task(soft_time_limit=540, time_limit=570)
def read_files() -> None:
    """The people of drafts from files that take longer to read than a request may."""
    waiting.read_next()


@shared_task
def count_people() -> None:
    people_counting.run()


@shared_task
def follow_days() -> None:
    schedule_runs.run()


@shared_task
def remove_forbidden() -> None:
    """In the queue of what people wait for: somebody asked not to be called."""
    forbidden_people.run()


@shared_task(soft_time_limit=540, time_limit=570)
def check_draft(draft_id: int) -> None:
    draft_rules.check_draft(draft_id)
