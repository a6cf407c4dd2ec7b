"""The Celery application: five queues, nothing kept in the broker that the database does not know.

A message only starts a task early: what is due stands in the database, so a task may run twice, late or never and
nothing is lost.
"""

import os
from pathlib import Path
from typing import Any

import structlog
from celery import Celery
from celery.signals import (
    beat_init,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
    task_revoked,
    worker_init,
    worker_ready,
)
from django.conf import settings
from django.db import close_old_connections
from kombu import Queue

from dashboard import garbage_collection, heartbeat, logs, production
from dashboard.beat_schedule import SCHEDULE
from dashboard.expired_tasks import expired as expired_tasks
from tenants.isolation import unfinished

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("patchbay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # interactive: the database only, never a request, by a worker of its own: alarms depend on it.
    # requests: what a person waits for at VoiceDock, by a worker of its own too, so never behind a sync run.
    # sync: copies of what VoiceDock holds. bulk: the rest.
    # audit: signs the heads of the audit chains, by a worker that alone has the key and the folder for it.
    task_queues=[Queue("interactive"), Queue("requests"), Queue("sync"), Queue("bulk"), Queue("audit")],
    task_default_queue="sync",
    task_routes={  # a task may name another queue itself
        "dashboard.calls.tasks.sweep_calls": {"queue": "interactive"},
        "dashboard.calls.tasks.send_call": {"queue": "requests"},
        "dashboard.calls.tasks.place_planned_calls": {"queue": "interactive"},
        "dashboard.calls.tasks.place_planned_call": {"queue": "requests"},
        "dashboard.calls.tasks.end_calls": {"queue": "requests"},
        "dashboard.calls.tasks.end_call": {"queue": "requests"},
        "dashboard.calls.tasks.sweep_requests": {"queue": "requests"},
        "dashboard.campaigns.tasks.pause_after_alarms": {"queue": "requests"},
        "dashboard.campaigns.tasks.remove_forbidden": {"queue": "requests"},
        "dashboard.webhooks.tasks.*": {"queue": "interactive"},
        "tenants.tasks.publish_checkpoints": {"queue": "audit"},
        "tenants.tasks.verify_audit_trail": {"queue": "audit"},
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=60,
    task_time_limit=90,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 600},  # longer than any countdown and run together
    beat_schedule=SCHEDULE,
    beat_max_loop_interval=1,
    beat_scheduler="dashboard.heartbeat:Scheduler",
    timezone="UTC",
)
app.conf["CELERY_DB_REUSE_MAX"] = (
    100_000  # else Celery closes the database connection around every task: 229/s, not 708
)
app.autodiscover_tasks()


@task_prerun.connect
def renew_connections(task: Any = None, **_: Any) -> None:
    """With the connection kept over tasks, this notices that the server has dropped it.

    A task that its soft time limit stops while a transaction begins or ends may leave a connection that Django takes
    to be inside of one for good, and then no later task of this process could use it: such a one is thrown away.
    """
    if task is None or not task.request.is_eager:
        unfinished.discard()
    close_old_connections()


@task_prerun.connect
def name_task_in_logs(task_id: str = "", task: Any = None, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=getattr(task, "name", ""), task_id=task_id)


@task_postrun.connect
def forget_task_in_logs(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


@task_revoked.connect
def count_expired_task(sender: Any = None, expired: bool = False, **_: Any) -> None:
    if expired:
        expired_tasks.add(getattr(sender, "name", ""))


@setup_logging.connect
def log_as_django_does(**_: Any) -> None:
    """Celery's own handlers would pass by the filter that keeps secrets out of logs."""
    logs.configure(settings.LOGGING)


@worker_init.connect
@beat_init.connect
def refuse_without_what_it_needs(**_: Any) -> None:
    production.refuse(settings)


@worker_init.connect
def collect_less_garbage(**_: Any) -> None:
    """Before the processes of the pool are forked, which then share this memory."""
    garbage_collection.leave_out_present()


@heartbeat_sent.connect
def renew_alive_file(**_: Any) -> None:
    """The main process of a worker is well: it talks to the broker every two seconds."""
    heartbeat.renew()
    expired_tasks.tell()


@worker_ready.connect
@beat_init.connect
def write_ready_file(**_: Any) -> None:
    """The process that started this one waits for the file."""
    if path := os.environ.get("PATCHBAY_READY_FILE"):
        Path(path).touch()
