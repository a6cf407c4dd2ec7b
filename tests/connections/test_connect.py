"""Connecting an organization, and having its assistants report to us."""

import pytest
from django.conf import settings

from dashboard.connections import connect
from dashboard.inventory import sync
from dashboard.rate_limits import limiter
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Connection, ConnectionSecret


def test_a_key_is_tried_before_it_is_kept(db, sandbox, admin):
    connection = connect.add("", " sandbox-agency ", by=admin)
    assert (connection.name, connection.organization_name) == ("Kabelhuis", "Kabelhuis")
    with scope.for_system("look"):
        secret = ConnectionSecret.objects.get(connection=connection)
        entry = AuditEntry.objects.get(action="connection.added")
    assert secret.api_key == "sandbox-agency"
    assert "sandbox-agency" not in secret.sealed_api_key + entry.body


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "Paste the API key."), ("wrong", "VoiceDock does not know this key, or has withdrawn it.")],
)
def test_a_key_that_opens_nothing_is_refused(db, sandbox, admin, key, words):
    with pytest.raises(connect.ChangeRefused) as error:
        connect.add("Kabelhuis", key, by=admin)
    assert error.value.message == words
    with scope.for_system("look"):
        assert not Connection.objects.exists()


def test_an_organization_is_connected_once(agency, admin):
    with pytest.raises(connect.ChangeRefused, match="Kabelhuis is connected already"):
        connect.add("Again", "sandbox-agency", by=admin)


def test_children_find_their_parent_in_either_order(db, sandbox):
    child = connect.add("Bloom", "sandbox-bloom", by=None)
    parent = connect.add("Kabelhuis", "sandbox-agency", by=None)
    with scope.for_system("look"):
        child.refresh_from_db()
    assert child.parent_id == parent.pk


def test_a_key_is_replaced_by_one_of_the_same_organization_only(agency, sandbox, admin):
    with pytest.raises(connect.ChangeRefused, match="This key belongs to Bloom Dental, not to Kabelhuis"):
        connect.replace_key(agency.connection, "sandbox-bloom", by=admin)
    connect.replace_key(agency.connection, "sandbox-agency", by=admin)
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="connection.key-replaced").count() == 1


def test_assistants_report_to_us_signed_and_a_foreign_webhook_stays(agency, sandbox, admin):
    ours = [one for one in sandbox.state.assistants.values() if one.org_id == agency.connection.organization_id]
    ours[0].settings["webhook_url"] = "https://elsewhere.test/hook"
    sync.inventory(agency.connection)
    assert connect.set_up_webhooks(agency.connection, by=admin) == connect.WebhookSetup(len(ours) - 1, 1, 0)
    address = f"{settings.PUBLIC_URL}/hooks/voicedock/{agency.connection.webhook_token}/"
    with scope.for_system("look"):
        (secret,) = ConnectionSecret.objects.get(connection=agency.connection).webhook_secrets
        assert Assistant.objects.filter(webhook_url=address).count() == len(ours) - 1
    assert {one.settings["webhook_secret"] for one in ours[1:]} == {secret}
    assert ours[1].settings["webhook_events"] == ["status-update", "end-of-call-report"]
    assert ours[0].settings["webhook_url"] == "https://elsewhere.test/hook"
    assert connect.set_up_webhooks(agency.connection, by=admin, take_over=True) == connect.WebhookSetup(len(ours), 0, 0)


def test_what_the_minute_leaves_over_is_done_the_next_time(agency, new_requests, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(limiter.shares.CEILING, limiter.Priority.REST, 6)  # two went to the inventory
        first = connect.set_up_webhooks(agency.connection)
    assert (first.ours, first.left) == (4, 9)
    new_requests()
    assert connect.set_up_webhooks(agency.connection).left == 0
    assert len(new_requests()) == 9
