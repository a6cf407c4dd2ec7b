"""One item that cannot be read stops no other; long values are cut by one rule, and the cut shows."""

import json
from datetime import timedelta

import httpx
import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import DataError
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Alarm, Call, CallReport
from dashboard.calls.updates import apply, matching
from dashboard.calls.updates import sync as calls_sync
from dashboard.campaigns import sync as campaigns_sync
from dashboard.campaigns.models import Campaign
from dashboard.inventory import sync
from dashboard.sync import text_lengths, unreadable_items
from dashboard.sync.models import Kind, SyncState, UnreadableItem
from dashboard.voicedock.envelopes import read_each
from tenants.access.permissions import StaffRole
from tenants.isolation import scope
from tenants.models import Assistant, Number

LONG = "+" + "1" * 500


class Changed(httpx.BaseTransport):
    """Answers of the sandbox, changed on their way by `change(path, body)`."""

    def __init__(self, transport, change):
        self.transport, self.change = transport, change

    def handle_request(self, request):
        answer = self.transport.handle_request(request)
        answer.read()
        try:
            body = answer.json()
        except json.JSONDecodeError:
            return answer
        self.change(request.url.path, body)
        return httpx.Response(answer.status_code, json=body)


@pytest.fixture
def changed(settings, sandbox):
    def install(change):
        settings.VOICEDOCK_TRANSPORT = Changed(settings.VOICEDOCK_TRANSPORT, change)

    return install


def a_call(its_id, **more):
    moment = timezone.now().isoformat()
    facts = {"status": "ended", "direction": "outbound", "caller_phone": "+31612340001", "created_at": moment}
    facts |= {"agent_id": "nobodys", "updated_at": moment, "ended_at": moment}
    return {"id": its_id, "assistant_phone": "+31105550161"} | facts | more


def kept():
    with scope.for_system("what was kept"):
        return {(item.kind, item.remote_id): item for item in UnreadableItem.objects.all()}


def states():
    with scope.for_system("look"):
        return dict(Call.objects.values_list("remote_id", "state"))


def test_text_is_cut_with_a_mark_and_ids_stay_unique():
    assert text_lengths.fit(Call, "end_reason", "short") == "short"
    line, ids = (
        text_lengths.fit(Call, "reported_line", LONG),
        [text_lengths.fit(Call, "remote_id", "x" * 400 + end) for end in "ab"],
    )
    assert len(line) == 32 and line.endswith("…")
    assert len(set(ids)) == 2 and all(len(one) == 200 and text_lengths.is_cut(one) for one in ids)
    assert text_lengths.fit(Call, "remote_id", "x" * 400 + "a") == ids[0]
    assert text_lengths.fit(CallReport, "summary", "x" * 5000) == "x" * 5000


def test_facts_of_calls_fit_their_columns_whatever_their_length():
    """Every text of a call and its report, from both sources, cut to its column."""
    text = dict.fromkeys(voicedock.RemoteCall.__dataclass_fields__, "+" + "9" * 3000)
    link = "https://recordings.example/" + "x" * 3000
    remote = voicedock.RemoteCall.read(text | {"messages": [], "analysis_result": None, "recording_url": link})
    event = voicedock.webhooks.read_event(
        json.dumps(
            {
                "type": "status-update" * 9,
                "call": {"id": LONG, "type": "outbound_phone_call", "status": LONG},
                "phone_number": {"id": LONG, "number": LONG},
                "customer": {"number": LONG},
                "assistant": {"llm_config": {"provider": LONG}},
                "end_reason": LONG,
                "error": LONG * 3,
            }
        ).encode()
    )
    for facts in (apply.CallUpdate.of_remote(remote), apply.CallUpdate.of_event(event)):
        found = vars(facts) | dict(facts.fields) | {"state": facts.status}
        found = {name: value for name, value in found.items() if name not in ("report", "told")} | dict(facts.report)
        for name, value in found.items():
            for model in (Call, CallReport):
                try:
                    longest = model._meta.get_field(name).max_length
                except FieldDoesNotExist:
                    continue
                assert not isinstance(value, str) or longest is None or len(value) <= longest, name
        assert "recording_url" not in facts.report


def test_a_poisoned_call_stops_none_of_the_others_and_is_kept_aside(agency, changed):
    refused = {"call-broken"}

    def poison(path, body):
        if path.endswith("/calls"):
            body["calls"] = [{"no": "id"}, a_call("call-broken"), a_call("call-" + LONG), a_call("call-good")]
            body["pagination"] = {"total": 4, "limit": 50, "offset": 0}

    changed(poison)
    with pytest.MonkeyPatch.context() as patch:
        new_call = matching.new_call

        def broken(connection, facts, *more):
            if facts.remote_id in refused:
                raise DataError("value too long\nDETAIL: secret words")
            return new_call(connection, facts, *more)

        patch.setattr(matching, "new_call", broken)
        calls_sync.finished(agency.connection)
        assert set(states()) == {"call-good", text_lengths.cut_id("call-" + LONG, 200)}
        assert set(kept()) == {("call", ""), ("call", "call-broken")}
        assert kept()["call", "call-broken"].reason == "DataError: value too long"
        state = SyncState.objects.get(connection=agency.connection, kind=Kind.CALLS)
        assert state.failures == 0 and state.fresh_at is not None

        refused.clear()
        calls_sync.finished(agency.connection)
    assert "call-broken" in states()
    assert ("call", "call-broken") not in kept(), "it was read after all"


def test_a_cut_caller_id_is_another_number_and_raises_the_alarm(agency, make_sandbox_tenant, changed):
    tenant = make_sandbox_tenant(agency, "bloom", numbers=("+31105550161",), assistants=("Dispatch desk",))
    with scope.for_system("its assistant"):
        speaker = Assistant.objects.get(dedications__tenant=tenant)

    def poison(path, body):
        if path.endswith("/calls"):
            line = "+31105550161" + "0" * 40
            body["calls"] = [a_call("call-long", assistant_phone=line, agent_id=speaker.remote_id)]

    changed(poison)
    calls_sync.finished(agency.connection)
    with scope.for_system("look"):
        call = Call.objects.get(remote_id="call-long")
        assert call.reported_line.endswith("…") and len(call.reported_line) == 32
        assert call.number_dedication_id is None
        assert (call.tenant_id, call.alarm) == (tenant.pk, Alarm.WRONG_NUMBER)


def test_numbers_assistants_and_campaigns_survive_one_that_cannot_be_read(agency, changed):
    poisoned = False

    def poison(path, body):
        for name in ("numbers", "assistants", "campaigns"):
            if path.endswith(f"/{name}"):
                listed = body[name] or [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}]
                first = {**listed[0], "name": "N" * 900, "business_name": "B" * 900}
                body[name] = [{"nothing": 1}, first] if poisoned else listed

    changed(poison)
    campaigns_sync.campaigns(agency.connection)
    with scope.for_system("before"):
        before = Number.objects.filter(vanished_at=None).count(), Assistant.objects.filter(vanished_at=None).count()
        campaigns = Campaign.objects.filter(vanished_at=None).count()
    poisoned = True
    sync.inventory(agency.connection)
    campaigns_sync.campaigns(agency.connection)
    with scope.for_system("after"):
        after = Number.objects.filter(vanished_at=None).count(), Assistant.objects.filter(vanished_at=None).count()
        assert after == before, "what could not be read may be any of those that are missing"
        assert Campaign.objects.filter(vanished_at=None).count() == campaigns
        assert Assistant.objects.filter(name__startswith="NNN", name__endswith="…").count() == 1
    assert {kind for kind, _ in kept()} == {"number", "assistant", "campaign"}


def test_a_list_of_which_nothing_can_be_read_is_an_error():
    with pytest.raises(voicedock.Malformed):
        read_each([{}, {"id": ""}], voicedock.RemoteNumber.read)
    assert read_each([], voicedock.RemoteNumber.read) == []


def test_what_is_kept_aside_is_bounded_and_forgotten(agency):
    items = unreadable_items.Items(agency.connection)
    for start in (0, 150):
        items.failed = {("call", f"call-{at}"): "broken" for at in range(start, start + 150)}
        items.save()
    assert len(kept()) == unreadable_items.MAX_ROWS
    with scope.for_system("a month later"):
        UnreadableItem.objects.update(last_at=timezone.now() - timedelta(days=31))
    assert unreadable_items.prune() == unreadable_items.MAX_ROWS


def test_staff_see_it_on_the_connections_page(agency, make_staff, sign_in):
    items = unreadable_items.Items(agency.connection)
    items.failed = {("call", "call-odd"): "DataError: value too long"}
    items.save()
    page = sign_in(make_staff(StaffRole.ADMIN)).get(f"/connections/{agency.connection.pk}/").content.decode()
    assert "Could not be read" in page and "call-odd" in page and "value too long" in page
