"""The demo: made from nothing in one go, quick and unchanged the second time, refused outside of the sandbox."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls.models import Call, CallPreset
from dashboard.calls.updates import sync as calls
from dashboard.campaigns.models import Campaign
from dashboard.clients import readiness
from dashboard.devserver import demo_logins
from dashboard.overview import demo_data
from dashboard.overview.management.commands import demo
from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tenants import audit
from tenants.audit import verification
from tenants.isolation import scope
from tenants.models import AssistantDedication, AuditEntry, Connection, Membership, NumberDedication, Tenant, User
from tests.fixtures.backdating import backdating


@pytest.fixture
def demo_sandbox(db, settings, monkeypatch):
    monkeypatch.setattr(demo, "as_owner", backdating)  # another log-in would not see this test's transaction
    sandbox = app.make(seed=7, clock=ManualClock(time.time()), dataset="demo", deliver=lambda *webhook: None)
    settings.SANDBOX_URL = "http://sandbox"
    settings.VOICEDOCK_API_URL = "http://sandbox/api/v1"
    settings.VOICEDOCK_TRANSPORT = inprocess.Transport(sandbox)
    call_command("demo")
    return sandbox


def test_everyone_and_everything_is_there_and_the_past_belongs_to_whom_it_was(demo_sandbox):
    assert {email for email, _ in demo_logins.PEOPLE} == set(User.objects.values_list("email", flat=True))
    assert User.objects.get(email="owner@bloom.test").check_password(demo_logins.PASSWORD)
    with scope.for_system("look"):
        assert Tenant.objects.count() == 7 and Membership.objects.count() == 8
        assert Tenant.objects.get(default_number=None).slug == "fysio-zuid"
        assert set(Tenant.objects.values_list("country", flat=True)) == {"NL", "GB"}
        assert NumberDedication.objects.count() == 10 and AssistantDedication.objects.count() == 11
        assert Call.objects.live().exists() and not Call.objects.filter(tenant=None).exists()
        bloom = Connection.objects.get(name="Bloom Dental")
        assert Campaign.objects.count() == 11 and not Campaign.objects.filter(tenant=None).exists()
    calls.finished(bloom)
    with scope.for_system("look again"):
        past = Call.objects.filter(connection=bloom, finished=True)
        assert past.count() > 30 and set(past.values_list("tenant__slug", flat=True)) == {"bloom-dental"}


def test_nothing_is_dated_before_its_audit_entry(demo_sandbox):
    """Whoever reads who held a number finds the entry that gave it to them."""
    with scope.for_system("look"):
        entries = {entry.subject: entry for entry in AuditEntry.objects.exclude(subject="")}
        for model in (NumberDedication, AssistantDedication):
            for dedication in model.objects.all():
                assert entries[f"{model._meta.model_name}:{dedication.pk}"].at == dedication.period.lower
        for membership in Membership.objects.all():
            assert entries[f"membership:{membership.pk}"].at == membership.created_at
        for tenant in Tenant.objects.all():
            first = AuditEntry.objects.filter(tenant=tenant).order_by("seq").first()
            assert (first.action, first.at) == ("tenant.opened", tenant.created_at)
        for connected in Connection.objects.all():
            assert abs(entries[f"connection:{connected.pk}"].at - connected.created_at) < timedelta(minutes=1)
        assert list(verification.verify()) == []


def test_one_client_has_nothing_yet_and_the_others_can_call(demo_sandbox):
    with scope.for_system("look"):
        clients = readiness.annotated(Tenant.objects.all())
        missing = {client.slug: [*readiness.of(client).missing] for client in clients}
    assert missing.pop("fysio-zuid") == ["number", "assistant", "owner"]
    assert set(map(tuple, missing.values())) == {()}


def test_only_entries_of_the_demo_are_given_a_time(settings):
    settings.DEMO = False
    with pytest.raises(RuntimeError), audit.dated(datetime(2026, 1, 1, tzinfo=UTC)):
        pass


def test_a_second_time_is_quick_and_changes_nothing(demo_sandbox):
    with scope.for_system("look"):
        before = AuditEntry.objects.count()
    asked = len(demo_sandbox.log.since(0))
    with CaptureQueriesContext(connection) as queries:
        call_command("demo")
    with scope.for_system("look"):
        assert AuditEntry.objects.count() == before
        assert Tenant.objects.count() == 7
    assert len(demo_sandbox.log.since(0)) - asked < 20 and len(queries) < 600


def test_it_belongs_to_the_sandbox(db, settings):
    settings.SANDBOX_URL = ""
    with pytest.raises(CommandError, match="real VoiceDock"):
        call_command("demo")
    assert not User.objects.exists()


def test_each_client_has_a_colour_of_its_own():
    assert len({client.hue for client in demo_data.CLIENTS}) == len(demo_data.CLIENTS)
    assert demo_data.PASSWORD == demo_logins.PASSWORD


def test_the_presets_of_the_first_client_are_ready_to_call_with(demo_sandbox, client):
    client.force_login(User.objects.get(email="operator@bloom.test"))
    with scope.for_system("look"):
        presets = list(CallPreset.objects.values_list("tenant__slug", "key"))
    assert [key for slug, key in presets if slug == "bloom-dental"] == [
        "appointment-reminder",
        "follow-up",
        "survey",
        "delivery-notification",
        "payment-reminder",
    ]
    assert {slug for slug, _ in presets} == {"bloom-dental"}
    for _, key in presets:
        page = client.get("/c/bloom-dental/call/", {"preset": key, "to": "+31612345678", "name": "Ada"})
        assert page.context["plan"].changes and page.context["plan"].opening, key
