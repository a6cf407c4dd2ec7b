"""Bells of this room: beat rings `sweep` every two seconds, which rings `send_call` for calls left queued."""

from uuid import UUID

from celery import shared_task

from dashboard.calls import alarms, sending, sweep


@shared_task(name="dashboard.calls.tasks.sweep")
def sweep_calls() -> None:
    for call_id in sweep.run():
        send_call.apply_async((str(call_id),), expires=30)


@shared_task
def send_call(call_id: str) -> None:
    sending.send(UUID(call_id))


@shared_task
def mail_alarms() -> None:
    alarms.mail()
