"""One person steers a call at a time: the lease, taking over, and how it ends. End call is everybody's."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.db.models.functions import Now

from dashboard.calls.control import bulk_end, commands, steering
from dashboard.calls.models import Call, SteeringLease
from dashboard.live_updates.models import Change
from tenants.access.permissions import Role
from tenants.accounts import sessions
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call

HTMX = {"HX-Request": "true"}
STEER = re.compile(r"Steer this call\s*</button>\s*</form>")
SAY = {"type": "say", "content": "One moment."}
OTHERS = [
    SAY,
    {"type": "inject-context", "content": "She has paid."},
    {"type": "transfer", "destination": "+31612340099"},
]


def send(call: Any, command: Any, by: Any) -> Any:
    return commands.send(call, command, by=by, token=uuid.uuid4())


@pytest.fixture
def colleague(make_user: Any) -> Any:
    return make_user("Sem Vos")


def lease(call: Any) -> SteeringLease | None:
    with scope.for_system("look"):
        return steering.of(Call.objects.get(pk=call.pk))


def run_out(call: Any, seconds: float = 1) -> None:
    """As if the panel of the holder had not been heard of for as long as a lease lasts."""
    with scope.for_system("no sign of the panel"):
        SteeringLease.objects.filter(call=call.pk).update(until=Now() - timedelta(seconds=seconds))


def test_the_first_command_takes_the_lease_and_those_of_others_are_not_sent(operator, colleague):
    call = operator.place_answered()
    assert send(call, SAY, operator.user).outcome == "accepted"
    assert lease(call).holder == operator.user
    for command in OTHERS:
        receipt = send(call, command, colleague)
        assert (receipt.outcome, receipt.sent_at) == ("refused", None)
        assert receipt.note == (
            "Ines Vale steers this call, so the command was not sent. Press Take over to send it yourself."
        )
    assert len(operator.command_requests()) == 1
    assert operator.audit_actions()[-1] == "call.command-not-sent"
    assert send(call, SAY, operator.user).outcome == "accepted"


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_send_at_the_same_time_one_steers(operator, make_user):
    call = operator.place_answered()
    people = [operator.user, *(make_user(f"Person {number}") for number in range(5))]

    def attempt(person: Any) -> Any:
        try:
            return send(call, SAY, person)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as threads:
        receipts = list(threads.map(attempt, people))
    accepted = [receipt for receipt in receipts if receipt.outcome == "accepted"]
    assert len(accepted) == len(operator.command_requests()) == 1
    assert lease(call).holder == accepted[0].asked_by
    assert {receipt.sent_at for receipt in receipts if receipt not in accepted} == {None}


def in_its_tenant(call: Any, act: Callable[..., Any], **facts: Any) -> Any:
    try:
        with scope.for_tenant(call.tenant_id):
            return act(call, **facts)
    finally:
        connection.close()


def blocks_another() -> bool:
    """Whether another connection waits for what this transaction has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


class Meanwhile:
    """What goes on with a connection of its own once the lease was read, until it is done or has to wait."""

    def __init__(self, monkeypatch: Any, threads: ThreadPoolExecutor) -> None:
        self.monkeypatch, self.threads, self.read = monkeypatch, threads, steering.of
        self.had_to_wait = False
        self.running: Future[Any] | None = None

    def start(self, call: Any, act: Callable[..., Any], **facts: Any) -> None:
        def reading(read_call: Any) -> Any:
            found = self.read(read_call)
            self.monkeypatch.setattr(steering, "of", self.read)
            self.running = self.threads.submit(in_its_tenant, call, act, **facts)
            while not wait([self.running], timeout=0.02).done and not self.had_to_wait:
                self.had_to_wait = blocks_another()
            return found

        self.monkeypatch.setattr(steering, "of", reading)


@pytest.fixture
def meanwhile(monkeypatch: Any) -> Any:
    with ThreadPoolExecutor(1) as threads:
        yield Meanwhile(monkeypatch, threads)


@pytest.mark.django_db(transaction=True)
def test_a_renewal_does_not_take_back_what_was_taken_over_meanwhile(operator, colleague, meanwhile):
    call = operator.place_answered()
    send(call, SAY, operator.user)
    meanwhile.start(call, steering.take, by=colleague, session="theirs", from_another=True)
    renewed = in_its_tenant(call, steering.renew, by=operator.user, session="mine")
    assert renewed.holder == colleague, "the panel says who steers now"
    assert (lease(call).holder, lease(call).session) == (colleague, "theirs")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["stopped", "signed out"])
def test_who_gives_up_what_is_being_taken_over_waits_for_it(operator, colleague, meanwhile, how):
    call = operator.place_answered()
    send(call, SAY, operator.user)
    acts = {
        "stopped": lambda call, **_: steering.let_go(call, by=operator.user, session=""),
        "signed out": lambda call, **_: steering._free(SteeringLease.objects.filter(holder=operator.user)),
    }
    meanwhile.start(call, acts[how])
    taken = in_its_tenant(call, steering.take, by=colleague, session="theirs", from_another=True)
    meanwhile.running.result()
    assert meanwhile.had_to_wait
    assert (taken, lease(call).holder, lease(call).taken_from) == (steering.Taken.YES, colleague, operator.user)
    assert operator.audit_actions()[-1] == "call.steering-taken"
    assert "call.steering-stopped" not in operator.audit_actions()


def test_a_command_that_is_not_sent_for_another_reason_takes_nothing(operator):
    call = operator.place()
    assert send(call, SAY, operator.user).outcome == "refused"
    assert lease(call) is None


def test_everybody_ends_a_call_that_another_steers(operator, colleague):
    call = operator.place_answered()
    send(call, SAY, operator.user)
    assert send(call, {"type": "end-call"}, colleague).outcome == "accepted"
    assert lease(call).holder == operator.user
    with scope.for_tenant(operator.tenant):
        bulk_end.request(operator.tenant.calls.filter(pk=call.pk), by=colleague)
    for due in bulk_end.due():
        assert bulk_end.send(due).outcome == "accepted"
    assert [request["body"]["type"] for request in operator.command_requests()] == ["say", "end-call", "end-call"]


def test_a_lease_whose_holder_was_not_heard_of_is_free(operator, colleague):
    call = operator.place_answered()
    send(call, SAY, operator.user)
    run_out(call)
    assert lease(call) is None
    assert send(call, SAY, colleague).outcome == "accepted"
    assert lease(call).holder == colleague and lease(call).taken_from is None
    assert send(call, SAY, operator.user).outcome == "refused"


def test_a_call_that_is_over_is_steered_by_nobody(operator):
    call = operator.place_answered()
    send(call, SAY, operator.user)
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    assert lease(call) is None


@pytest.fixture
def panel(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    """A live call, and the browsers of two operators and a viewer who have its panel open."""
    call = make_call(bloom)

    class Panel:
        mira = make_member(bloom, Role.OPERATOR, "Mira Blom")
        sem = make_member(bloom, Role.OPERATOR, "Sem Vos")
        viewer = make_member(bloom, Role.VIEWER, "Vera Kok")

        def __init__(self) -> None:
            self.call = call
            self.browsers = {user: sign_in(user) for user in (self.mira, self.sem, self.viewer)}

        def at(self, part: str = "") -> str:
            return f"/c/bloom-dental/calls/{call.pk}/{part}"

        def viewers(self, user: Any) -> str:
            return self.browsers[user].get(self.at("?part=viewers"), headers=HTMX).content.decode()

        def steer(self, user: Any, **data: str) -> Any:
            return self.browsers[user].post(self.at("steer/"), data, headers=HTMX)

        def stop(self, user: Any, **data: str) -> Any:
            return self.browsers[user].post(self.at("stop-steering/"), data, headers=HTMX)

        def audit(self) -> list[str]:
            with scope.for_system("look"):
                entries = AuditEntry.objects.filter(tenant=bloom.tenant, action__startswith="call.steering")
                return [sentence(entry) for entry in entries.order_by("seq")]

    return Panel()


def test_each_panel_says_who_steers(panel):
    assert STEER.search(panel.viewers(panel.mira)) and "steers this call" not in panel.viewers(panel.mira)
    assert "<b>You steer this call</b>" in panel.steer(panel.mira).content.decode()
    other = panel.viewers(panel.sem)
    assert "<b>Mira Blom steers this call</b>" in other and "Take over" in other
    only = panel.viewers(panel.viewer)
    assert "<b>Mira Blom steers this call</b>" in only and "<form" not in only
    assert panel.browsers[panel.viewer].post(panel.at("steer/")).status_code == 403
    assert panel.audit() == ["Mira Blom began to steer the call with +31612345678."]


def test_taking_over_is_written_down_and_shown_to_whom_it_was_taken_from(panel):
    panel.steer(panel.mira)
    with scope.for_system("look"):
        Change.objects.all().delete()
    assert "<b>You steer this call</b>" in panel.steer(panel.sem, take_over="1").content.decode()
    with scope.for_system("look"):
        assert Change.objects.filter(kind="call", ref=str(panel.call.pk)).exists()
    shown = panel.viewers(panel.mira)
    at = lease(panel.call).since.astimezone(panel.call.tenant.zone)
    assert "<b>Sem Vos steers this call</b>" in shown and f"Sem Vos took over at {at:%H:%M:%S}" in shown
    assert "took over at" not in panel.viewers(panel.viewer)
    assert panel.audit()[1:] == ["Sem Vos took over the call with +31612345678 from Mira Blom, to steer it."]
    timeline = panel.browsers[panel.mira].get(panel.at("?part=timeline"), headers=HTMX).content.decode()
    assert "Sem Vos took over from Mira Blom" in timeline


def test_steer_takes_nothing_from_somebody_who_began_meanwhile(panel):
    panel.steer(panel.mira)
    answer = panel.steer(panel.sem).content.decode()
    assert "Somebody else began to steer this call meanwhile." in answer and "Take over" in answer
    assert lease(panel.call).holder == panel.mira
    page = panel.browsers[panel.sem].post(panel.at("steer/"), follow=True)
    assert page.redirect_chain == [(panel.at(), 303)]
    assert "Somebody else began to steer this call meanwhile." in page.content.decode()


def test_an_open_panel_renews_the_lease_in_each_tab_and_only_its_holders(panel):
    panel.steer(panel.mira)
    with scope.for_system("nearly over"):
        SteeringLease.objects.update(until=Now() + timedelta(seconds=3))
    panel.viewers(panel.sem)
    assert lease(panel.call).remaining < timedelta(seconds=4)
    assert "<b>You steer this call</b>" in panel.browsers[panel.mira].get(panel.at()).content.decode()
    assert lease(panel.call).remaining > timedelta(seconds=20)


def test_a_panel_that_comes_back_after_its_lease_ran_out_steers_no_more(panel):
    panel.steer(panel.mira)
    run_out(panel.call)
    assert "steers this call" not in panel.viewers(panel.sem)
    panel.steer(panel.sem)
    back = panel.viewers(panel.mira)
    assert "<b>Sem Vos steers this call</b>" in back and "took over at" not in back


def test_a_closed_panel_lets_go_unless_another_one_is_open(panel):
    panel.steer(panel.mira)
    assert panel.stop(panel.mira, closing="1").status_code == 204
    assert lease(panel.call).remaining <= steering.CLOSING
    assert "<b>You steer this call</b>" in panel.viewers(panel.mira)  # the other tab, which heard of a change
    assert lease(panel.call).remaining > steering.CLOSING
    panel.stop(panel.sem, closing="1")
    assert lease(panel.call).remaining > steering.CLOSING
    assert STEER.search(panel.stop(panel.mira).content.decode())
    assert lease(panel.call) is None
    panel.stop(panel.mira)
    assert panel.audit()[1:] == ["Mira Blom stopped steering the call with +31612345678."]


def test_signing_out_frees_the_call(panel):
    panel.steer(panel.mira)
    panel.browsers[panel.mira].post("/accounts/logout/")
    assert lease(panel.call) is None


def test_a_revoked_session_frees_the_call(panel, sign_in):
    listed = []
    for browser in (panel.browsers[panel.mira], sign_in(panel.mira)):
        facts = {"user": panel.mira, "ip": "192.0.2.1", "user_agent": "x"}
        listed.append(UserSession.objects.create(session_key=browser.session.session_key, **facts))
    panel.steer(panel.mira)
    sessions.end(panel.mira, listed[1:])
    assert lease(panel.call).holder == panel.mira
    sessions.end(panel.mira, listed[:1])
    assert lease(panel.call) is None


def test_what_is_refused_stays_in_the_composer(panel, monkeypatch):
    panel.steer(panel.mira)
    data = {"type": "say", "words": "We call back.", "token": str(uuid.uuid4())}
    answer = panel.browsers[panel.sem].post(panel.at("command/"), data, headers=HTMX).content.decode()
    assert "Mira Blom steers this call, so the command was not sent." in answer
    assert ">We call back.</textarea>" in answer


def test_old_leases_are_deleted(panel):
    panel.steer(panel.mira)
    assert steering.prune() == 0
    run_out(panel.call, seconds=3700)
    assert steering.prune() == 1


def test_another_client_sees_no_lease(panel, harbor):
    panel.steer(panel.mira)
    with scope.for_tenant(harbor.tenant):
        assert not SteeringLease.objects.exists()
