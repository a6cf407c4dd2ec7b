"""Changing keys and webhook secrets while everything goes on: no request of either is refused for it."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.connections import connect, tasks, webhook_secrets
from dashboard.rate_limits import limiter
from dashboard.voicedock import webhooks
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, ConnectionSecret

Priority = limiter.Priority


@pytest.fixture
def hooked(agency):
    connect.set_up_webhooks(agency.connection)
    return agency.connection


def secrets(connection) -> list[str]:
    with scope.for_system("look"):
        return ConnectionSecret.objects.get(connection=connection).webhook_secrets


def report(connection, secret: str, n: int) -> int:
    """The answer to an event signed with this secret."""
    message = {
        "type": "status-update",
        "call": {"id": f"call-{n}", "type": "web_call", "status": "in-progress"},
        "phone_number": {"id": None, "number": None},
        "customer": {"number": None},
    }
    raw, stamp = json.dumps({"message": message}).encode(), str(int(time.time()))
    headers = {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": "sha256=" + webhooks.sign(secret, stamp, raw)}
    path = f"/hooks/voicedock/{connection.webhook_token}/"
    return Client().post(path, raw, content_type="application/json", headers=headers).status_code


def known(sandbox, connection) -> set[str]:
    ours = [one for one in sandbox.state.assistants.values() if one.org_id == connection.organization_id]
    return {one.settings["webhook_secret"] for one in ours}


def test_both_secrets_are_accepted_while_the_assistants_are_updated(hooked, sandbox, admin, monkeypatch):
    (old,) = secrets(hooked)
    with monkeypatch.context() as patch:
        patch.setitem(limiter.shares.CEILING, Priority.REST, 22)  # of which 15 are spent
        setup = webhook_secrets.rotate(hooked, by=admin)
    new, before = secrets(hooked)
    assert before == old and setup.left and known(sandbox, hooked) == {old, new}
    assert [report(hooked, secret, n) for n, secret in enumerate((old, new, old, new))] == [200] * 4
    assert report(hooked, "another", 9) == 401
    tasks.finish_connections()
    assert known(sandbox, hooked) == {new}
    assert report(hooked, old, 10) == 200, "a call that began before is signed with it until it ends"
    with scope.for_system("look"):
        assert webhook_secrets.overlap_until(hooked) > timezone.now() + timedelta(hours=23)


def test_the_old_one_is_retired_a_day_later_by_itself_or_at_once_by_hand(hooked, admin):
    (old,) = secrets(hooked)
    webhook_secrets.rotate(hooked, by=admin)
    tasks.finish_connections()
    assert len(secrets(hooked)) == 2
    with scope.for_system("a day passes"):
        long_ago = timezone.now() - timedelta(hours=25)
        ConnectionSecret.objects.update(rotated_at=long_ago)
        Assistant.objects.update(hooked_at=long_ago + timedelta(minutes=1))
    tasks.finish_connections()
    (new,) = secrets(hooked)
    assert new != old and report(hooked, old, 1) == 401 and report(hooked, new, 2) == 200
    webhook_secrets.rotate(hooked, by=admin)
    assert webhook_secrets.retire(hooked, by=admin) and not webhook_secrets.retire(hooked, by=admin)
    assert len(secrets(hooked)) == 1


def test_a_second_change_waits_for_the_first(hooked, admin):
    webhook_secrets.rotate(hooked, by=admin)
    with pytest.raises(webhook_secrets.ChangeRefused, match="still under way"):
        webhook_secrets.rotate(hooked, by=admin)


def test_there_is_nothing_to_change_before_the_first_secret(agency, admin):
    with pytest.raises(webhook_secrets.ChangeRefused, match="no secret yet"):
        webhook_secrets.rotate(agency.connection, by=admin)


def test_the_key_changes_under_requests_that_go_on(agency, sandbox, admin):
    """VoiceDock takes the old and the new one until the old is withdrawn there; nothing fails on the way."""
    before = next(one for one in sandbox.state.keys.values() if one.org_id == agency.connection.organization_id)
    after = type(before)("fl_live_the_next_one", before.org_id)
    sandbox.state.keys[after.key] = after
    with limiter.client_for(agency.connection, Priority.REST) as under_way:
        assert under_way.numbers()
        connect.replace_key(agency.connection, after.key, by=admin)
        with limiter.client_for(agency.connection, Priority.REST) as begun_since:
            assert begun_since.numbers()
        assert under_way.numbers(), "begun with the old key, which is still good"
    del sandbox.state.keys[before.key]
    with limiter.client_for(agency.connection, Priority.REST) as vendor:
        assert vendor.numbers()
    statuses = {entry["status"] for entry in sandbox.log.since()}
    assert statuses == {200}


def test_the_page_tells_how_far_a_change_is(hooked, sign_in, admin):
    browser, path = sign_in(admin), f"/connections/{hooked.pk}/"
    assert "Change the secret" in browser.get(path).content.decode()
    assert browser.post(f"{path}secret/").headers["Location"] == path
    page = browser.get(path).content.decode()
    assert "every assistant knows it" in page and "Refuse the old secret now" in page
    assert all(secret not in page for secret in secrets(hooked))
    assert browser.post(f"{path}secret/").status_code == 302
    assert "still under way" in browser.get(path).content.decode()
    assert browser.post(f"{path}secret/retire/").status_code == 302
    assert "Change the secret" in browser.get(path).content.decode()
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="connection.secret").order_by("seq")
        assert list(entries.values_list("action", flat=True)) == [
            "connection.secret-changed",
            "connection.secret-retired",
        ]
