"""The demo: made from nothing in one go, quick and unchanged the second time, refused outside of the sandbox."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls.models import Call
from dashboard.calls.updates import sync as calls
from dashboard.campaigns.models import Campaign
from dashboard.devserver import demo_logins
from dashboard.overview import demo_data
from dashboard.overview.management.commands import demo
from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import Clock
from tenants.isolation import scope
from tenants.models import AssistantDedication, AuditEntry, Connection, Membership, NumberDedication, Tenant, User
from tests.fixtures.backdating import backdating


@pytest.fixture
def demo_sandbox(db, settings, monkeypatch):
    monkeypatch.setattr(demo, "as_owner", backdating)  # another log-in would not see this test's transaction
    sandbox = app.make(seed=7, clock=Clock(), dataset="demo", deliver=lambda *webhook: None)
    settings.SANDBOX_URL = "http://sandbox"
    settings.VOICEDOCK_API_URL = "http://sandbox/api/v1"
    settings.VOICEDOCK_TRANSPORT = inprocess.Transport(sandbox)
    call_command("demo")
    return sandbox


def test_everyone_and_everything_is_there_and_the_past_belongs_to_whom_it_was(demo_sandbox):
    assert {email for email, _ in demo_logins.PEOPLE} == set(User.objects.values_list("email", flat=True))
    assert User.objects.get(email="owner@bloom.test").check_password(demo_logins.PASSWORD)
    with scope.for_system("look"):
        assert Tenant.objects.count() == 6 and Membership.objects.count() == 4
        assert Tenant.objects.filter(default_number=None).count() == 0
        assert set(Tenant.objects.values_list("country", flat=True)) == {"NL", "GB"}
        assert NumberDedication.objects.count() == 10 and AssistantDedication.objects.count() == 11
        assert Call.objects.live().exists() and not Call.objects.filter(tenant=None).exists()
        bloom = Connection.objects.get(name="Bloom Dental")
        assert Campaign.objects.count() == 11 and not Campaign.objects.filter(tenant=None).exists()
    calls.finished(bloom)
    with scope.for_system("look again"):
        past = Call.objects.filter(connection=bloom, finished=True)
        assert past.count() > 30 and set(past.values_list("tenant__slug", flat=True)) == {"bloom-dental"}


def test_a_second_time_is_quick_and_changes_nothing(demo_sandbox):
    with scope.for_system("look"):
        before = AuditEntry.objects.count()
    asked = len(demo_sandbox.log.since(0))
    with CaptureQueriesContext(connection) as queries:
        call_command("demo")
    with scope.for_system("look"):
        assert AuditEntry.objects.count() == before
        assert Tenant.objects.count() == 6
    assert len(demo_sandbox.log.since(0)) - asked < 20 and len(queries) < 600


def test_it_belongs_to_the_sandbox(db, settings):
    settings.SANDBOX_URL = ""
    with pytest.raises(CommandError, match="real VoiceDock"):
        call_command("demo")
    assert not User.objects.exists()


def test_each_client_has_a_colour_of_its_own():
    assert len({client.hue for client in demo_data.CLIENTS}) == len(demo_data.CLIENTS)
    assert demo_data.PASSWORD == demo_logins.PASSWORD
