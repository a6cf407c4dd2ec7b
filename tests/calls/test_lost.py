"""A call that VoiceDock does not know any more: said so after two minutes, settled by a person, or back by itself."""

import uuid
from datetime import timedelta

import httpx
import pytest
from django.db.models import F
from django.utils import timezone

from dashboard.calls import manual_resolution, queries
from dashboard.calls.control import commands
from dashboard.calls.models import Alarm, Call, State
from dashboard.calls.placing import claims, intents
from dashboard.calls.updates import lost_calls, sync
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.call_factories import a_call


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
def hidden(desk, settings):
    """Ids of calls that VoiceDock has lost."""
    found: set[str] = set()
    settings.VOICEDOCK_TRANSPORT = Hiding(settings.VOICEDOCK_TRANSPORT, found)
    return found


def look(desk, minutes=0):
    """One sync of live calls, as if the first answer of 404 had been so long ago."""
    with scope.system("let time pass"):
        Call.objects.update(missing_since=F("missing_since") - timedelta(minutes=minutes))
    sync.live(desk.connection)


@pytest.fixture
def talking(desk):
    return desk.talking()


@pytest.fixture
def gone(desk, talking, hidden):
    hidden.add(talking.remote_id)
    look(desk)
    look(desk, minutes=2)
    return talking


def test_a_call_is_lost_only_after_the_stated_time(desk, talking, hidden):
    hidden.add(talking.remote_id)
    look(desk)
    call = desk.again(talking)
    assert call.state == State.IN_PROGRESS and call.missing_since is not None
    with scope.of(desk.tenant):
        assert queries.heard_at(call) == call.seen_at, "the sync that did not show it makes it no fresher"
    look(desk, minutes=1)
    assert desk.again(talking).state == State.IN_PROGRESS
    look(desk, minutes=1)
    call = desk.again(talking)
    assert (call.state, call.alarm, call.finished) == (State.LOST, Alarm.LOST, False)
    assert desk.actions()[-1] == "call.lost"
    look(desk, minutes=5)
    assert desk.actions().count("call.lost") == 1


def test_what_the_lists_show_again_in_between_is_not_lost(desk, talking, hidden):
    hidden.add(talking.remote_id)
    look(desk)
    hidden.clear()
    look(desk, minutes=5)
    assert desk.again(talking).missing_since is None
    assert desk.again(talking).state == State.IN_PROGRESS


def test_a_lost_call_frees_its_place_and_still_guards_its_person(desk, gone):
    with scope.of(desk.tenant):
        Tenant.objects.filter(pk=desk.tenant.pk).update(max_concurrent_calls=1)
        tenant = Tenant.objects.get(pk=desk.tenant.pk)
        assert claims.hindrance(tenant) == "" and queries.in_use(tenant) == 0
    with pytest.raises(intents.Refusal, match="not certain"):
        desk.place()
    assert desk.place("+31612340043").state == "dialing"


def test_a_command_for_it_is_not_sent_and_says_why(desk, gone):
    receipt = commands.send(desk.again(gone), {"type": "end-call"}, by=desk.user, token=uuid.uuid4())
    assert receipt.outcome == "refused" and "does not know this call any more" in receipt.note
    assert desk.commands() == []


def test_a_person_settles_it(desk, gone):
    call = desk.again(gone)
    with pytest.raises(manual_resolution.Refusal):
        manual_resolution.decide(call, manual_resolution.NOT_PLACED, by=desk.user)
    assert manual_resolution.decide(call, manual_resolution.IS_OVER, by=desk.user)
    call = desk.again(call)
    assert (call.state, call.alarm, call.finished) == (State.LOST, "", True)
    assert "decided that it is over" in call.error
    assert desk.actions()[-1] == "call.lost-settled"
    assert not manual_resolution.decide(call, manual_resolution.IS_OVER, by=desk.user)


def test_looking_on_asks_again_after_the_same_time(desk, gone):
    call = desk.again(gone)
    assert manual_resolution.decide(call, manual_resolution.KEEP_LOOKING, by=desk.user)
    assert (desk.again(call).state, desk.again(call).alarm) == (State.LOST, "")
    look(desk)
    assert desk.again(call).alarm == ""
    look(desk, minutes=2)
    assert desk.again(call).alarm == Alarm.LOST


@pytest.mark.parametrize("settled", [False, True])
def test_it_comes_back_when_voicedock_shows_it_again(desk, gone, hidden, settled):
    call = gone
    if settled:
        manual_resolution.decide(desk.again(call), manual_resolution.IS_OVER, by=desk.user)
    hidden.clear()
    look(desk)
    call = desk.again(call)
    assert (call.state, call.alarm, call.finished, call.missing_since) == (State.IN_PROGRESS, "", False, None)
    assert desk.actions()[-1] == "call.reappeared"
    desk.lever(f"calls/{call.remote_id}/force", status="ended")
    desk.look()
    assert desk.again(call).state == State.ENDED


def test_another_alarm_is_not_covered(desk, talking, hidden):
    with scope.system("a wrong number"):
        Call.objects.filter(pk=talking.pk).update(alarm=Alarm.WRONG_NUMBER, alarm_at=timezone.now())
    hidden.add(talking.remote_id)
    look(desk)
    look(desk, minutes=2)
    assert (desk.again(talking).state, desk.again(talking).alarm) == (State.LOST, Alarm.WRONG_NUMBER)
    manual_resolution.decide(desk.again(talking), manual_resolution.IS_OVER, by=desk.user)
    assert desk.again(talking).alarm == Alarm.WRONG_NUMBER, "the client's dialing stays stopped until staff look"


def test_every_missing_call_gets_its_turn(desk, monkeypatch, hidden):
    monkeypatch.setattr(sync, "SINGLE_READS", 1)
    calls = [desk.talking(f"+3161234004{at}") for at in range(3)]
    for call in calls:
        hidden.add(call.remote_id)
    for _ in calls:
        look(desk)
    assert all(desk.again(call).missing_since for call in calls)


def test_the_page_offers_the_decision(bloom, member, sign_in):
    call = a_call(bloom, state=State.LOST, alarm=Alarm.LOST, error=lost_calls.WORDS)
    operator = sign_in(member(bloom, Role.OPERATOR))
    address = f"/c/bloom-dental/calls/{call.pk}/"
    page = operator.get(address).content.decode()
    assert "VoiceDock does not know this call any more" in page and "It is over. Close it here." in page
    assert operator.post(f"{address}decide/", {"choice": "not-placed"}).status_code == 422
    assert operator.post(f"{address}decide/", {"choice": "is-over"}).status_code == 303
    page = operator.get(address).content.decode()
    assert "Lost at VoiceDock" in page and "decided that it is over" in page
