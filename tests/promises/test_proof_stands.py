"""P1 afterwards: what proves the caller ID of a call is written once, by the database's own rule.

Everything here is tried by the application's log-in in SQL or by the ORM, with every check of the application left out.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls import manual_resolution
from dashboard.calls.caller_id import alarms
from dashboard.calls.models import AlarmClearing, Call, CallerIdCorrection, CallReport
from dashboard.calls.placing import intents, sending
from dashboard.calls.updates import apply
from dashboard.clients import dedicating, suspension
from tenants import audit, dedications
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, AuditEntry, Number, NumberDedication, Tenant
from tests.fixtures.call_factories import make_call, make_report

LIVE = ("sending", "dialing", "connecting", "ringing", "in-progress", "on-hold", "unknown", "needs-person")
FOREIGN = "+31505550112"


def refused(sql: str, *values: object, match: str) -> None:
    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)

    with scope.for_system("try"), pytest.raises(DatabaseError, match=match):
        run()


def reported(call, line, at=None, **more):
    """Hear a list in which VoiceDock tells this line of the call."""
    now = (at or datetime.now(UTC)).isoformat()
    facts = {
        "id": call.remote_id,
        "status": "in-progress",
        "direction": "outbound",
        "caller_phone": call.counterpart,
        "assistant_phone": line,
        "created_at": now,
        "started_at": now,
        "updated_at": now,
    }
    return apply.apply_update_in_transaction(
        call.connection, apply.CallUpdate.of_remote(voicedock.RemoteCall.read(facts | more))
    )


@pytest.mark.smoke
@pytest.mark.parametrize(
    "change",
    [
        "line = '+31105550140'",
        "line = ''",
        "reported_line = '+31105550140'",
        "reported_line = ''",
        "number_remote_id = 'other'",
        "asked_line = '+31105550140'",
        "asked_line = ''",
        "asked_number_remote_id = 'other'",
        "asked_assistant_remote_id = 'other'",
        "remote_id = 'call-_other'",
        "answered_at = now()",
        "answered_status = 'ringing'",
        "answered_remote_id = 'call-_other'",
        "origin = 'adopted'",
        "direction = 'inbound'",
        "requested_by_id = NULL",
        "client_token = gen_random_uuid()",
        "number_dedication_id = NULL, origin = 'adopted'",
        "tenant_id = NULL, number_dedication_id = NULL, assistant_dedication_id = NULL, origin = 'adopted'",
        "alarm = ''",
        "alarm_at = now()",
        "alarm = 'not-certain'",
        "data_removed_at = now()",
    ],
)
def test_what_was_sent_and_reported_is_not_rewritten(bloom, admin, change):
    call = make_call(bloom, by=admin, number_remote_id="num-1")
    with scope.for_system("it was answered, reported and the alarm was raised"):
        Call.objects.filter(pk=call.pk).update(
            answered_at=timezone.now(), answered_status="dialing", answered_remote_id=call.remote_id
        )
        Call.objects.filter(pk=call.pk).update(reported_line=FOREIGN, alarm="wrong-number")
    refused(f"UPDATE calls_call SET {change} WHERE id = %s", call.pk, match="not rewritten|retention|staff clear")


@pytest.mark.parametrize("column", ["number_dedication", "assistant_dedication"])
def test_another_dedication_of_the_same_client_is_not_put_in_afterwards(bloom, column):
    call = make_call(bloom, state="ended")
    with scope.for_system("one more of each"):
        number = Number.objects.create(connection=bloom.connection, remote_id="n2", e164="+31205550999")
        assistant = Assistant.objects.create(connection=bloom.connection, remote_id="a2", name="Second")
        other = {
            "number_dedication": dedications.dedicate_number(bloom.tenant, number, by=None),
            "assistant_dedication": dedications.dedicate_assistant(bloom.tenant, assistant, by=None),
        }[column]
        with pytest.raises(IntegrityError, match="not rewritten"), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(**{column: other})


def test_a_call_that_was_not_sent_yet_may_still_be_changed(bloom):
    call = make_call(bloom, state="queued", sent_at=None, remote_id="", placed_at=None)
    with scope.for_system("nothing has left"):
        assert Call.objects.filter(pk=call.pk).update(line="", assistant_name="Other") == 1


def test_a_line_that_differs_is_not_written_down_without_the_alarm(bloom):
    call = make_call(bloom)
    refused("UPDATE calls_call SET reported_line = %s WHERE id = %s", FOREIGN, call.pk, match="raises the alarm")


def test_a_later_report_with_another_line_is_kept_as_a_correction_and_raises_the_alarm(operator, admin):
    call = operator.place_answered()
    assert (operator.reload(call).reported_line, operator.reload(call).asked_line) == ("+31105550161", "+31105550161")
    for _ in range(2):
        reported(operator.reload(call), FOREIGN)
    now = operator.reload(call)
    assert (now.reported_line, now.alarm) == ("+31105550161", "wrong-number")
    with scope.for_system("look"):
        (correction,) = CallerIdCorrection.objects.filter(call=call)
        entry = AuditEntry.objects.get(pk=correction.entry_id)
    assert (correction.reported_line, entry.action) == (FOREIGN, "call.wrong-number")
    with pytest.raises(intents.CallRefused, match="left from a number that is not theirs"):
        operator.place("+31612340043")
    assert alarms.mail() == 1
    assert manual_resolution.clear_alarm(now, by=admin, reason="A fault of the carrier.")
    reported(operator.reload(call), "+31105550199")
    assert operator.reload(call).alarm == "wrong-number", "a third number is a new alarm"
    assert operator.audit_actions()[-3:] == ["call.wrong-number", "call.wrong-number-cleared", "call.wrong-number"]


def test_a_right_line_after_a_wrong_one_is_kept_and_takes_nothing_back(operator):
    call = operator.place()
    reported(operator.reload(call), FOREIGN)
    reported(operator.reload(call), "+31105550161", at=datetime.now(UTC) + timedelta(seconds=5))
    now = operator.reload(call)
    assert (now.reported_line, now.alarm) == (FOREIGN, "wrong-number")
    with scope.for_system("look"):
        assert CallerIdCorrection.objects.get(call=call).reported_line == "+31105550161"
    assert operator.audit_actions()[-2:] == ["call.wrong-number", "call.reported-again"]


def test_corrections_and_clearings_need_their_entry_and_stand(bloom, harbor, admin):
    call = make_call(bloom, state="ended", reported_line=FOREIGN, alarm="wrong-number", alarm_at=timezone.now())
    facts = {"call": call, "tenant": bloom.tenant}
    with scope.for_system("try"):
        other = audit.record(admin, bloom.tenant, "call.asked", call, counterpart="x")
        foreign = audit.record(admin, harbor.tenant, "call.wrong-number", call, counterpart="x")
        for entry in (other, foreign):
            with pytest.raises(IntegrityError, match="entry in the audit trail"), transaction.atomic():
                CallerIdCorrection.objects.create(reported_line="+1", reported_at=timezone.now(), entry=entry, **facts)
        with pytest.raises(IntegrityError, match="entry in the audit trail"), transaction.atomic():
            AlarmClearing.objects.create(alarm_at=call.alarm_at, cleared_by=admin, why="x", entry=other, **facts)
        right = audit.record(admin, bloom.tenant, "call.reported-again", call, counterpart="x")
        made = CallerIdCorrection.objects.create(reported_line="+1", reported_at=timezone.now(), entry=right, **facts)
    assert manual_resolution.clear_alarm(call, by=admin, reason="Looked at.")
    for table in ("calls_calleridcorrection", "calls_alarmclearing"):
        refused(f"UPDATE {table} SET tenant_id = tenant_id", match="permission denied")
        refused(f"DELETE FROM {table}", match="permission denied")
    with scope.for_system("look"):
        assert CallerIdCorrection.objects.get() == made
        clearing = AlarmClearing.objects.get()
        assert (clearing.cleared_by, clearing.why, Call.objects.get(pk=call.pk).alarm) == (admin, "Looked at.", "")


def test_an_alarm_about_a_wrong_line_outlives_whatever_else_becomes_of_the_call(operator):
    operator.add_fault("lost")
    call = operator.place()
    assert call.state == "unknown"
    with scope.for_system("a line is reported before the call is found"):
        Call.objects.filter(pk=call.pk).update(reported_line=FOREIGN, alarm="wrong-number")
    for _ in range(2):
        operator.let_pass(call, 30)
        operator.run_due_work()
    now = operator.reload(call)
    assert now.state in ("dialing", "connecting", "ringing", "in-progress") and now.alarm == "wrong-number"


def test_reports_stay_until_the_retention_of_their_client_ends(bloom):
    call = make_call(bloom, state="ended")
    make_report(bloom, call, summary="Words")
    refused("DELETE FROM calls_callreport WHERE call_id = %s", call.pk, match="retention of this call has not ended")
    other = make_call(bloom, state="ended")
    refused(
        "UPDATE calls_callreport SET call_id = %s WHERE call_id = %s", other.pk, call.pk, match="stays with its call"
    )
    with scope.for_system("look"):
        assert CallReport.objects.filter(call=call).exists()


@pytest.mark.parametrize("what", ["number", "assistant"])
def test_what_is_dedicated_keeps_its_id_at_voicedock(bloom, what):
    thing = getattr(getattr(bloom, what), what)
    with scope.for_system("try"):
        with pytest.raises(IntegrityError, match="keeps its id"), transaction.atomic():
            type(thing).objects.filter(pk=thing.pk).update(remote_id="another")
        assert type(thing).objects.filter(pk=thing.pk).update(name="Renamed") == 1
        getattr(dedications, f"end_{what}")(getattr(bloom, what), by=None)
        assert type(thing).objects.filter(pk=thing.pk).update(remote_id="another") == 1


# Time of dedications

KINDS = {"number": NumberDedication, "assistant": AssistantDedication}


def _free(setup, what):
    if what == "number":
        number = Number.objects.create(connection=setup.connection, remote_id="free", e164="+31205550999")
        return {"number": number, "e164": number.e164, "connection": setup.connection, "tenant": setup.tenant}
    assistant = Assistant.objects.create(connection=setup.connection, remote_id="free", name="Free")
    return {"assistant": assistant, "connection": setup.connection, "tenant": setup.tenant}


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [(-60, None, False), (-6, None, False), (-60, -30, False), (-60, 60, False), (-2, None, True), (60, 90, True)],
)
def test_a_dedication_begins_now_or_later(bloom, what, start, end, taken):
    now = timezone.now()
    period = DateTimeTZRange(*(now + timedelta(seconds=at) if at is not None else None for at in (start, end)))
    with scope.for_system("try"):
        rights = _free(bloom, what)
        if taken:
            assert KINDS[what].objects.create(period=period, **rights).pk
        else:
            with pytest.raises(IntegrityError, match="begins and ends now or later"), transaction.atomic():
                KINDS[what].objects.create(period=period, **rights)


@pytest.mark.parametrize("what", KINDS)
def test_a_dedication_ends_now_or_later_so_no_other_client_gets_its_past(bloom, harbor, what):
    held = getattr(bloom, what)
    past = DateTimeTZRange(held.period.lower, timezone.now() - timedelta(seconds=30))
    with scope.for_system("rewrite history"), pytest.raises(IntegrityError, match="now or later"), transaction.atomic():
        KINDS[what].objects.filter(pk=held.pk).update(period=past)
    with scope.for_system("end it properly"):
        getattr(dedications, f"end_{what}")(held, by=None)
        again = KINDS[what].objects.get(pk=held.pk)
        assert abs(again.period.upper - dedications.database_now()) < timedelta(seconds=5)
        thing = getattr(held, what)
        with pytest.raises(IntegrityError, match="now or later"), transaction.atomic():
            getattr(dedications, f"dedicate_{what}")(harbor.tenant, thing, by=None, start=held.period.lower)


def test_a_dedication_does_not_end_before_a_call_that_was_sent_by_it(bloom):
    make_call(bloom, state="ended", sent_at=timezone.now() + timedelta(seconds=30))
    for dedication in (bloom.number, bloom.assistant):
        period = DateTimeTZRange(dedication.period.lower, timezone.now() + timedelta(seconds=10))
        with scope.for_system("try"), pytest.raises(IntegrityError, match="sent after that end"), transaction.atomic():
            type(dedication).objects.filter(pk=dedication.pk).update(period=period)


# From the claim to the request


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("way", ["made", "moved"])
@pytest.mark.parametrize("lacks", ["client", "hold", "number", "assistant", "clearing"])
def test_no_way_into_a_live_state_without_the_right(bloom, state, way, lacks):
    queued = {"state": "queued", "sent_at": None, "remote_id": "", "placed_at": None}
    call = make_call(bloom, **queued)
    with scope.for_system("the right ends"):
        match lacks:
            case "client":
                Tenant.objects.filter(pk=bloom.tenant.pk).update(status="suspended")
            case "hold":
                Tenant.objects.filter(pk=bloom.tenant.pk).update(calls_held_until=timezone.now() + timedelta(minutes=1))
            case "number" | "assistant":
                getattr(dedications, f"end_{lacks}")(getattr(bloom, lacks), by=None)
            case "clearing":
                Call.objects.filter(pk=call.pk).update(alarm="wrong-number")
        with pytest.raises(IntegrityError), transaction.atomic():
            (_move if way == "moved" else _make)(bloom, call, state)


def _move(setup, call, state):
    Call.objects.filter(pk=call.pk).update(state=state)


def _make(setup, call, state):
    Call.objects.create(
        tenant=setup.tenant,
        connection=setup.connection,
        number_dedication=setup.number,
        assistant_dedication=setup.assistant,
        origin="placed",
        counterpart="+31612345699",
        destination_country="NL",
        client_token=uuid.uuid4(),
        state=state,
    )


def test_what_is_asked_is_written_by_the_database_when_the_call_is_claimed(operator):
    call = operator.place()
    now = operator.reload(call)
    number, assistant = operator.number.number, operator.assistant.assistant
    assert (now.meant_line, now.asked_line) == (operator.number.e164, operator.number.e164)
    assert (now.asked_number_remote_id, now.asked_assistant_remote_id) == (number.remote_id, assistant.remote_id)
    (sent,) = operator.dial_requests()
    assert sent["body"]["number_id"] == now.asked_number_remote_id


def test_another_number_than_the_dedicated_one_is_not_meant(bloom):
    call = make_call(bloom, state="queued", sent_at=None, remote_id="", placed_at=None, line="+31205550111")
    wrong = pytest.raises(IntegrityError, match="not the one that is dedicated")
    with scope.for_system("try"), wrong, transaction.atomic():
        Call.objects.filter(pk=call.pk).update(state="sending")


@pytest.mark.smoke
def test_a_call_is_sent_once_says_the_database_too(bloom):
    for state in ("unknown", "refused", "ended", "in-progress"):
        call = make_call(bloom, state=state, counterpart=f"+3161234{len(state):04}")
        refused("UPDATE calls_call SET state = 'sending' WHERE id = %s", call.pk, match="a call is sent once")


def test_no_right_ends_under_a_call_that_is_being_sent(bloom, admin, monkeypatch):
    monkeypatch.setattr(suspension, "WAITS", (0,))
    call = make_call(bloom, state="sending", remote_id="", placed_at=None, lease_until=timezone.now())
    with scope.for_system("by SQL"):
        for status in ("suspended", "closed"):
            with pytest.raises(IntegrityError, match="being sent"), transaction.atomic():
                Tenant.objects.filter(pk=bloom.tenant.pk).update(status=status)
        for end in (dedications.end_number, dedications.end_assistant):
            dedication = bloom.number if end is dedications.end_number else bloom.assistant
            with pytest.raises(IntegrityError, match="being sent by this dedication"), transaction.atomic():
                end(dedication, by=None)
    with pytest.raises(dedicating.InUse, match="try again"):
        suspension.suspend(bloom.tenant, by=admin, reason="Unpaid")
    with scope.for_system("it is answered"):
        assert Tenant.objects.get(pk=bloom.tenant.pk).status == "active"
        Call.objects.filter(pk=call.pk).update(state="ended", finished=True)
    suspension.suspend(bloom.tenant, by=admin, reason="Unpaid")


def test_a_suspension_between_claim_and_request_waits_and_the_next_call_waits_for_it(operator, admin, monkeypatch):
    """Asked for while a call is on its way: it is refused, and no new call leaves until it is tried again."""
    monkeypatch.setattr(suspension, "WAITS", (0,))
    real, tried = sending.voicedock.Client.place_call, []

    def meanwhile(client, **what):
        with pytest.raises(dedicating.InUse):
            suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
        with pytest.raises(intents.CallRefused, match="about to be suspended"):
            operator.place("+31612340099")
        tried.append(what)
        return real(client, **what)

    monkeypatch.setattr(sending.voicedock.Client, "place_call", meanwhile)
    assert operator.place().state == "dialing" and len(tried) == 1
    suspension.suspend(operator.tenant, by=admin, reason="Unpaid")
    assert len(operator.dial_requests()) == 1


def test_a_reason_that_is_missing_holds_no_call_back(operator, admin):
    with pytest.raises(suspension.tenant_status.StatusChangeRefused):
        suspension.suspend(operator.tenant, by=admin, reason=" ")
    assert operator.place().state == "dialing"


@pytest.mark.parametrize("lost", ["lease", "state"])
def test_a_claim_that_was_lost_before_the_request_leaves_sends_nothing(operator, monkeypatch, lost):
    """The process stood still between the claim and the request: the sweep gave the call up meanwhile."""
    real = sending.limiter.client_for

    def stands_still(*args, **kwargs):
        with scope.for_system("time goes by"):
            calls = Call.objects.filter(state="sending")
            if lost == "lease":
                calls.update(lease_until=timezone.now() + timedelta(seconds=5))
            else:
                calls.update(state="unknown")
        return real(*args, **kwargs)

    monkeypatch.setattr(sending.limiter, "client_for", stands_still)
    call = operator.place()
    assert operator.dial_requests() == []
    assert call.state == ("queued" if lost == "lease" else "refused")
    assert call.asked_line == ("" if lost == "lease" else operator.number.e164)


# A call is not made up


UNSENT = {"state": "queued", "sent_at": None, "remote_id": "", "placed_at": None}


def _placed(setup, **more):
    return {
        "tenant": setup.tenant,
        "connection": setup.connection,
        "number_dedication": setup.number,
        "assistant_dedication": setup.assistant,
        "origin": "placed",
        "counterpart": "+31612345699",
        "destination_country": "NL",
        "line": setup.number.e164,
        "client_token": uuid.uuid4(),
    } | more


def _found(setup, **more):
    facts = {"origin": "adopted", "client_token": None, "state": "ended", "finished": True, "remote_id": "call-_f"}
    return _placed(setup) | facts | {"reported_line": setup.number.e164} | more


def _inserted(match, **facts):
    with scope.for_system("try"), pytest.raises(IntegrityError, match=match), transaction.atomic():
        Call.objects.create(**facts)


@pytest.mark.parametrize("state", [*LIVE[1:], "lost", "ended", "transferred", "failed", "refused", "made-up"])
def test_a_call_that_is_placed_is_inserted_in_no_later_state(bloom, state):
    _inserted("begins with nothing told", **_placed(bloom, state=state))


@pytest.mark.parametrize("state", ["queued", "sending"])
@pytest.mark.parametrize(
    "fact",
    [
        {"reported_line": "+31205550142"},
        {"number_remote_id": "num-bloom-dental"},
        {"remote_id": "call-_1"},
        {"webhook_call_id": "h1"},
        {"answered_at": timezone.now()},
        {"answered_status": "dialing"},
        {"answered_remote_id": "call-_1"},
        {"placed_at": timezone.now()},
        {"started_at": timezone.now()},
        {"ended_at": timezone.now()},
        {"duration_seconds": 9},
        {"end_reason": "customer-ended-call"},
        {"machine_source": "summary"},
        {"analysis_outcome": "booked"},
        {"finished": True},
        {"alarm": "wrong-number"},
        {"data_removed_at": timezone.now()},
    ],
    ids=lambda fact: next(iter(fact)),
)
def test_a_call_is_inserted_without_reported_facts(bloom, state, fact):
    _inserted("begins with nothing told", **_placed(bloom, state=state, **fact))


@pytest.mark.parametrize("fact", ["sent_at", "claimed_at", "asked_line", "asked_number_remote_id"])
def test_a_call_that_waits_is_not_inserted_as_claimed(bloom, fact):
    value = timezone.now() if fact.endswith("_at") else bloom.number.e164
    _inserted("begins with nothing told", **_placed(bloom, state="queued", **{fact: value}))


@pytest.mark.parametrize("state", ["queued", "refused", "ended", "unknown", "in-progress"])
@pytest.mark.parametrize(
    "fact", ["reported_line = line", "remote_id = 'call-_1'", "webhook_call_id = 'h1'", "sent_at = now()"]
)
def test_a_call_that_was_never_claimed_has_no_reported_facts(bloom, state, fact):
    """In one step or in two: the call is inserted waiting, and its client loses the number before anything left."""
    call = make_call(bloom, **UNSENT)
    with scope.for_system("the right ends"):
        dedications.end_number(bloom.number, by=None)
    refused(
        f"UPDATE calls_call SET state = '{state}', {fact} WHERE id = %s",
        call.pk,
        match="never claimed|not dedicated now",
    )


def test_a_call_is_not_ended_before_it_was_claimed(bloom):
    call = make_call(bloom, **UNSENT)
    refused("UPDATE calls_call SET state = 'ended', finished = true WHERE id = %s", call.pk, match="never claimed")


@pytest.mark.parametrize("state", ["queued", "sending", "ended", "refused", "in-progress"])
def test_the_time_of_the_claim_is_written_by_the_claim_alone(bloom, state):
    call = make_call(bloom, **UNSENT) if state in ("queued", "sending") else make_call(bloom, state=state)
    with scope.for_system("claim"):
        if state == "sending":
            Call.objects.filter(pk=call.pk).update(state=state, claimed_at=timezone.now() - timedelta(days=3))
            assert timezone.now() - Call.objects.get(pk=call.pk).claimed_at < timedelta(minutes=1)
    for change in ("claimed_at = now() - interval '3 days'", "claimed_at = CASE WHEN state = 'queued' THEN now() END"):
        refused(f"UPDATE calls_call SET {change} WHERE id = %s", call.pk, match="not rewritten: claimed_at")


def test_a_call_that_was_given_back_to_the_queue_was_claimed_once(bloom):
    call = make_call(bloom, **UNSENT)
    with scope.for_system("claimed, and proven unsent"):
        Call.objects.filter(pk=call.pk).update(state="sending", sent_at=timezone.now())
        claimed = Call.objects.get(pk=call.pk).claimed_at
        Call.objects.filter(pk=call.pk).update(state="queued", sent_at=None)
        again = Call.objects.get(pk=call.pk)
    assert (again.asked_line, again.claimed_at) == ("", claimed)


@pytest.mark.parametrize(
    "claim",
    [
        {"client_token": uuid.uuid4()},
        {"asked_line": "+31205550142"},
        {"asked_number_remote_id": "num-bloom-dental"},
        {"asked_assistant_remote_id": "asst-bloom-dental"},
        {"answered_at": timezone.now()},
        {"answered_status": "dialing"},
        {"answered_remote_id": "call-_f"},
        {"sent_at": timezone.now()},
        {"claimed_at": timezone.now()},
        {"placed_at": timezone.now()},
    ],
    ids=lambda fact: next(iter(fact)),
)
def test_a_call_that_was_found_does_not_pass_for_one_that_was_placed(bloom, claim):
    _inserted("was found is not one", **_found(bloom) | claim)
    ((column, value),) = claim.items()
    with scope.for_system("afterwards"):
        call = Call.objects.create(**_found(bloom))
        with pytest.raises(IntegrityError, match=r"was found is not one|not rewritten"), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(**{column: value})


def test_a_call_that_was_found_has_nobody_who_asked_for_it(bloom, admin):
    _inserted("was found is not one", **_found(bloom, requested_by=admin))


def test_a_call_that_waits_does_not_turn_into_one_that_was_found(bloom):
    call = make_call(bloom, **UNSENT)
    refused("UPDATE calls_call SET origin = 'adopted' WHERE id = %s", call.pk, match="was found is not one")


def test_a_call_that_was_found_is_of_a_dedication_by_its_number_and_its_time(bloom):
    _inserted("has the number of its dedication", **_found(bloom, line=FOREIGN, reported_line=FOREIGN))
    early = bloom.number.period.lower - timedelta(days=1)
    _inserted("not dedicated then", **_found(bloom, created_at=early))
    with scope.for_system("it fits"):
        assert Call.objects.create(**_found(bloom)).pk


def test_there_is_no_third_origin(bloom):
    _inserted("placed here or found", **_found(bloom, origin="other"))
