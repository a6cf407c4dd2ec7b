"""Health checks of workers and beat: a file that is renewed while they are well."""

import os
import time

from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent

from dashboard import heartbeat
from dashboard.celery import app
from dashboard.web import healthchecks


def test_a_worker_renews_it_with_each_heartbeat(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHBAY_ALIVE_FILE", str(tmp_path / "alive"))
    heartbeat_sent.send(sender=None)
    assert healthchecks.alive(str(tmp_path / "alive"))


def test_beat_renews_it_with_each_round(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHBAY_ALIVE_FILE", str(tmp_path / "alive"))
    monkeypatch.setattr(PersistentScheduler, "tick", lambda self: 1.0)
    assert heartbeat.Scheduler.tick(object.__new__(heartbeat.Scheduler)) == 1.0
    assert healthchecks.alive(str(tmp_path / "alive"))
    assert app.conf.beat_scheduler == "dashboard.heartbeat:Scheduler"


def test_an_old_one_and_none_are_no_sign_of_life(tmp_path):
    path = tmp_path / "alive"
    assert not healthchecks.alive(str(path)) and not healthchecks.alive("")
    path.touch()
    os.utime(path, (time.time() - 61, time.time() - 61))
    assert not healthchecks.alive(str(path))


def test_nothing_is_written_without_a_path(monkeypatch, tmp_path):
    monkeypatch.delenv("PATCHBAY_ALIVE_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    heartbeat.renew()
    assert list(tmp_path.iterdir()) == []
