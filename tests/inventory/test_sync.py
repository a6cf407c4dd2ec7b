"""Copies of organizations, numbers and assistants, and the book of looks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard import voicedock
from dashboard.connections import sync as connection_sync
from dashboard.inventory import sync as inventory_sync
from dashboard.rate_limits import limiter
from dashboard.sync import freshness as sync_freshness
from dashboard.sync import runs
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants import dedications
from tenants.isolation import scope
from tenants.models import Assistant, AssistantConfiguration, Connection, Number


def state(office, kind):
    return SyncState.objects.get(connection=office.connection, kind=kind)


def test_numbers_and_assistants_are_copied_without_their_secrets(agency):
    with scope.for_system("look"):
        number = agency.number("+31105550161")
        assistant = agency.assistant("Driver line live")
    assert (number.name, number.business_name, number.is_active) == ("Dispatch", "Harbor Logistics", True)
    assert number.remote_assistant_id
    assert (assistant.provider, assistant.business_name) == ("xai_realtime", "Harbor Logistics")
    assert "secret" not in {field.name for field in Assistant._meta.fields}


def test_looking_again_changes_nothing_and_is_counted_in_one_row(agency):
    for _ in range(3):
        inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        first, quiet = SyncRun.objects.filter(kind=Kind.INVENTORY).order_by("started_at")
    assert (first.run_count, first.changed, first.requests) == (1, 26, 2)
    assert (quiet.run_count, quiet.changed, quiet.requests, quiet.seen) == (3, 0, 6, 26)


def test_what_vanished_is_marked_and_may_come_back(agency, sandbox):
    gone = next(one for one in sandbox.state.numbers.values() if one.phone_number == "+12025550186")
    del sandbox.state.numbers[gone.id]
    inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        assert agency.number("+12025550186").vanished_at is not None
    sandbox.state.numbers[gone.id] = gone
    inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        assert agency.number("+12025550186").vanished_at is None


def test_a_dedicated_number_keeps_its_digits_and_the_difference_is_reported(agency, sandbox, make_sandbox_tenant):
    make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",))
    for one in sandbox.state.numbers.values():
        if one.phone_number in ("+31105550161", "+31205550181"):
            one.phone_number = one.phone_number[:-1] + "9"
    inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        assert agency.number("+31105550161").vanished_at is None
        assert agency.number("+31205550189").name == "Unassigned Amsterdam 1"
    with scope.for_system("look"):
        assert SyncRun.objects.filter(kind=Kind.INVENTORY).order_by("-started_at").first().error == (
            "+31105550161 is +31105550169 at VoiceDock now; it is assigned, so it was not changed."
        )


def test_a_number_that_is_none_is_left_out_and_reported(agency, sandbox):
    next(iter(sandbox.state.numbers.values()))
    one = next(one for one in sandbox.state.numbers.values() if one.phone_number == "+12025550186")
    one.phone_number = "0202 5550186"
    inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        last = SyncRun.objects.filter(kind=Kind.INVENTORY).order_by("-started_at").first()
    assert last.error == "0202 5550186 is not written as +31201234567 and was left out."


def test_the_organizations_credit_and_place_in_the_family(agency, bloom_organization, sandbox):
    root = next(one for one in sandbox.state.organizations.values() if one.parent_org_id is None)
    root.minutes_balance = 12.5
    connection_sync.organization(agency.connection)
    with scope.for_system("look"):
        agency.connection.refresh_from_db()
        bloom_organization.connection.refresh_from_db()
    assert agency.connection.minutes_balance == 12.5
    assert bloom_organization.connection.parent_id == agency.connection.pk
    assert [one["name"] for one in state(agency, Kind.ORGANIZATION).cursor["children"]] == ["Bloom Dental"]


def test_a_key_of_another_organization_is_not_believed(agency, bloom_organization):
    with scope.for_system("mix the keys up"):
        secret = agency.connection.secret
        secret.api_key = "sandbox-bloom"
        secret.save()
    with pytest.raises(connection_sync.AnotherOrganization):
        connection_sync.organization(agency.connection)
    with scope.for_system("look"):
        assert (
            SyncRun.objects.get(kind=Kind.ORGANIZATION).error == "This key belongs to Bloom Dental, not to Kabelhuis."
        )


def test_a_failing_connection_backs_off_and_says_so(agency, sandbox):
    with scope.for_system("look"):
        agency.connection.refresh_from_db()
    sandbox.faults.add({"fault": "503", "route": "/organizations", "times": None})
    pauses = []
    for _ in range(3):
        with pytest.raises(voicedock.VoiceDockError):
            connection_sync.organization(agency.connection)
        pauses.append((state(agency, Kind.ORGANIZATION).due_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert 3 < pauses[0] < 6
    assert state(agency, Kind.ORGANIZATION).failures == 3
    with scope.for_system("look"):
        assert SyncRun.objects.get(kind=Kind.ORGANIZATION).run_count == 3
    assert sync_freshness.freshness([agency.connection], [Kind.ORGANIZATION])[agency.connection.pk].failing
    sandbox.faults.clear()
    connection_sync.organization(agency.connection)
    assert state(agency, Kind.ORGANIZATION).failures == 0


def test_a_look_that_must_wait_is_no_failure(agency, monkeypatch):
    monkeypatch.setitem(limiter.shares.CEILING, limiter.Priority.REST, 0)
    with pytest.raises(limiter.RateLimitExceeded):
        connection_sync.organization(agency.connection)
    waits = state(agency, Kind.ORGANIZATION)
    assert (waits.failures, waits.lease_until) == (0, None)
    assert waits.due_at > timezone.now()
    with scope.for_system("look"):
        assert SyncRun.objects.get(kind=Kind.ORGANIZATION).outcome == "waited"


def test_two_never_look_at_the_same_thing_and_a_lost_lease_ends(agency):
    with runs.run_sync(agency.connection, Kind.CAMPAIGNS):
        with pytest.raises(runs.Busy), runs.run_sync(agency.connection, Kind.CAMPAIGNS):
            pass
        with runs.run_sync(agency.connection, Kind.ORGANIZATION):
            pass
    SyncState.objects.filter(kind=Kind.CAMPAIGNS).update(lease_until=timezone.now() - timedelta(seconds=1))
    with runs.run_sync(agency.connection, Kind.CAMPAIGNS):
        pass


def test_freshness_is_that_of_the_oldest_and_unknown_until_all_were_seen(agency, make_sandbox_tenant):
    tenant = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",))
    kinds = [Kind.INVENTORY, Kind.ORGANIZATION]
    with scope.for_tenant(tenant):
        assert sync_freshness.freshness_of(tenant, kinds).fresh_at is None
    connection_sync.organization(agency.connection)
    old = timezone.now() - timedelta(minutes=7)
    SyncState.objects.filter(kind=Kind.INVENTORY).update(fresh_at=old)
    with scope.for_tenant(tenant):
        assert sync_freshness.freshness_of(tenant, kinds).fresh_at == old
    assert sync_freshness.freshness([agency.connection], kinds)[agency.connection.pk].age > timedelta(minutes=6)


def test_old_looks_are_dropped(agency):
    with scope.for_system("look"):
        SyncRun.objects.update(started_at=timezone.now() - timedelta(days=15))
    connection_sync.organization(agency.connection)
    assert runs.prune() == 1
    with scope.for_system("look"):
        assert Connection.objects.count() == 1
    with scope.for_system("look"):
        assert Number.objects.count() == 13


def configuration(office, name):
    with scope.for_system("look"):
        return AssistantConfiguration.objects.get(assistant=office.assistant(name))


def remote(sandbox, name):
    return next(one for one in sandbox.state.assistants.values() if one.name == name)


def test_what_a_call_can_change_of_an_assistant_is_copied_block_by_block(agency, sandbox):
    before = configuration(agency, "Dispatch desk")
    assert before.blocks["llm_config"]["provider"] == "openai" and before.blocks["max_duration_seconds"] == 300
    assert before.withheld == []
    prompt = [{"role": "system", "content": "You plan deliveries."}]
    saved = remote(sandbox, "Dispatch desk")
    saved.settings["llm_config"] = saved.settings["llm_config"] | {"messages": prompt}
    inventory_sync.inventory(agency.connection)
    after = configuration(agency, "Dispatch desk")
    assert after.blocks["llm_config"]["messages"] == prompt and after.read_at > before.read_at
    inventory_sync.inventory(agency.connection)
    with scope.for_system("look"):
        runs_made = SyncRun.objects.filter(kind=Kind.INVENTORY).order_by("started_at")
        assert [run.changed for run in runs_made][1:] == [1, 0]


@pytest.mark.parametrize(
    "block",
    [
        {"tools": [{"name": "find", "server": {"url": "https://x.test", "secret": "canary-1"}}]},
        {"tools": [{"name": "find", "url": "https://x.test/?api_key=canary-1"}]},
        {"tools": [{"name": "find", "url": "https://me:canary-1@x.test/"}]},
        {"tools": [{"type": "mcp", "headers": {"X-Plain": "canary-1"}}]},
        {"extra": {"authToken": "canary-1"}},
        {"extra": ["Bearer canary-1"]},
    ],
)
def test_a_block_with_a_secret_is_named_and_never_kept(agency, sandbox, block):
    saved = remote(sandbox, "Dispatch desk")
    saved.settings["llm_config"] = saved.settings["llm_config"] | block
    saved.settings["webhook_secret"] = "canary-2"
    inventory_sync.inventory(agency.connection)
    kept = configuration(agency, "Dispatch desk")
    assert kept.withheld == ["llm_config"] and "canary" not in str(kept.blocks)


def test_the_schema_of_a_tool_and_a_limit_of_tokens_are_no_secrets(agency, sandbox):
    tool = {"name": "find", "parameters": {"properties": {"token": {"type": "string", "default": "none"}}}}
    saved = remote(sandbox, "Dispatch desk")
    saved.settings["llm_config"] = saved.settings["llm_config"] | {"tools": [tool], "max_completion_tokens": 300}
    inventory_sync.inventory(agency.connection)
    assert configuration(agency, "Dispatch desk").withheld == []


def test_only_the_client_that_has_the_assistant_now_reads_its_configuration(agency, make_sandbox_tenant):
    harbor = make_sandbox_tenant(agency, "harbor", assistants=("Dispatch desk",))
    noord = make_sandbox_tenant(agency, "noord", assistants=("Tariff advisor",))
    with scope.for_tenant(noord):
        assert AssistantConfiguration.objects.count() == 1
    with scope.for_tenant(harbor):
        assert AssistantConfiguration.objects.get().assistant.name == "Dispatch desk"
        dedications.end_assistant(harbor.assistantdedications.get(), by=None)
        assert not AssistantConfiguration.objects.exists()
        assert Assistant.objects.exists(), "its name stays in the client's history"
