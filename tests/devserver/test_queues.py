"""Celery, set as measured: what each of these prevents was seen to happen."""

import logging

from django.conf import settings

from dashboard import celery
from dashboard.devserver import services
from dashboard.devserver.paths import Places
from tenants.log_redaction import RedactSecretsFilter


def test_nothing_is_lost_with_a_worker_and_nothing_is_hoarded_by_one():
    conf = celery.app.conf
    assert conf.task_acks_late and conf.task_reject_on_worker_lost and conf.worker_prefetch_multiplier == 1
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit > conf.task_soft_time_limit
    assert conf.task_ignore_result and conf.result_backend is None


def test_the_database_connection_is_kept_over_tasks():
    assert celery.app.conf["CELERY_DB_REUSE_MAX"] >= 100_000
    assert "pool" not in settings.DATABASES["default"].get("OPTIONS", {}), "workers run without the pool"


def test_every_periodic_task_goes_to_a_queue_that_has_a_worker():
    queues = {queue.name for queue in celery.app.conf.task_queues}
    assert queues == {"interactive", "requests", "sync", "bulk", "audit"}
    for name, entry in celery.app.conf.beat_schedule.items():
        assert entry["task"] in celery.app.tasks or _found(entry["task"]), f"{name} rings for nobody"
        assert entry.get("options", {}).get("queue", celery.app.conf.task_default_queue) in queues


def test_what_people_wait_for_shares_no_worker_with_sync_runs(tmp_path):
    started = services.workers(Places(tmp_path), {}, {})
    served = [child.command[child.command.index("-Q") + 1].split(",") for child in started]
    assert ["interactive"] in served and ["requests"] in served
    assert sorted(queue for queues in served for queue in queues) == sorted(
        queue.name for queue in celery.app.conf.task_queues
    )


def test_ends_asked_for_together_are_handed_over_where_their_commands_are_sent():
    assert celery.app.conf.beat_schedule["end calls"]["options"]["queue"] == "requests"
    for task in ("end_calls", "end_call"):
        assert celery.app.conf.task_routes[f"dashboard.calls.tasks.{task}"] == {"queue": "requests"}


def _found(task: str) -> bool:
    celery.app.loader.import_default_modules()
    return task in celery.app.tasks


def test_logs_of_workers_pass_the_filter_that_keeps_secrets_out():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        celery.log_as_django_does()
        kept = [handler for handler in root.handlers if handler not in before[0]]
        assert kept and all(any(isinstance(it, RedactSecretsFilter) for it in handler.filters) for handler in kept)
    finally:
        root.handlers[:], root.level = before
