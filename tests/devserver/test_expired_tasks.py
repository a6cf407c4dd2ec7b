"""Tasks that no worker took in time are counted, and logged in a line a minute, whatever their number."""

import logging
from types import SimpleNamespace

import pytest
from celery.signals import task_revoked
from django.conf import settings

from dashboard import celery, expired_tasks, logs


@pytest.fixture
def counted(monkeypatch):
    counter = expired_tasks.ExpiredTasks()
    monkeypatch.setattr(celery, "expired_tasks", counter)
    return counter


@pytest.fixture
def logged(monkeypatch):
    lines = []
    log = SimpleNamespace(warning=lambda event, **facts: lines.append((event, facts)))
    monkeypatch.setattr(expired_tasks, "log", log)
    return lines


class Sender:
    """What a worker names as the sender of the signal: the task."""

    def __init__(self, name):
        self.name = name


def expire(name, *, expired=True):
    """What a worker says of a message that waited too long, or that somebody revoked."""
    task_revoked.send(sender=Sender(name), request=None, terminated=False, signum=None, expired=expired)


def test_expired_tasks_are_counted_by_name_and_logged_once_a_minute(counted, logged, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(expired_tasks, "time", SimpleNamespace(monotonic=lambda: now[0]))
    sweep, prune = "dashboard.calls.tasks.sweep_calls", "dashboard.sync.tasks.prune"
    for name in (sweep, sweep, prune, sweep):
        expire(name)
    expire(prune, expired=False)
    assert logged == [("tasks_expired", {"total": 1, "by_task": {sweep: 1}})]
    now[0] += expired_tasks.PAUSE + 1
    celery.renew_alive_file()  # with each sign of life of the worker, so that the last ones are logged too
    assert logged[1:] == [("tasks_expired", {"total": 3, "by_task": {sweep: 2, prune: 1}})]
    now[0] += expired_tasks.PAUSE + 1
    celery.renew_alive_file()
    assert len(logged) == 2


def test_beat_and_workers_write_no_line_for_a_task_that_went_well():
    loggers = [logging.getLogger(name) for name in logs.QUIET]
    before = [logger.level for logger in loggers]
    try:
        logs.configure(settings.LOGGING)
        for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace", "celery.worker.request"):
            logger = logging.getLogger(name)
            assert not logger.isEnabledFor(logging.INFO) and logger.isEnabledFor(logging.WARNING), name
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
