"""Planned calls: placed once in their time through the same checks as a call now, or handed to a person."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from dashboard.calls import sweep
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import claims, intents, sending
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import saved_assistants
from dashboard.calls.planned import by_hand, due, planning, rights, run
from dashboard.calls.planned.wish import WORDS
from dashboard.clients import retention, suspension
from dashboard.inventory import sync
from tenants import dedications
from tenants.access import support_access
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AuditEntry, Membership, Number, StaffMember, Tenant
from tests.fixtures.concurrency import at_once

PERSON = "+31612340042"
State = PlannedCall.State


def test_it_is_placed_when_its_time_comes_and_not_before(operator, planner):
    planned = planner.plan()
    planner.run_due()
    assert (planner.reload(planned).state, operator.dial_requests()) == ("planned", [])
    planner.move(planned, 31)
    planner.run_due()
    planner.run_due()

    now = planner.reload(planned)
    assert (now.state, now.call.state, now.call.counterpart) == ("placed", "dialing", PERSON)
    assert (now.call.requested_by_id, now.call.client_token) == (planner.user.pk, now.call_token)
    assert now.call.not_after == now.latest_at
    assert len(operator.dial_requests()) == 1
    assert planner.actions() == ["call.planned", "call.plan-placed"]
    assert operator.audit_actions() == ["call.planned", "call.asked", "call.placed", "call.plan-placed"]


def test_one_form_is_one_planned_call_and_one_moment_has_one(operator, planner):
    token = uuid.uuid4()
    first = planner.plan(token=token)
    same = {"due_at": first.due_at, "latest_at": first.latest_at}
    assert planner.plan(token=token, **same).pk == first.pk
    for other in ({"minutes": 50}, same | {"destination": "+31612340043"}, same | {"shown": "other"}):
        with pytest.raises(intents.CallRefused, match="This form has already planned another call"):
            planner.plan(token=token, **other)
    with pytest.raises(planning.PlanRefused, match="this very time"):
        planner.plan(due_at=first.due_at, latest_at=first.latest_at, anyway=True)
    with pytest.raises(planning.PlanRefused, match="by Ines Vale already") as refused:
        planner.plan(minutes=40)
    assert refused.value.field == "plan_anyway"
    assert planner.plan(minutes=40, anyway=True).pk != first.pk
    assert planner.plan(minutes=80).pk != first.pk
    again = planner.reload(first)
    again.pk, again.token = uuid.uuid4(), uuid.uuid4()
    with pytest.raises(IntegrityError, match="planned_once_per_moment"), scope.for_system("as if nothing was checked"):
        again.save(force_insert=True)


def test_a_form_that_has_placed_a_call_plans_none(operator, planner):
    call = operator.place()
    with pytest.raises(intents.CallRefused):
        planner.plan(token=call.client_token)


def test_it_is_never_placed_after_its_window(operator, planner):
    planned = planner.plan()
    planner.move(planned, 46)  # the scheduler was out for longer
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, now.reason, operator.dial_requests()) == ("missed", run.NOT_IN_TIME, [])
    assert planner.actions()[-1] == "call.plan-missed"


def test_what_passes_by_itself_is_tried_again_in_its_time(operator, planner):
    """All calls are in use, then one is over."""
    limit_to(operator, at_once=1)
    call = operator.place_answered("+31612340077")
    planned = planner.due_now()
    planner.run_due()
    waiting = planner.reload(planned)
    assert (waiting.state, waiting.reason) == ("planned", due.NO_PLACE)

    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    planner.move(planned, 1)
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, now.reason, len(operator.dial_requests())) == ("placed", "", 2)


def test_all_calls_in_use_until_the_end_of_the_window_is_for_a_person(operator, planner):
    limit_to(operator, at_once=1)
    operator.place_answered("+31612340077")
    planned = planner.due_now()
    planner.run_due()
    assert planner.reload(planned).state == "planned"
    planner.move(planned, 15)
    planner.run_due()
    now = planner.reload(planned)
    assert now.state == "missed" and "1 calls at once, and all are in use" in now.reason
    assert len(operator.dial_requests()) == 1


def test_a_person_who_was_called_from_here_meanwhile_is_not_called_by_plan(operator, planner):
    planned = planner.due_now()
    call = operator.place_answered()
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, now.reason) == ("missed", claims.CALLED_MEANWHILE)
    assert len(operator.dial_requests()) == 1


@pytest.mark.parametrize(("minutes", "state"), [(5, "missed"), (20, "placed")])
def test_who_was_called_shortly_before_the_time_is_not_called_by_plan(operator, planner, minutes, state):
    call = operator.place_answered()
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    with scope.for_system("it ended a while ago"):
        ended = timezone.now() - timedelta(minutes=minutes)
        Call.objects.filter(pk=call.pk).update(sent_at=ended, created_at=ended, started_at=ended, ended_at=ended)
    planned = planner.plan(minutes=30)
    with scope.for_system("its time has come"):
        now = timezone.now()
        PlannedCall.objects.filter(pk=planned.pk).update(due_at=now, try_at=now, latest_at=now + timedelta(minutes=15))
    planner.run_due()
    assert planner.reload(planned).state == state
    assert len(operator.dial_requests()) == (1 if state == "missed" else 2)


def test_one_that_lasts_past_the_time_leaves_the_next_to_a_person(operator, planner):
    planned = planner.plan(minutes=30)
    call = operator.place_answered()
    with scope.for_system("its time has come"):
        now = timezone.now()
        Call.objects.filter(pk=call.pk).update(sent_at=now - timedelta(hours=1), created_at=now - timedelta(hours=1))
        PlannedCall.objects.filter(pk=planned.pk).update(due_at=now, try_at=now, latest_at=now + timedelta(minutes=15))
    planner.run_due()
    assert planner.reload(planned).reason == claims.ALREADY
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    planner.move(planned, 2)
    planner.run_due()
    assert (planner.reload(planned).state, len(operator.dial_requests())) == ("missed", 1)


def test_voicedock_out_of_reach_is_tried_again_and_never_after_the_window(operator, planner, monkeypatch):
    def unreachable(*args, **kwargs):
        raise sending.voicedock.NotSent("no route")

    monkeypatch.setattr(sending.voicedock.Client, "place_call", unreachable)
    planned = planner.due_now()
    planner.run_due()
    first = planner.reload(planned)
    assert (first.state, first.call.state) == ("placing", "queued")
    operator.let_pass(first.call, 130)
    sweep.run()
    planner.move(planned, 3)
    planner.run_due()
    again = planner.reload(planned)
    assert (again.state, again.attempt, again.call) == ("planned", 1, None)

    planner.move(planned, 1)
    planner.run_due()
    second = planner.reload(planned).call
    assert second.pk != first.call.pk
    monkeypatch.undo()
    with scope.for_system("its window ends"):
        Call.objects.filter(pk=second.pk).update(not_after=timezone.now(), lease_until=None)
    planner.move(planned, 12)
    assert intents.send(second.pk).error == claims.NOT_IN_TIME
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, operator.dial_requests()) == ("missed", [])


def test_the_database_lets_no_call_leave_after_its_window(operator, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    with pytest.raises(IntegrityError, match="planned for is over"), scope.for_system("as if nothing was checked"):
        Call.objects.filter(pk=call.pk).update(state="sending", not_after=timezone.now() - timedelta(seconds=1))


def test_a_window_that_ends_between_claim_and_request_sends_nothing(operator, planner, monkeypatch):
    planned = planner.due_now()
    real = claims.claim

    def claim(call):
        result = real(call)
        with scope.for_system("its window ends"):
            Call.objects.filter(pk=call.pk).update(not_after=timezone.now())
        return result

    monkeypatch.setattr(claims, "claim", claim)
    planner.run_due()
    assert (planner.reload(planned).call.state, operator.dial_requests()) == ("queued", [])
    sweep.run()
    assert planner.reload(planned).call.error == claims.NOT_IN_TIME


def leaves_the_team(planner, admin):
    with scope.for_tenant(planner.tenant):
        Membership.objects.filter(user=planner.user).delete()


def becomes_a_viewer(planner, admin):
    with scope.for_tenant(planner.tenant):
        Membership.objects.filter(user=planner.user).update(role=Role.VIEWER)


def is_suspended(planner, admin):
    suspension.suspend(planner.tenant, by=admin, reason="unpaid")


def may_not_call_there(planner, admin):
    with scope.for_system("staff change it"):
        Tenant.objects.filter(pk=planner.tenant.pk).update(allowed_countries=["BE"])


def gives_the_assistant_back(planner, admin):
    with scope.for_tenant(planner.tenant):
        dedications.end_assistant(planner.operator.assistant, by=admin)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (leaves_the_team, "may not place calls"),
        (becomes_a_viewer, "may not place calls"),
        (is_suspended, "is suspended"),
        (may_not_call_there, "may not call the Netherlands"),
        (gives_the_assistant_back, "not assigned to you"),
    ],
)
def test_rights_are_looked_at_when_its_time_comes(operator, planner, admin, happens, words):
    planned = planner.plan()
    happens(planner, admin)
    planner.move(planned, 31)
    with scope.for_system("as it is now"):
        planner.tenant.refresh_from_db()
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, operator.dial_requests()) == ("refused", [])
    assert words in now.reason
    assert planner.actions()[-1] == "call.plan-refused"


def test_staff_place_a_planned_call_by_the_right_they_have_then(operator, planner, make_staff):
    support = make_staff(StaffRole.SUPPORT)
    assert StaffMember.objects.filter(user=support).exists()
    assert "may not place calls" in rights.refusal(operator.tenant, support)
    with scope.for_tenant(operator.tenant):
        support_access.grant(operator.tenant, 1, by=planner.user)
    assert rights.refusal(operator.tenant, support) == ""
    planned = planner.due_now(by=support)
    planner.run_due()
    assert planner.reload(planned).state == "placed"
    with scope.for_system("look"):
        actor = AuditEntry.objects.get(action="call.asked").actor
    assert operator.tenant.name in actor and str(support) in actor


def test_closing_a_client_cancels_what_is_planned_and_retention_removes_it(operator, planner, admin):
    planned = planner.plan(changes=Changes(first_message="Marigold"))
    suspension.close(operator.tenant, by=admin, reason="gone")
    assert (planner.reload(planned).state, planner.reload(planned).reason) == ("cancelled", planning.CLIENT_CLOSED)
    assert planner.actions() == ["call.planned", "call.plan-cancelled"]
    with scope.for_system("look"):
        assert AuditEntry.objects.get(action="call.plan-cancelled").actor_id == admin.pk
    planner.move(planned, 31)
    planner.run_due()
    assert operator.dial_requests() == []
    with scope.for_system("time goes by"):
        Tenant.objects.filter(pk=operator.tenant.pk).update(closed_at=timezone.now() - timedelta(days=4000))
    assert retention.run() == 1
    with scope.for_system("look"):
        assert not PlannedCall.objects.exists()


def test_changed_and_cancelled(operator, planner):
    planned = planner.plan()
    changed = planning.change(
        operator.tenant, planned.pk, planner.wish(minutes=60, destination="+31612340043"), version=1, by=planner.user
    )
    assert (changed.destination, changed.state, changed.version) == ("+31612340043", "planned", 2)
    with pytest.raises(planning.ChangedMeanwhile, match=r"It is now: \+31612340043 at"):
        planning.change(operator.tenant, planned.pk, planner.wish(minutes=70), version=1, by=planner.user)
    assert planning.cancel(changed, by=planner.user)
    assert not planning.cancel(changed, by=planner.user)
    planner.move(planned, 90)
    planner.run_due()
    assert operator.dial_requests() == []
    with pytest.raises(planning.PlanRefused, match="no longer planned"):
        planning.change(operator.tenant, planned.pk, planner.wish(), version=3, by=planner.user)
    assert planner.actions() == ["call.planned", "call.plan-changed", "call.plan-cancelled"]


def test_what_is_being_placed_is_neither_changed_nor_cancelled(operator, planner, monkeypatch):
    planned = planner.due_now()

    def look(call):
        row = planner.reload(planned)
        assert not planning.cancel(row, by=planner.user)
        with pytest.raises(planning.PlanRefused, match="being placed at this moment"):
            planning.change(operator.tenant, planned.pk, planner.wish(), version=row.version, by=planner.user)
        return call

    monkeypatch.setattr(sending, "attempt", look)
    planner.run_due()
    assert planner.reload(planned).state == "placing"


def test_one_that_was_missed_is_placed_by_hand_once(operator, planner):
    planned = planner.plan()
    planner.move(planned, 46)
    planner.run_due()
    missed = planner.reload(planned)
    token = by_hand.token_of_next(missed)
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    first = by_hand.place(operator.tenant, planned.pk, by=planner.user, token=token, **facts)
    second = by_hand.place(operator.tenant, planned.pk, by=planner.user, token=token, **facts)
    assert first.pk == second.pk and len(operator.dial_requests()) == 1
    now = planner.reload(planned)
    assert (now.state, now.call_id, now.call.not_after) == ("placed", first.pk, None)


def test_one_that_is_refused_by_hand_stays_as_it_was(operator, planner):
    planned = planner.plan()
    row = planner.reload(planned)
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": "112"}
    with pytest.raises(intents.CallRefused):
        by_hand.place(operator.tenant, planned.pk, by=planner.user, token=by_hand.token_of_next(row), **facts)
    now = planner.reload(planned)
    assert (now.state, now.attempt, now.try_at) == ("planned", 0, now.due_at)


def set_up(operator, temperature=0.6):
    """Somebody sets the assistant up at VoiceDock, and Patchbay reads it."""
    assistants = operator.sandbox.state.assistants.values()
    remote = next(remote for remote in assistants if remote.name == "Dispatch desk")
    prompt = [{"role": "system", "content": "You plan deliveries."}]
    remote.settings["llm_config"] = remote.settings["llm_config"] | {"messages": prompt, "temperature": temperature}
    sync.inventory(operator.connection)


def fingerprint(operator):
    with scope.for_tenant(operator.tenant):
        return saved_assistants([operator.assistant])[operator.assistant.pk].fingerprint


CHANGES = Changes(instructions="Speak slowly.")


def test_an_assistant_that_is_set_up_differently_since_waits_for_a_person(operator, planner):
    set_up(operator)
    planned = planner.due_now(changes=CHANGES, shown=fingerprint(operator))
    set_up(operator, temperature=1.9)
    planner.run_due()
    now = planner.reload(planned)
    assert (now.state, now.reason, operator.dial_requests()) == ("missed", run.LOOK_AGAIN, [])


def test_saving_it_anew_after_the_assistant_was_changed_places_it(operator, planner):
    """All else is as it was: what the person has seen now counts."""
    set_up(operator)
    planned = planner.plan(changes=CHANGES, shown=fingerprint(operator))
    set_up(operator, temperature=1.9)
    same = {"due_at": planned.due_at, "latest_at": planned.latest_at, "changes": CHANGES}
    wish = planner.wish(**same, shown=fingerprint(operator))
    planning.change(operator.tenant, planned.pk, wish, version=1, by=planner.user)
    planner.move(planned, 31)
    planner.run_due()
    assert (planner.reload(planned).state, len(operator.dial_requests())) == ("placed", 1)
    with scope.for_system("look"):
        assert "set up when it was shown" in AuditEntry.objects.get(action="call.plan-changed").body


@pytest.mark.parametrize("more", [{"shown": "anew"}, {"line_by_rule": True}, {"preset": "Reminder"}])
def test_each_value_is_saved_though_nothing_else_is_changed(operator, planner, more):
    planned = planner.plan()
    wish = planner.wish(due_at=planned.due_at, latest_at=planned.latest_at, **more)
    for _ in range(2):  # a second press saves nothing more
        changed = planning.change(operator.tenant, planned.pk, wish, version=1, by=planner.user)
    assert (changed.version, wish.differing(changed)) == (2, [])
    assert planner.actions() == ["call.planned", "call.plan-changed"]


def test_every_column_has_its_words(planner):
    assert set(planner.wish().columns) == set(WORDS)


@pytest.mark.parametrize("by_rule", [True, False])
def test_a_line_by_rule_that_has_ended_is_chosen_anew(operator, planner, admin, by_rule):
    """One that a person chose is refused instead: nobody is called from another number than was chosen."""
    planned = planner.due_now(line_by_rule=by_rule)
    with scope.for_tenant(operator.tenant):
        dedications.end_number(operator.number, by=admin)
    with scope.for_system("another line"):
        number = Number.objects.create(connection=operator.connection, remote_id="spare", e164="+31105550162")
        other = dedications.dedicate_number(operator.tenant, number, by=admin)
    chosen = run._line(planner.reload(planned))
    assert chosen == (other.pk if by_rule else operator.number.pk)
    planner.run_due()
    assert by_rule or planner.reload(planned).reason == intents.NOT_YOURS


def test_a_client_with_many_does_not_hold_back_another(operator, planner):
    limit_to(operator, at_once=2)
    for nth in range(5):
        planner.due_now(destination=f"+3161234{nth:04}")
    assert len(due.due()) == 2
    assert due.due() == []  # those are handed out, and there is no place for the others


def test_the_scheduler_places_it_in_its_time(operator, planner, fake_clock):
    planned = planner.plan(minutes=1)
    fake_clock.steps(50)
    assert (planner.reload(planned).state, operator.dial_requests()) == ("planned", [])
    fake_clock.steps(20)
    assert (planner.reload(planned).state, len(operator.dial_requests())) == ("placed", 1)


def test_after_an_outage_longer_than_the_window_it_waits_for_a_person(operator, planner, fake_clock):
    planned = planner.plan(minutes=1)
    fake_clock.wait(17 * 60)
    fake_clock.steps(10)
    assert (planner.reload(planned).state, operator.dial_requests()) == ("missed", [])


def test_an_assistant_that_was_not_read_lately_is_waited_for(operator, planner):
    with scope.for_system("its last sync was long ago"):
        AssistantConfiguration.objects.update(read_at=timezone.now() - timedelta(hours=1))
    planned = planner.due_now(changes=Changes(instructions="Speak slowly."))
    planner.run_due()
    waiting = planner.reload(planned)
    assert waiting.state == "planned" and "how this assistant is set up" in waiting.reason
    assert operator.dial_requests() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_place_one_call(operator, planner):
    planned = planner.due_now()
    outcomes = at_once(*[lambda: run.run(planned.pk) for _ in range(6)])
    assert outcomes == [None] * 6
    assert (planner.reload(planned).state, len(operator.dial_requests())) == ("placed", 1)


def limit_to(operator, *, at_once):
    with scope.for_system("limits"):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=at_once)
