"""Started campaigns are held against the dedications of now, and paused when these became worse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.calls.models import Call
from dashboard.calls.updates import apply
from dashboard.campaigns import control, rechecks, rights, sync, windows
from dashboard.campaigns.models import Campaign, Lead, PauseCause
from dashboard.campaigns.rights import Rights
from dashboard.voicedock import Client
from tenants import dedications
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Number, Tenant

NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


@pytest.fixture
def harbor(agency, make_sandbox_tenant) -> Tenant:
    return make_sandbox_tenant(
        agency, "harbor", numbers=("+31105550161", "+31105550164"), assistants=("Dispatch desk",)
    )


@pytest.fixture
def started(agency, harbor, make_remote_campaign, make_member, new_requests) -> Campaign:
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    control.start(fresh(), by=make_member(harbor, Role.MANAGER))
    assert rechecks.run() == []
    new_requests()
    return fresh()


def fresh() -> Campaign:
    with scope.for_system("look"):
        return Campaign.objects.select_related("connection", "tenant", "assistant").get(name="Slots")


def release_assistant(tenant, agency, make_sandbox_tenant):
    dedications.end_assistant(tenant.assistantdedications.get(), by=None)


def dedicate_assistant_anew(tenant, agency, make_sandbox_tenant):
    release_assistant(tenant, agency, make_sandbox_tenant)
    dedications.dedicate_assistant(tenant, agency.assistant("Dispatch desk"), by=None)


def release_number(tenant, agency, make_sandbox_tenant):
    dedications.end_number(tenant.numberdedications.get(e164="+31105550164"), by=None)


def dedicate_number_to_another(tenant, agency, make_sandbox_tenant):
    other = dedications.open_tenant(name="Noord", slug="noord", city="", home_connection=agency.connection, by=None)
    dedications.dedicate_number(other, agency.number("+31505550112"), by=None)


def move_number_to_another_organization(tenant, agency, make_sandbox_tenant):
    Number.objects.filter(e164="+31105550164").update(vanished_at=timezone.now())


def move_client_to_another_connection(tenant, agency, make_sandbox_tenant):
    Tenant.objects.filter(pk=tenant.pk).update(home_connection=None)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (release_assistant, PauseCause.ASSISTANT),
        (dedicate_assistant_anew, PauseCause.ASSISTANT),
        (release_number, PauseCause.NUMBER_RELEASED),
        (dedicate_number_to_another, PauseCause.NUMBER_DEDICATED),
        (move_number_to_another_organization, PauseCause.NUMBER_RELEASED),
        (move_client_to_another_connection, PauseCause.MOVED),
    ],
)
def test_a_dedication_a_release_and_a_move_pause_it_and_say_why(
    started, harbor, agency, make_sandbox_tenant, change, cause, new_requests, sandbox
):
    with scope.for_system("a change"):
        change(harbor, agency, make_sandbox_tenant)
    assert rechecks.run() == [started]
    assert new_requests() == [f"PATCH /campaigns/{started.remote_id}"]
    paused = fresh()
    assert (paused.status, sandbox.state.campaigns[paused.remote_id].status) == ("paused", "paused")
    assert cause.label in windows.status_of(paused, NOON).detail
    assert rechecks.run() == [] and fresh().pause_required_at is None
    with scope.for_system("look"):
        sentences = [
            sentence(entry) for entry in AuditEntry.objects.filter(action__startswith="campaign.").order_by("seq")
        ]
    assert sentences[2:] == [
        f"Patchbay stops the campaign Slots, because {cause.label}.",
        "Patchbay asked VoiceDock to pause the campaign Slots.",
        "Patchbay paused the campaign Slots.",
    ]


def test_what_makes_nothing_worse_pauses_nothing(started, harbor, agency, new_requests):
    with scope.for_system("one more of its own, and one of nobody released"):
        dedications.dedicate_number(harbor, agency.number("+31205550181"), by=None)
        Number.objects.filter(e164="+31205550182").update(vanished_at=timezone.now())
    assert rechecks.run() == [] and new_requests() == []


def test_a_dedication_counts_from_its_own_beginning(started, harbor, agency):
    """Its beginning runs no code of ours: what holds is read each time, not taken from the action."""
    with scope.for_system("another client's, from later on"):
        other = dedications.open_tenant(name="Noord", slug="noord", city="", home_connection=agency.connection, by=None)
        later = timezone.now() + timedelta(days=2)
        right = dedications.dedicate_number(other, agency.number("+31505550112"), by=None, start=later)
        present = rights.rights_of([started])[started.pk]
    assert rechecks.run() == [] and right.pk not in present.foreign
    begun = Rights(present.assistant, present.own, present.foreign | {right.pk}, present.home)
    assert rights.worsened(present, begun) == PauseCause.NUMBER_DEDICATED


def test_a_release_between_the_check_and_the_answer_is_noticed(
    agency, harbor, make_remote_campaign, make_member, monkeypatch
):
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    update = Client.update_campaign

    def slowly(client, *args, **change):
        with scope.for_system("somebody else releases it meanwhile"):
            dedications.end_assistant(harbor.assistantdedications.get(), by=None)
        return update(client, *args, **change)

    monkeypatch.setattr(Client, "update_campaign", slowly)
    assert control.start(fresh(), by=make_member(harbor, Role.MANAGER)).outcome == "accepted"
    monkeypatch.undo()
    assert rechecks.run() and fresh().status == "paused"


@pytest.mark.parametrize("fault", ["cut", "503"])
def test_a_pause_without_an_answer_is_unknown_and_tried_again(started, harbor, sandbox, new_requests, fault):
    sandbox.faults.add({"fault": fault, "route": "/campaigns/*", "method": "PATCH", "times": 1})
    with scope.for_system("a release"):
        dedications.end_assistant(harbor.assistantdedications.get(), by=None)
    assert rechecks.run() == [started]
    waiting = fresh()
    assert (waiting.status, waiting.pause_outcome) == ("scheduled", "unknown")
    status = windows.status_of(waiting, NOON)
    assert (status.label, status.is_calling) == ("To be paused", False)
    assert "It is not certain whether VoiceDock paused it. It is asked again." in status.detail
    assert rechecks.run() == [], "not before its time"
    with scope.for_system("time passes"):
        Campaign.objects.update(pause_next_at=Now())
    assert rechecks.run() == [started] and fresh().status == "paused"


def test_a_pause_whose_answer_was_lost_is_settled_by_the_next_list(started, harbor, sandbox, agency):
    sandbox.faults.add({"fault": "lost", "route": "/campaigns/*", "method": "PATCH", "times": 1})
    with scope.for_system("a release"):
        dedications.end_assistant(harbor.assistantdedications.get(), by=None)
    rechecks.run()
    sync.campaigns(agency.connection)
    rechecks.run()
    assert (fresh().status, fresh().pause_required_at) == ("paused", None)
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="campaign.pause-seen").count() == 1


def test_it_is_resumed_under_what_is_true_then(started, harbor, agency, make_member):
    with scope.for_system("a release"):
        dedications.end_number(harbor.numberdedications.get(e164="+31105550164"), by=None)
    rechecks.run()
    assert control.resume(fresh(), by=make_member(harbor, Role.MANAGER)).outcome == "accepted"
    assert (fresh().pause_cause, fresh().pause_required_at) == ("", None)
    assert rechecks.run() == [] and fresh().status == "scheduled"


def test_one_started_at_voicedock_itself_is_taken_as_found_and_watched(agency, harbor, make_remote_campaign, sandbox):
    remote = sandbox.state.campaigns[make_remote_campaign("Slots", "Dispatch desk")]
    remote.status = "scheduled"
    sync.campaigns(agency.connection)
    assert rechecks.run() == []
    with scope.for_system("a release"):
        dedications.end_number(harbor.numberdedications.get(e164="+31105550164"), by=None)
    assert rechecks.run() and remote.status == "paused"


def test_nobodys_campaign_is_left_alone(agency, make_remote_campaign, sandbox):
    remote = sandbox.state.campaigns[make_remote_campaign("Slots", "Dispatch desk")]
    remote.status = "scheduled"
    sync.campaigns(agency.connection)
    assert rechecks.run() == [] and remote.status == "scheduled"


@pytest.fixture
def called(started):
    """A lead of the campaign that became this call."""

    def make(**facts) -> Lead:
        with scope.for_system("a call of the campaign"):
            Call.objects.create(
                **{
                    "connection": started.connection,
                    "tenant": started.tenant,
                    "origin": "adopted",
                    "remote_id": "call-7",
                    "assistant_remote_id": started.assistant.remote_id,
                }
                | facts
            )
            return Lead.objects.create(
                tenant_id=started.tenant_id,
                campaign=started,
                remote_id="lead-7",
                status="calling",
                call_remote_id="call-7",
                last_attempt_at=timezone.now(),
            )

    return make


def test_a_call_of_the_client_by_the_campaigns_assistant_agrees(called):
    lead = called()
    assert rechecks.run() == []
    with scope.for_system("look"):
        assert Lead.objects.get(pk=lead.pk).call_verdict == "agrees"


@pytest.mark.parametrize("differs", ["assistant", "client", "nobody"])
def test_a_call_with_another_assistant_or_of_another_client_pauses_it(
    called, started, agency, make_sandbox_tenant, make_member, support, differs
):
    if differs == "client":
        other = make_sandbox_tenant(agency, "noord", assistants=("Tariff advisor",), since=None)
        lead = called(tenant=other)
    else:
        lead = called(**({"assistant_remote_id": "another"} if differs == "assistant" else {"tenant": None}))
    assert rechecks.run() == [started]
    assert (fresh().status, fresh().pause_cause) == ("paused", "foreign-call")
    with scope.for_system("look"):
        assert Lead.objects.get(pk=lead.pk).call_verdict == "differs"
        entry = AuditEntry.objects.get(action="campaign.foreign-call")
    assert entry.tenant_id == started.tenant_id and "another client or with another assistant" in sentence(entry)
    with pytest.raises(control.CampaignActionRefused, match="Ask your account team"):
        control.resume(fresh(), by=make_member(started.tenant, Role.OWNER))
    with pytest.raises(control.CampaignActionRefused, match="Confirm the risk"):
        control.resume(fresh(), by=support)
    stated = control.risk(fresh(), by=support)
    assert stated.made_foreign_calls
    assert control.resume(fresh(), by=support, confirmed=stated.token).outcome == "accepted"
    assert rechecks.run() == []


@pytest.mark.parametrize("first", ["agrees", "differs"])
def test_the_call_of_a_second_attempt_is_compared_too(started, sandbox, support, first):
    """VoiceDock names the last call of a lead alone: the verdict on the one before is not that on this one."""
    (remote, *_) = sandbox.state.leads[started.remote_id]

    def attempt(call_id: str, **facts) -> str:
        remote.status, remote.call_id, remote.last_attempt_at = "calling", call_id, timezone.now().timestamp()
        facts = {"tenant": started.tenant, "assistant_remote_id": started.assistant.remote_id} | facts
        with scope.for_system("a call of the campaign"):
            Call.objects.create(connection=started.connection, origin="adopted", remote_id=call_id, **facts)
        sync.leads(fresh())
        rechecks.run()
        with scope.for_system("look"):
            return Lead.objects.get(campaign=started, remote_id=remote.id).call_verdict

    assert attempt("call-1", **({"tenant": None} if first == "differs" else {})) == first
    if first == "differs":
        control.resume(fresh(), by=support, confirmed=control.risk(fresh(), by=support).token)
    assert fresh().status == "scheduled"
    assert attempt("call-2", tenant=None) == "differs"
    assert (fresh().status, fresh().pause_cause) == ("paused", "foreign-call")


def test_a_verdict_is_not_written_on_a_call_that_was_read_meanwhile(called, monkeypatch):
    lead = called()

    def verdicts(leads):
        found = list(judged(leads))
        Lead.objects.filter(pk=lead.pk).update(call_remote_id="call-8")
        return found

    judged = rechecks._verdicts
    monkeypatch.setattr(rechecks, "_verdicts", verdicts)
    rechecks.compare_calls()
    with scope.for_system("look"):
        assert Lead.objects.get(pk=lead.pk).call_verdict == ""


def test_calls_that_are_not_known_yet_hide_no_other(called, started, monkeypatch):
    """However many leads have a call that no list has shown so far, the first that differs is noticed."""
    monkeypatch.setattr(rechecks, "MOST", 1)
    with scope.for_system("leads whose calls are not known"):
        for number in range(3):
            Lead.objects.create(
                tenant_id=started.tenant_id,
                campaign=started,
                remote_id=f"lead-{number}",
                status="calling",
                call_remote_id=f"call-not-seen-{number}",
                remote_created_at=NOON - timedelta(days=1),
                last_attempt_at=timezone.now(),
            )
    lead = called(assistant_remote_id="another")
    assert rechecks.run() == [started]
    with scope.for_system("look"):
        assert Lead.objects.get(pk=lead.pk).call_verdict == "differs"
        assert Lead.objects.filter(call_verdict="").count() == 3


ids = st.frozensets(st.integers(1, 6))
some_rights = st.builds(Rights, st.none() | st.integers(1, 3), ids, ids, st.none() | st.integers(1, 2))


@given(then=some_rights, now=some_rights)
def test_it_goes_on_only_under_rights_that_are_no_worse(then, now):
    """Whatever changed: the same dedication of the assistant, all numbers of its own kept, no foreign one more."""
    goes_on = (
        now.assistant is not None
        and now.assistant == then.assistant
        and then.own <= now.own
        and now.foreign <= then.foreign
        and then.home == now.home
    )
    assert (rights.worsened(then, now) is None) == goes_on


@given(some_rights)
def test_rights_are_kept_whole(some):
    assert Rights.from_json(some.as_json()) == some


def test_the_assistant_that_voicedock_reports_is_compared_on_calls_placed_here(operator):
    call = operator.place()
    assert "call.wrong-assistant" not in operator.audit_actions()
    with scope.for_system("look"):
        other = Assistant.objects.exclude(pk=operator.assistant.assistant_id).first()
    facts = apply.CallUpdate(
        at=timezone.now(),
        status="in-progress",
        remote_id=call.remote_id,
        direction="outbound",
        assistant_remote_id=other.remote_id,
        fields={"assistant_remote_id": other.remote_id, "assistant_name": other.name},
    )
    for _ in range(2):
        apply.apply_update_in_transaction(operator.connection, facts)
    assert operator.audit_actions().count("call.wrong-assistant") == 1
