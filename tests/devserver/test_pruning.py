"""What grows with time is dropped by stated rules, and what runs often does not read everything ever written."""

import base64
import os
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from dashboard import beat_schedule
from dashboard.connections import tasks as connections_tasks
from dashboard.connections.models import VendorRequest
from dashboard.devserver.paths import ROOT
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import SentRequest
from dashboard.sync import tasks as sync_tasks
from dashboard.voicedock.exchange import version
from tenants import audit
from tenants import tasks as tenants_tasks
from tenants.audit import checkpoints, verification
from tenants.isolation import scope

LONG_AGO = timezone.now() - timedelta(days=400)
RULES = {  # docs/running.md states each: what is dropped, and by which task
    "sessions": "tenants.tasks.prune_sessions",
    "changes": "dashboard.sync.tasks.prune",
    "spends": "dashboard.sync.tasks.prune",
    "sync runs": "dashboard.sync.tasks.prune",
    "unreadable items": "dashboard.sync.tasks.prune",
    "vendor requests": "dashboard.connections.tasks.prune_vendor_requests",
    "webhooks": "dashboard.webhooks.tasks.prune_deliveries",
}


def test_each_rule_is_run_by_beat_and_stated():
    started = {entry["task"] for entry in beat_schedule.SCHEDULE.values()}
    assert set(RULES.values()) <= started
    stated = (ROOT / "docs" / "running.md").read_text().partition("## What is dropped")[2]
    assert all(f"| {name}" in stated for name in RULES)


def test_sessions_that_have_ended_go_and_others_stay(admin, sign_in):
    here = sign_in(admin)
    here.get("/")
    mine = here.session.session_key
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    UserSession.objects.create(user=admin, ip="192.0.2.1", session_key="old", user_agent="x")
    tenants_tasks.prune_sessions()
    assert list(Session.objects.values_list("session_key", flat=True)) == [mine]
    assert not UserSession.objects.filter(session_key="old").exists()
    assert UserSession.objects.filter(session_key=mine).count() == UserSession.objects.count()


def test_what_is_settled_and_old_goes(bloom):
    with scope.for_system("long ago"):
        SentRequest.objects.create(connection=bloom.connection, priority="rest", at=LONG_AGO)
        kept = SentRequest.objects.create(connection=bloom.connection, priority="rest", at=limiter.clock())
        for outcome in ("accepted", "waiting"):
            made = VendorRequest.objects.create(
                connection=bloom.connection, tenant=bloom.tenant, subject="campaign:1", outcome=outcome
            )
            VendorRequest.objects.filter(pk=made.pk).update(asked_at=LONG_AGO)
    sync_tasks.prune()
    connections_tasks.prune_vendor_requests()
    with scope.for_system("look"):
        assert list(SentRequest.objects.all()) == [kept]
        assert [one.outcome for one in VendorRequest.objects.all()] == ["waiting"], "nobody knows of it yet"


@pytest.fixture
def folder(tmp_path, settings) -> Path:
    settings.AUDIT_HEADS = str(tmp_path)
    settings.AUDIT_KEY = base64.b64encode(bytes(32)).decode()
    return tmp_path


def test_a_publication_reads_the_newest_file_alone(bloom, folder, monkeypatch, time_machine):
    """Else each would take longer than the one before it, for ever."""
    tomorrow = timezone.now() + timedelta(days=1)  # after the first entries of this client
    time_machine.move_to(tomorrow.replace(hour=10))
    read = []
    real = checkpoints._read
    monkeypatch.setattr(checkpoints, "_read", lambda *args: read.append(args) or real(*args))
    for day in range(12):
        for _ in range(3):
            with scope.for_tenant(bloom.tenant):
                audit.record(None, bloom.tenant, "tenant.settings-changed", bloom.tenant)
            read.clear()
            assert checkpoints.publish()
            assert len(read) <= 3, day
        time_machine.shift(timedelta(days=1))
    assert len(list(folder.glob("*.jsonl"))) == 12
    whole = checkpoints.load()
    assert whole.lines == 36 and whole.problems == []
    with scope.for_system("verify"):
        assert list(verification.verify(published=whole)) == []


def test_the_whole_trail_is_verified_weekly_and_what_is_broken_is_an_error(bloom, folder, monkeypatch, caplog):
    assert beat_schedule.SCHEDULE["verify the audit trail"]["task"] == "tenants.tasks.verify_audit_trail"
    tenants_tasks.verify_audit_trail()
    assert "audit_chain_broken" not in caplog.text
    monkeypatch.setattr(verification, "verify", lambda published: [verification.Broken("tenant-1", 7, "changed")])
    tenants_tasks.verify_audit_trail()
    assert "audit_chain_broken" not in caplog.text, "it was done this week"
    week_ago = (folder / "verified").stat().st_mtime - tenants_tasks.WEEK - 1
    os.utime(folder / "verified", (week_ago, week_ago))
    tenants_tasks.verify_audit_trail()
    assert "audit_chain_broken" in caplog.text


def test_the_image_holds_what_tells_its_version():
    assert version() not in ("", "0")
    copied = [
        line.split()[1:-1] for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines() if "COPY" in line
    ]
    assert ["manage.py", "pyproject.toml"] in copied
