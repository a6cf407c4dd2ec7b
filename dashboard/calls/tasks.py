"""Celery tasks of calls: the sweep every two seconds, requests to VoiceDock, and mails about alarms."""

from uuid import UUID

from celery import shared_task

from dashboard.calls import sweep
from dashboard.calls.caller_id import alarms
from dashboard.calls.control import bulk_end, steering
from dashboard.calls.placing import sending
from dashboard.calls.planned import due, run


@shared_task
def sweep_calls() -> None:
    for call_id in sweep.run():
        send_call.apply_async((str(call_id),), expires=30)


@shared_task
def end_calls() -> None:
    """In the queue of the worker that sends the commands, so that ending needs no other one."""
    for call_id in bulk_end.due():
        end_call.apply_async((str(call_id),), expires=30)
    sweep.ends_not_confirmed()  # the sweep does this too; this is for when no worker serves its queue


@shared_task
def sweep_requests() -> None:
    sweep.reconcile()


@shared_task
def send_call(call_id: str) -> None:
    sending.send(UUID(call_id))


@shared_task
def place_planned_calls() -> None:
    for planned_id in due.due():
        place_planned_call.apply_async((str(planned_id),), expires=30)


@shared_task
def place_planned_call(planned_id: str) -> None:
    run.run(UUID(planned_id))


@shared_task
def end_call(call_id: str) -> None:
    bulk_end.send(UUID(call_id))


@shared_task
def mail_alarms() -> None:
    alarms.mail()


@shared_task
def prune_steering_leases() -> None:
    steering.prune()
