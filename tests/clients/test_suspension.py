"""A client is suspended, closed, reopened: what stops at once, what goes on, what staff are asked."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from dashboard.calls import sweep
from dashboard.calls import tasks as call_tasks
from dashboard.calls.control import bulk_end
from dashboard.calls.models import END_IS_LATE, Alarm, Call
from dashboard.calls.placing import claims, intents, sending
from dashboard.campaigns import rechecks
from dashboard.campaigns import sync as campaigns
from dashboard.clients import dedicating, suspension
from dashboard.live_updates.models import Change
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import text_lengths
from tenants import dedications, tenant_status
from tenants.access.permissions import Role, StaffRole
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, NumberDedication, Tenant
from tests.fixtures.call_factories import make_call


def story(tenant: Tenant) -> list[str]:
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(tenant=tenant, action__startswith="tenant.").order_by("seq")
        return [sentence(one) for one in entries]


def again(tenant: Tenant) -> Tenant:
    with scope.for_system("look"):
        return Tenant.objects.get(pk=tenant.pk)


def test_nothing_is_dialed_for_a_suspended_client_until_it_is_reopened(operator, admin):
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid since March")
    with pytest.raises(intents.CallRefused, match="Harbor is suspended"):
        operator.place()
    suspension.reopen(operator.tenant, by=admin, reason="Paid")
    assert operator.place().state == "dialing"
    assert story(operator.tenant)[1:] == [
        "Admin Person suspended Harbor: Unpaid since March",
        "Admin Person reopened Harbor: Paid",
    ]


def test_a_reason_is_kept_whole_or_refused(operator, admin):
    with pytest.raises(tenant_status.StatusChangeRefused, match="below 300 characters: these are 301"):
        suspension.suspend(operator.tenant, by=admin, reason="x" * 301)


def test_a_call_that_waits_is_not_sent_after_the_suspension(operator, admin, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
    assert intents.send(call.pk).state == "refused"
    assert operator.dial_requests() == []


def test_the_database_refuses_what_the_application_forgot_to_check(operator, admin, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
    for scoped in (scope.for_tenant(operator.tenant), scope.for_system("try")):
        with scoped, pytest.raises(IntegrityError, match="this client may not dial"), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(state="sending")
    monkeypatch.setattr(claims, "blocking_reason", lambda tenant, excluding: "")
    monkeypatch.setattr(claims.Tenant, "Status", type("Any", (), {"ACTIVE": "suspended"}))
    with pytest.raises(IntegrityError, match="this client may not dial"):
        intents.send(call.pk)
    assert operator.dial_requests() == []


@pytest.mark.django_db(transaction=True)
def test_a_suspension_amid_a_storm_of_calls_lets_none_out_afterwards(operator, admin):
    """Whatever was claimed, was claimed before the suspension was committed."""
    committed = []

    def attempt(n):
        try:
            if n == 12:
                suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
                committed.append(timezone.now())
                return None
            return operator.place(f"+3161234{n:04}")
        except intents.CallRefused as error:
            return error.message
        finally:
            database.close()

    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=100)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(40)))
    assert all("suspended" in one for one in answers if isinstance(one, str))
    with scope.for_system("look"):
        left = list(Call.objects.exclude(sent_at=None).values_list("sent_at", flat=True))
        assert not Call.objects.filter(state__in=["queued", "sending"]).exists()
    assert left and max(left) < committed[0]
    assert len(operator.dial_requests()) == len(left) < 39


def test_live_calls_run_on_or_are_ended_as_staff_say(operator, admin):
    talking, ringing = operator.place_answered(), operator.place("+31612340077")
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
    assert operator.command_requests() == []
    ended = suspension.end_live_calls(operator.tenant, by=admin)
    assert (ended.asked, ended.ringing) == (2, 1)
    assert story(operator.tenant)[-1] == "Admin Person asked to end 2 live calls, of which 1 was not answered yet."
    assert operator.command_requests() == [], "a page does not wait for VoiceDock"
    operator.run_due_work()
    (command,) = operator.command_requests()
    assert command["body"] == {"type": "end-call"} and talking.remote_id in command["path"]
    assert operator.reload(ringing).end_asked_at is None
    operator.control_sandbox(f"calls/{ringing.remote_id}/force", status="in-progress")
    operator.read_calls()
    operator.run_due_work()
    operator.run_due_work()
    assert len(operator.command_requests()) == 2, "each once"
    assert {receipt.asked_by for receipt in operator.receipts(talking)} == {admin}


def test_many_calls_are_ended_a_few_at_a_time_and_again_when_the_minute_is_full(operator, admin, monkeypatch):
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=100)
    calls = [operator.place_answered(f"+3161234{n:04}") for n in range(8)]
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid", end_calls=True)
    rounds = []
    for _ in range(3):
        before = len(operator.command_requests())
        operator.run_due_work()
        rounds.append(len(operator.command_requests()) - before)
    assert rounds == [bulk_end.AT_ONCE, bulk_end.AT_ONCE, 2]
    assert len(operator.command_requests()) == len(calls) == 8
    with scope.for_system("look"):
        assert not Call.objects.exclude(end_due_at=None).exists()


def test_a_call_whose_id_was_cut_is_not_asked_to_end_again_and_again(bloom, admin):
    call = make_call(bloom, remote_id="call-" + text_lengths.MARK + "0123456789abcdef")
    with scope.for_tenant(bloom.tenant):
        bulk_end.request(Call.objects.filter(pk=call.pk), by=admin)
    assert bulk_end.due() == []
    with scope.for_system("look"):
        assert Call.objects.get(pk=call.pk).end_asked_at, "its alarm comes all the same"


def test_an_end_that_the_budget_held_back_is_asked_for_again(operator, admin, monkeypatch):
    call = operator.place_answered()
    suspension.end_live_calls(operator.tenant, by=admin)
    with monkeypatch.context() as full:
        full.setitem(limiter.shares.CEILING, Priority.END, 0)
        operator.run_due_work()
    assert operator.command_requests() == []
    operator.run_due_work()
    assert operator.command_requests() == [], "not before it is due again"
    with scope.for_system("time passes"):
        Call.objects.filter(pk=call.pk).update(end_due_at=timezone.now() - timedelta(seconds=1))
    operator.run_due_work()
    assert len(operator.command_requests()) == 1


@pytest.mark.parametrize("stop", [suspension.suspend, suspension.close])
def test_calls_are_ended_though_the_process_died_while_campaigns_were_paused(operator, admin, monkeypatch, stop):
    class Died(BaseException):
        pass

    def die(tenant, cause):
        raise Died

    operator.place_answered()
    monkeypatch.setattr(suspension.campaigns, "pause_all", die)
    with pytest.raises(Died):
        stop(operator.tenant, by=admin, reason="Unpaid", end_calls=True)
    assert story(operator.tenant)[-1].startswith("Admin Person asked to end 1 live call")
    operator.run_due_work()
    assert len(operator.command_requests()) == 1


def test_an_end_whose_sender_died_is_sent_by_another(operator, admin):
    call = operator.place_answered()
    suspension.end_live_calls(operator.tenant, by=admin)
    assert bulk_end.due() == [call.pk] and bulk_end.due() == []
    with scope.for_system("time passes"):
        Call.objects.filter(pk=call.pk).update(end_due_at=timezone.now() - timedelta(seconds=1))
    operator.run_due_work()
    assert len(operator.command_requests()) == 1


def test_an_end_that_no_worker_sends_raises_the_alarm_of_a_late_one(operator, admin):
    call = operator.place_answered()
    suspension.end_live_calls(operator.tenant, by=admin)
    assert bulk_end.due() == [call.pk]
    with scope.for_system("time passes"):
        late = Call.objects.get(pk=call.pk).end_asked_at - END_IS_LATE - timedelta(seconds=1)
        Call.objects.filter(pk=call.pk).update(end_asked_at=late)
    sweep.run()
    with scope.for_system("look"):
        assert Call.objects.get(pk=call.pk).alarm == Alarm.END_NOT_CONFIRMED
    assert operator.command_requests() == []


def let_pass(call, seconds):
    with scope.for_system("time passes"):
        Call.objects.filter(pk=call.pk).update(end_asked_at=F("end_asked_at") - timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "ask",
    [
        suspension.end_live_calls,
        partial(suspension.suspend, reason="Unpaid", end_calls=True),
        partial(suspension.close, reason="Unpaid", end_calls=True),
    ],
    ids=["end all", "suspend", "close"],
)
def test_the_alarm_of_a_late_end_counts_from_the_wish_and_needs_no_worker(operator, admin, sign_in, ask):
    call = operator.place_answered()
    before = call.version
    ask(operator.tenant, by=admin)
    now = operator.reload(call)
    assert now.end_asked_at is not None and now.version > before
    with scope.for_system("look"):
        assert Change.objects.filter(kind="call", ref=str(call.pk), version=now.version).exists(), "open pages hear it"
    console = sign_in(admin)
    page = console.get("/").content.decode()
    assert "we have not heard that it ended" not in page
    if again(operator.tenant).status != Tenant.Status.CLOSED:
        assert re.search(r'id="overview"\s+data-redraw-in="\d+"', page), "it draws itself again when the end is late"
    let_pass(call, 11.1)
    assert operator.reload(call).alarm == "", "no worker has taken a task"
    assert "we have not heard that it ended" in console.get("/").content.decode()
    assert operator.command_requests() == []


def test_a_second_wish_does_not_put_the_alarm_off(operator, admin):
    call = operator.place_answered()
    suspension.end_live_calls(operator.tenant, by=admin)
    let_pass(call, 8)
    first = operator.reload(call).end_asked_at
    suspension.end_live_calls(operator.tenant, by=admin)
    assert operator.reload(call).end_asked_at == first


def test_of_a_call_that_still_rings_the_alarm_counts_from_when_it_talks(operator, admin, sign_in):
    ringing = operator.place("+31612340077")
    suspension.end_live_calls(operator.tenant, by=admin)
    assert operator.reload(ringing).end_asked_at is None, "VoiceDock cannot end it yet"
    operator.control_sandbox(f"calls/{ringing.remote_id}/force", status="in-progress")
    operator.read_calls()
    assert operator.reload(ringing).end_asked_at is not None, "by the news alone"
    let_pass(ringing, 11.1)
    assert "we have not heard that it ended" in sign_in(admin).get("/").content.decode()


def test_ends_and_their_alarm_need_no_interactive_worker(operator, admin, monkeypatch):
    call = operator.place_answered()
    sent = []
    monkeypatch.setattr(call_tasks.end_call, "apply_async", lambda args, **_: sent.append(args[0]))
    suspension.end_live_calls(operator.tenant, by=admin)
    call_tasks.end_calls()
    assert sent == [str(call.pk)]
    let_pass(call, 11.1)
    call_tasks.end_calls()
    assert operator.reload(call).alarm == Alarm.END_NOT_CONFIRMED


def test_many_ends_of_one_connection_do_not_hold_up_those_of_another(bloom, harbor, admin):
    for tenant in [bloom] * (bulk_end.AT_ONCE + 1) + [harbor]:
        make_call(tenant)
    for tenant in (bloom, harbor):
        with scope.for_tenant(tenant.tenant):
            bulk_end.request(Call.objects.filter(tenant=tenant.tenant), by=admin)
    booked = bulk_end.due()
    with scope.for_system("whose they are"):
        owners = list(Call.objects.filter(pk__in=booked).values_list("tenant", flat=True))
    assert owners.count(bloom.tenant.pk) == bulk_end.AT_ONCE and owners.count(harbor.tenant.pk) == 1


def test_a_closed_client_holds_nothing_and_keeps_its_story(operator, admin, make_member, sign_in):
    owner = sign_in(make_member(operator.tenant, Role.OWNER))
    call = operator.place_answered()
    with scope.for_system("from later on"):
        number = dedications.Number.objects.create(
            connection=operator.connection, remote_id="n-later", e164="+31105559999"
        )
        later = dedications.dedicate_number(operator.tenant, number, by=admin, start=timezone.now() + timedelta(days=9))
    assert owner.get("/c/harbor/").status_code == 200
    suspension.close(operator.tenant, by=admin, reason="Went elsewhere", end_calls=True)
    operator.run_due_work()
    assert len(operator.command_requests()) == 1
    with scope.for_system("look"):
        assert not NumberDedication.objects.filter(tenant=operator.tenant, period__upper_inf=True).exists()
        assert NumberDedication.objects.get(pk=later.pk).period.lower > timezone.now()
        assert not operator.tenant.assistantdedications.open().exists()
        assert Call.objects.filter(pk=call.pk, tenant=operator.tenant).exists()
        assert Tenant.objects.get(pk=operator.tenant.pk).default_number_id is None
    assert owner.get("/c/harbor/").status_code == 404
    with pytest.raises(intents.CallRefused):
        operator.place("+31612340078")
    with scope.for_system("try"), pytest.raises(dedications.AlreadyDedicated, match="Harbor is closed"):
        dedicating.dedicate_number(operator.tenant, number, by=admin)
    suspension.reopen(operator.tenant, by=admin, reason="Came back")
    assert owner.get("/c/harbor/").status_code == 200
    with pytest.raises(intents.CallRefused, match="not assigned to you"):
        operator.place("+31612340078")


def test_a_client_is_not_closed_while_a_call_is_on_its_way_out(bloom, admin):
    make_call(bloom, state="sending", lease_until=timezone.now())
    with pytest.raises(dedicating.InUse):
        suspension.close(bloom.tenant, by=admin, reason="Went elsewhere")
    assert again(bloom.tenant).status == "active"
    with scope.for_system("look"):
        assert bloom.tenant.numberdedications.open().exists()


def test_nothing_changes_twice_or_without_a_reason(bloom, admin):
    with pytest.raises(tenant_status.StatusChangeRefused, match="Write why"):
        suspension.suspend(bloom.tenant, by=admin, reason="  ")
    suspension.suspend(bloom.tenant, by=admin, reason="Unpaid")
    with pytest.raises(tenant_status.StatusChangeRefused, match="Bloom Dental is suspended already"):
        suspension.suspend(bloom.tenant, by=admin, reason="Unpaid")
    suspension.close(bloom.tenant, by=admin, reason="Gone")
    with pytest.raises(tenant_status.StatusChangeRefused, match="Bloom Dental is closed already"):
        suspension.close(bloom.tenant, by=admin, reason="Gone")


def test_campaigns_of_a_stopped_client_are_paused_and_kept_so(operator, make_remote_campaign, admin):
    remote = operator.sandbox.state.campaigns[make_remote_campaign("Recall", "Dispatch desk")]
    campaigns.campaigns(operator.connection)
    remote.status = "scheduled"
    campaigns.campaigns(operator.connection)
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
    assert remote.status == "paused"
    rechecks.run()  # as every few seconds: the pause is seen
    remote.status = "scheduled"  # somebody resumed it in VoiceDock's own dashboard
    campaigns.campaigns(operator.connection)
    rechecks.run()
    assert remote.status == "paused"
    assert rechecks.run() == []


def test_staff_suspend_close_and_reopen_on_the_clients_page(admin_browser, bloom, make_member, sign_in):
    make_call(bloom)
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "1 call is live now" in page and "Let them run" in page and "Reopen…" not in page
    missing = admin_browser.post("/clients/bloom-dental/suspend/", {"reason": ""})
    assert missing.status_code == 422 and "Write why; it stays" in missing.content.decode()
    assert re.search(r'<dialog id="suspend"[^>]* open data-modal', missing.content.decode())
    assert admin_browser.post("/clients/bloom-dental/suspend/", {"reason": "Unpaid", "calls": "run"}).status_code == 302
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Bloom Dental is suspended." in page and "Admin Person suspended Bloom Dental: Unpaid" in page
    assert "1 call is still live" in page and "End it now" in page and "Suspend…" not in page
    inside = sign_in(make_member(bloom, Role.OPERATOR)).get("/c/bloom-dental/call/").content.decode()
    assert "Bloom Dental is suspended." in inside
    again = admin_browser.post("/clients/bloom-dental/suspend/", {"reason": "Unpaid"})
    assert again.status_code == 409 and "is suspended already" in again.content.decode()
    assert admin_browser.post("/clients/bloom-dental/close/", {"reason": "Gone"}).status_code == 302
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "kept until its retention ends" in page and 'name="start"' not in page
    assert admin_browser.post("/clients/bloom-dental/reopen/", {"reason": "Back"}).status_code == 302
    assert "Bloom Dental is suspended." not in admin_browser.get("/clients/bloom-dental/").content.decode()


def test_an_alarm_about_a_wrong_number_stands_on_the_clients_page(admin_browser, bloom, sign_in, make_staff):
    assert "Dialing has stopped" not in admin_browser.get("/clients/bloom-dental/").content.decode()
    call = make_call(bloom, state="ended", reported_line="+31105550140", alarm="wrong-number", alarm_at=timezone.now())
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Dialing has stopped for Bloom Dental." in page and f"/c/bloom-dental/calls/{call.pk}/" in page
    finance = sign_in(make_staff(StaffRole.FINANCE)).get("/clients/bloom-dental/").content.decode()
    assert "Dialing has stopped" not in finance


def test_finance_may_not(sign_in, make_staff, bloom):
    browser = sign_in(make_staff(StaffRole.FINANCE))
    for action in ("suspend", "close", "reopen", "end-calls"):
        assert browser.post(f"/clients/bloom-dental/{action}/", {"reason": "x"}).status_code == 403
    assert "Suspend…" not in browser.get("/clients/bloom-dental/").content.decode()


def test_an_open_page_of_a_suspended_client_says_so_and_notices_the_reopening(bloom, admin, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.VIEWER))
    status = "/c/bloom-dental/status/"
    assert status in browser.get("/c/bloom-dental/").content.decode()
    assert "suspended" not in browser.get(status).content.decode()
    suspension.suspend(bloom.tenant, by=admin, reason="Unpaid")
    assert "Bloom Dental is suspended." in browser.get(status).content.decode()
    assert browser.get("/c/bloom-dental/calls/").status_code == 200
    suspension.reopen(bloom.tenant, by=admin, reason="Paid")
    assert "suspended" not in browser.get(status).content.decode()
