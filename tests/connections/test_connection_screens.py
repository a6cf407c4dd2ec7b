"""Connections on screen: adding one by its key, looking closer, hooking up; the key shows nowhere."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dashboard.rate_limits.models import Priority, SentRequest
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Connection, ConnectionSecret


def test_a_connection_is_added_by_its_key_which_is_never_shown_again(admin_browser, sandbox):
    added = admin_browser.post("/connections/add/", {"name": "Kabelhuis", "api_key": " sandbox-agency "})
    with scope.for_system("look"):
        connection = Connection.objects.get()
    assert added.headers["Location"] == f"/connections/{connection.pk}/"
    with scope.for_system("look"):
        assert ConnectionSecret.objects.get().api_key == "sandbox-agency"
        assert AuditEntry.objects.get(action="connection.added")
    for path in ("/connections/", f"/connections/{connection.pk}/"):
        page = admin_browser.get(path).content.decode()
        assert "sandbox-agency" not in page and "Kabelhuis" in page


def test_a_refused_key_is_reported_beside_the_field_and_not_echoed(admin_browser, sandbox):
    answer = admin_browser.post("/connections/add/", {"name": "Typed name", "api_key": "wrong-key-canary"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "VoiceDock does not know this key" in page
    assert "Typed name" in page and "wrong-key-canary" not in page
    with scope.for_system("look"):
        assert not Connection.objects.exists()


def test_the_same_organization_is_not_connected_twice(admin_browser, agency):
    answer = admin_browser.post("/connections/add/", {"name": "Again", "api_key": "sandbox-agency"})
    assert answer.status_code == 422 and "is connected already" in answer.content.decode()


def test_one_connection_tells_what_is_known_spent_and_missing(admin_browser, agency):
    connection = agency.connection
    SyncState.objects.update_or_create(
        connection=connection,
        kind=Kind.ORGANIZATION,
        defaults={"cursor": {"children": [{"id": "child-1", "name": "Dentist North"}]}, "fresh_at": timezone.now()},
    )
    with scope.for_system("look"):
        SyncRun.objects.create(
            connection=connection,
            kind=Kind.CALLS,
            outcome="failed",
            error="VoiceDock is down.",
            finished_at=timezone.now(),
        )
    with scope.for_system("spend"):
        SentRequest.objects.bulk_create(
            [SentRequest(connection=connection, priority=Priority.CONTROL) for _ in range(7)]
        )
    page = admin_browser.get(f"/connections/{connection.pk}/").content.decode()
    assert "Dentist North" in page and "Not connected" in page and "VoiceDock is down." in page
    assert "<dt>Steering a call</dt><dd>7</dd>" in page
    assert admin_browser.get("/connections/999999/").status_code == 404


def test_looking_now_makes_everything_due(admin_browser, agency):
    later = timezone.now() + timedelta(hours=1)
    for kind in Kind:
        SyncState.objects.update_or_create(connection=agency.connection, kind=kind, defaults={"due_at": later})
    assert admin_browser.post(f"/connections/{agency.connection.pk}/sync/").status_code == 302
    assert not SyncState.objects.filter(due_at__gt=timezone.now()).exists()


def test_hooking_up_leaves_foreign_webhooks_alone_unless_asked(admin_browser, agency):
    with scope.for_system("one reports elsewhere"):
        assistant = Assistant.objects.filter(connection=agency.connection).first()
        Assistant.objects.filter(pk=assistant.pk).update(webhook_url="https://elsewhere.test/hook")
    path = f"/connections/{agency.connection.pk}/"
    assert admin_browser.post(f"{path}webhooks/").headers["Location"] == path
    page = admin_browser.get(path).content.decode()
    assert "1 report elsewhere and were left as they are." in page and "Replace their webhooks" in page
    admin_browser.post(f"{path}webhooks/", {"take_over": "yes"})
    with scope.for_system("look"):
        assert not Assistant.objects.filter(connection=agency.connection, webhook_url__contains="elsewhere").exists()


def test_a_key_is_replaced_only_by_one_of_the_same_organization(admin_browser, agency):
    path = f"/connections/{agency.connection.pk}/key/"
    other = admin_browser.post(path, {"api_key": "sandbox-bloom"})
    assert other.status_code == 422 and "This key belongs to Bloom Dental" in other.content.decode()
    assert "sandbox-bloom" not in other.content.decode()
    assert admin_browser.post(path, {"api_key": "sandbox-agency"}).status_code == 302


def test_support_looks_and_only_admins_change(sign_in, support, agency):
    browser, path = sign_in(support), f"/connections/{agency.connection.pk}/"
    page = browser.get(path).content.decode()
    assert "Sync now" not in page and "Replace the key" not in page
    assert "Add a connection" not in browser.get("/connections/").content.decode()
    for action in ("sync/", "webhooks/", "key/"):
        assert browser.post(path + action).status_code == 403
    assert browser.post("/connections/add/", {"api_key": "sandbox-bloom"}).status_code == 403
