"""Health, readiness, robots and help."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tenants.access.permissions import Role


def test_health_needs_no_sign_in_and_tells_no_secret(client, db, settings):
    assert client.get("/healthz").content == b"ok\n"
    ready = client.get("/readyz")
    parts = {"database": "ok", "migrations": "ok", "broker": "in memory", "cache": "in memory"}
    assert ready.status_code == 200 and ready.json() == parts
    assert settings.DATABASES["default"]["PASSWORD"] not in ready.content.decode()
    assert b"Disallow: /" in client.get("/robots.txt").content


def test_not_ready_while_the_tables_are_of_another_version(client, db, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["something"])
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["migrations"] == "behind"


def test_a_silent_broker_is_reported_and_does_not_stop_pages(client, db, settings, monkeypatch):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("dashboard.web.readiness.celery.connection_for_write", _refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["broker"] == "silent"


def test_an_unknown_host_is_a_bad_request_on_every_page(client, db):
    for page in ("/", "/accounts/login/", "/calls/", "/nothing/"):
        answer = client.get(page, headers={"host": "evil.test"})
        assert answer.status_code == 400 and "Nothing was done" in answer.content.decode()


def _refuse(**_):
    raise OSError("nobody there")


def test_help_is_for_everyone_who_is_signed_in(client, sign_in, support, auditor, bloom, make_member):
    assert client.get("/help/").status_code == 302
    for user in (support, auditor, make_member(bloom, Role.VIEWER)):
        page = sign_in(user).get("/help/").content.decode()
        assert "Keyboard shortcuts" in page and "Needs a person" in page
        assert 'class="app"' in page and str(user) in page.partition("<main")[0]


def test_security_txt_names_whom_to_tell(client, settings):
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = "mailto:security@reseller.test", "https://calls.reseller.test"
    answer = client.get("/.well-known/security.txt")
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert lines["Contact"] == "mailto:security@reseller.test"
    assert lines["Canonical"] == "https://calls.reseller.test/.well-known/security.txt"
    expires = datetime.fromisoformat(lines["Expires"])
    assert timedelta(days=30) < expires - timezone.now() < timedelta(days=365)
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404
