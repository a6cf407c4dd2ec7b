"""A call that VoiceDock does not know any more: said so after two minutes, settled by a person, or back by itself."""

import uuid
from datetime import timedelta

import httpx
import pytest
from django.db.models import F
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls import manual_resolution, queries
from dashboard.calls.control import commands
from dashboard.calls.models import Alarm, Call, State
from dashboard.calls.placing import claims, intents
from dashboard.calls.updates import lost_calls, sync
from dashboard.connections.sync import AnotherOrganization
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import ConnectionSecret, Tenant
from tests.fixtures.call_factories import make_call


class Hiding(httpx.BaseTransport):
    """The sandbox, which does not know the calls in `hidden` any more."""

    def __init__(self, transport, hidden):
        self.transport, self.hidden = transport, hidden

    def handle_request(self, request):
        if any(request.url.path.endswith(f"/calls/{remote_id}") for remote_id in self.hidden):
            return httpx.Response(404, json={"error": "Call not found"})
        answer = self.transport.handle_request(request)
        if request.url.path.endswith("/calls"):
            answer.read()
            body = answer.json()
            body["calls"] = [call for call in body["calls"] if call["id"] not in self.hidden]
            return httpx.Response(answer.status_code, json=body)
        return answer


@pytest.fixture
def hidden(operator, settings):
    """Ids of calls that VoiceDock has lost."""
    found: set[str] = set()
    settings.VOICEDOCK_TRANSPORT = Hiding(settings.VOICEDOCK_TRANSPORT, found)
    return found


def look(operator, minutes=0):
    """One sync of live calls, as if the first answer of 404 had been so long ago."""
    with scope.for_system("let time pass"):
        Call.objects.update(missing_since=F("missing_since") - timedelta(minutes=minutes))
    sync.live(operator.connection)


@pytest.fixture
def talking(operator):
    return operator.place_answered()


@pytest.fixture
def gone(operator, talking, hidden):
    hidden.add(talking.remote_id)
    look(operator)
    look(operator, minutes=2)
    return talking


def test_a_call_is_lost_only_after_the_stated_time(operator, talking, hidden):
    hidden.add(talking.remote_id)
    look(operator)
    call = operator.reload(talking)
    assert call.state == State.IN_PROGRESS and call.missing_since is not None
    with scope.for_tenant(operator.tenant):
        assert queries.heard_at(call) == call.seen_at, "the sync that did not show it makes it no fresher"
    look(operator, minutes=1)
    assert operator.reload(talking).state == State.IN_PROGRESS
    look(operator, minutes=1)
    call = operator.reload(talking)
    assert (call.state, call.alarm, call.finished) == (State.LOST, Alarm.LOST, False)
    assert operator.audit_actions()[-1] == "call.lost"
    look(operator, minutes=5)
    assert operator.audit_actions().count("call.lost") == 1


def test_what_the_lists_show_again_in_between_is_not_lost(operator, talking, hidden):
    hidden.add(talking.remote_id)
    look(operator)
    hidden.clear()
    look(operator, minutes=5)
    assert operator.reload(talking).missing_since is None
    assert operator.reload(talking).state == State.IN_PROGRESS


def test_a_lost_call_frees_its_place_and_still_guards_its_person(operator, gone):
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=1)
        tenant = Tenant.objects.get(pk=operator.tenant.pk)
        assert claims.blocking_reason(tenant) == "" and queries.at_once(tenant).used == 0
    with pytest.raises(intents.CallRefused, match="not certain"):
        operator.place()
    assert operator.place("+31612340043").state == "dialing"


def test_a_command_for_it_is_not_sent_and_says_why(operator, gone):
    receipt = commands.send(operator.reload(gone), {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
    assert receipt.outcome == "refused" and "does not know this call any more" in receipt.note
    assert operator.command_requests() == []


def test_a_person_settles_it(operator, gone):
    call = operator.reload(gone)
    with pytest.raises(manual_resolution.DecisionRefused):
        manual_resolution.decide(call, manual_resolution.NOT_PLACED, by=operator.user)
    assert manual_resolution.decide(call, manual_resolution.IS_OVER, by=operator.user)
    call = operator.reload(call)
    assert (call.state, call.alarm, call.finished) == (State.LOST, "", True)
    assert "decided that it is over" in call.error
    assert operator.audit_actions()[-1] == "call.lost-settled"
    assert not manual_resolution.decide(call, manual_resolution.IS_OVER, by=operator.user)


def test_looking_on_asks_again_after_the_same_time(operator, gone):
    call = operator.reload(gone)
    assert manual_resolution.decide(call, manual_resolution.KEEP_LOOKING, by=operator.user)
    assert (operator.reload(call).state, operator.reload(call).alarm) == (State.LOST, "")
    look(operator)
    assert operator.reload(call).alarm == ""
    look(operator, minutes=2)
    assert operator.reload(call).alarm == Alarm.LOST


@pytest.mark.parametrize("settled", [False, True])
def test_it_comes_back_when_voicedock_shows_it_again(operator, gone, hidden, settled):
    call = gone
    if settled:
        manual_resolution.decide(operator.reload(call), manual_resolution.IS_OVER, by=operator.user)
    hidden.clear()
    look(operator)
    call = operator.reload(call)
    assert (call.state, call.alarm, call.finished, call.missing_since) == (State.IN_PROGRESS, "", False, None)
    assert operator.audit_actions()[-1] == "call.reappeared"
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    assert operator.reload(call).state == State.ENDED


def test_another_alarm_is_not_covered(operator, talking, hidden):
    with scope.for_system("a wrong number"):
        Call.objects.filter(pk=talking.pk).update(alarm=Alarm.WRONG_NUMBER, alarm_at=timezone.now())
    hidden.add(talking.remote_id)
    look(operator)
    look(operator, minutes=2)
    assert (operator.reload(talking).state, operator.reload(talking).alarm) == (State.LOST, Alarm.WRONG_NUMBER)
    manual_resolution.decide(operator.reload(talking), manual_resolution.IS_OVER, by=operator.user)
    assert operator.reload(talking).alarm == Alarm.WRONG_NUMBER, "the client's dialing stays stopped until staff look"


def test_every_missing_call_gets_its_turn(operator, monkeypatch, hidden):
    monkeypatch.setattr(sync, "SINGLE_READS", 1)
    calls = [operator.place_answered(f"+3161234004{at}") for at in range(3)]
    for call in calls:
        hidden.add(call.remote_id)
    for _ in calls:
        look(operator)
    assert all(operator.reload(call).missing_since for call in calls)


def test_the_page_offers_the_decision(bloom, make_member, sign_in):
    call = make_call(bloom, state=State.LOST, alarm=Alarm.LOST, error=lost_calls.NOT_KNOWN)
    operator = sign_in(make_member(bloom, Role.OPERATOR))
    address = f"/c/bloom-dental/calls/{call.pk}/"
    page = operator.get(address).content.decode()
    assert "VoiceDock does not know this call any more" in page and "It is over. Close it here." in page
    assert operator.post(f"{address}decide/", {"choice": "not-placed"}).status_code == 422
    assert operator.post(f"{address}decide/", {"choice": "is-over"}).status_code == 303
    page = operator.get(address).content.decode()
    assert page.count("You decided that it is over. VoiceDock never reported its end.") == 1


# A connection that does not answer for its organization


@pytest.fixture
def three(operator):
    return [operator.place_answered(f"+3161234004{at}") for at in range(3)]


def states(operator, calls):
    found = map(operator.reload, calls)
    return {(call.state, call.alarm, call.missing_since) for call in found}


def with_key(operator, key):
    with scope.for_system("another key"):
        secret = ConnectionSecret.objects.get(connection=operator.connection)
        secret.api_key = key
        secret.save()


def forget_when_it_was_confirmed(operator):
    SyncState.objects.filter(connection=operator.connection, kind=Kind.LIVE_CALLS).update(cursor={})


def fails(operator, error, minutes=0):
    with pytest.raises(error):
        look(operator, minutes)
    return SyncState.objects.get(connection=operator.connection, kind=Kind.LIVE_CALLS).failures


def test_a_key_of_another_organization_loses_no_call(operator, three):
    with_key(operator, "sandbox-bloom")
    for at in range(1, 4):
        assert fails(operator, AnotherOrganization, minutes=2) == at
        assert states(operator, three) == {(State.IN_PROGRESS, "", None)}
    with scope.for_system("look"):
        run = SyncRun.objects.filter(connection=operator.connection, kind=Kind.LIVE_CALLS).latest("started_at")
    assert "belongs to Bloom Dental" in run.error and "call.lost" not in operator.audit_actions()
    with_key(operator, "sandbox-agency")
    look(operator)
    assert states(operator, three) == {(State.IN_PROGRESS, "", None)}


def test_a_key_that_changes_organization_amid_the_wait_starts_it_anew(operator, talking, hidden):
    hidden.add(talking.remote_id)
    look(operator)
    assert operator.reload(talking).missing_since is not None
    forget_when_it_was_confirmed(operator)
    with_key(operator, "sandbox-bloom")
    fails(operator, AnotherOrganization, minutes=3)
    with_key(operator, "sandbox-agency")
    look(operator, minutes=3)
    assert operator.reload(talking).state == State.IN_PROGRESS
    look(operator, minutes=2)
    assert operator.reload(talking).state == State.LOST


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_organization_that_is_not_there_loses_no_call(operator, three, settings, status):
    """Lists that are empty and reads that find nothing, and no answer about the organization."""
    settings.VOICEDOCK_TRANSPORT = Removed(settings.VOICEDOCK_TRANSPORT, status)
    for at in range(1, 3):
        assert fails(operator, voicedock.VoiceDockError, minutes=3) == at
    assert states(operator, three) == {(State.IN_PROGRESS, "", None)}


class Removed(httpx.BaseTransport):
    """The sandbox, whose calls and organization are gone."""

    def __init__(self, transport, status):
        self.transport, self.status = transport, status

    def handle_request(self, request):
        if request.url.path.endswith("/calls"):
            return httpx.Response(200, json={"calls": [], "total": 0})
        if "/calls/" in request.url.path:
            return httpx.Response(404, json={"error": "Call not found"})
        return httpx.Response(self.status, json={"error": "Organization not found"})


def test_one_call_that_is_gone_among_others_is_lost_alone(operator, three, hidden):
    hidden.add(three[1].remote_id)
    look(operator)
    look(operator, minutes=2)
    assert [operator.reload(call).state for call in three] == [State.IN_PROGRESS, State.LOST, State.IN_PROGRESS]


def test_the_organization_is_asked_for_once_in_a_while(operator, talking, hidden):
    hidden.add(talking.remote_id)
    for _ in range(3):
        look(operator)
    asked = [entry for entry in operator.sandbox.log.since() if entry["path"].endswith("/organizations")]
    before = len(asked)
    forget_when_it_was_confirmed(operator)
    look(operator)
    assert len([one for one in operator.sandbox.log.since() if one["path"].endswith("/organizations")]) == before + 1
