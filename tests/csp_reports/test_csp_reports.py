"""Reports about the content security policy: taken from anybody, bounded, without secrets, and shown to staff."""

from __future__ import annotations

import json

import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client

from dashboard.csp_reports import reports, tasks
from dashboard.csp_reports.models import BrowserReport
from tenants.isolation import scope

TOKEN = "a-secret-of-an-invitation-000000000000000000"


@pytest.fixture(autouse=True)
def _nothing_remembered(db):
    cache.clear()


def report(**more: object) -> dict:
    payload = {"effective-directive": "script-src", "blocked-uri": "https://evil.test/x.js?key=hunter2"}
    return {"csp-report": payload | {"document-uri": f"http://testserver/invitation/{TOKEN}/"} | more}


def send(body: object, content_type: str = "application/csp-report", address: str = "127.0.0.1") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    browser = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)
    return browser.post("/csp-report/", raw, content_type=content_type).status_code


def kept() -> list[tuple[str, str, str, int]]:
    with scope.for_system("look"):
        return list(BrowserReport.objects.order_by("pk").values_list("directive", "blocked", "page", "count"))


def test_a_violation_is_counted_without_the_secrets_of_its_addresses():
    assert [send(report()) for _ in range(3)] == [204] * 3
    assert kept() == [("script-src", "https://evil.test", "invitation/<str:token>/", 3)]


def test_both_formats_of_browsers_are_read():
    body = {"effectiveDirective": "style-src-elem", "blockedURL": "inline", "documentURL": "http://testserver/clients/"}
    send([{"type": "csp-violation", "body": body}], "application/reports+json")
    assert kept() == [("style-src-elem", "inline", "clients/", 1)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 10_000,
        b"[1, null, {}]",
        b'{"csp-report": 7}',
        b'{"csp-report": {"effective-directive": ["x"]}}',
        b'{"csp-report": {"effective-directive": "x", "document-uri": "http://[", "blocked-uri": "http://["}}',
        b'{"csp-report": {"effective-directive": "a\\u0000b", "blocked-uri": "\\u202ex"}}',
        b"x" * 20_000,
    ],
)
def test_whatever_is_sent_is_answered_alike(body):
    assert send(body) == 204
    assert len(kept()) <= 1


def test_kinds_and_reports_are_bounded(monkeypatch):
    monkeypatch.setattr(reports, "MAX_KINDS", 3)
    for number in range(6):
        send(report(**{"effective-directive": f"rule-{number}"}))
    assert len(kept()) == 3
    send([{"body": {"effectiveDirective": "rule-0", "blockedURL": "inline"}}] * 100)
    for _ in range(40):
        send(report(**{"effective-directive": "rule-1"}))
    counts = {(directive, blocked): count for directive, blocked, _, count in kept()}
    assert counts["rule-0", "inline"] == reports.MAX_PER_REQUEST, "of a hundred in one request"
    assert counts["rule-1", "https://evil.test"] < 30, "thirty a minute from one address"
    assert len(counts) == 3


def test_one_network_adds_few_kinds_an_hour_and_its_known_ones_still_count():
    kinds = [{"body": {"effectiveDirective": f"rule-{number}", "blockedURL": "inline"}} for number in range(20)]
    send(kinds, address="2001:db8:0:7::1")
    send(kinds[::-1], address="2001:db8:0:7:8::2")
    assert len(kept()) == 10
    assert sum(count for *_, count in kept()) == 20
    send(kinds, address="2001:db8:0:8::1")
    assert len(kept()) == 20


def test_a_new_kind_takes_the_place_of_the_one_not_seen_for_longest(monkeypatch):
    monkeypatch.setattr(reports, "MAX_KINDS", 3)
    for number in (0, 1, 2, 0, 3):
        send(report(**{"effective-directive": f"rule-{number}"}))
    assert {directive for directive, *_ in kept()} == {"rule-0", "rule-2", "rule-3"}


def test_staff_admins_see_them(admin, support, sign_in):
    send(report(**{"blocked-uri": "https://<b>evil</b>.test/"}))
    page = sign_in(admin).get("/staff/browser-reports/").content.decode()
    assert "script-src" in page and "invitation/&lt;str:token&gt;/" in page and "<b>evil" not in page
    assert sign_in(support).get("/staff/browser-reports/").status_code == 403
    assert 'href="/staff/browser-reports/"' in sign_in(admin).get("/staff/").content.decode()


def test_old_ones_are_not_shown_and_deleted_by_the_periodic_task_alone(admin, sign_in):
    send(report())
    with scope.for_system("make it old"):
        BrowserReport.objects.update(last_at=Now() - reports.RETENTION)
    assert "evil.test" not in sign_in(admin).get("/staff/browser-reports/").content.decode()
    assert len(kept()) == 1
    tasks.prune_reports()
    assert kept() == []


def test_every_page_tells_browsers_where_to_report(client):
    assert "report-uri /csp-report/" in client.get("/accounts/login/")["Content-Security-Policy"]
