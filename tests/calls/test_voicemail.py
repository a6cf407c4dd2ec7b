"""Voicemail is an outcome of its own, by what VoiceDock tells of the call, and out of the reached share."""

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.calls.updates import voicemail
from dashboard.calls.updates.voicemail import Source
from dashboard.overview import figures
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call


def user(text):
    return [{"role": "assistant", "content": "Good day."}, {"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("facts", "source"),
    [
        ({"end_reason": "voicemail"}, Source.END_REASON),
        ({"end_reason": "answering-machine-detected"}, Source.END_REASON),
        ({"end_reason": "user_hangup"}, ""),
        ({"analysis": {"voicemail": True}}, Source.ANALYSIS),
        ({"analysis": {"answered_by": "machine_detected"}}, Source.ANALYSIS),
        ({"analysis": {"voicemail": False, "outcome": "appointment"}}, ""),
        ({"analysis": {"wants": "voicemail"}}, ""),
        ({"messages": user("You have reached Jan. Please leave a message after the tone.")}, Source.TRANSCRIPT),
        ({"messages": user("Spreek uw boodschap in na de piep.")}, Source.TRANSCRIPT),
        ({"messages": user("Bitte hinterlassen Sie eine Nachricht nach dem Signalton.")}, Source.TRANSCRIPT),
        ({"messages": user("Yes, speaking.")}, ""),
        ({"messages": [*user("Hello"), *user("Who?"), *user("No"), *user("I will leave a message later")]}, ""),
        ({"summary": "The assistant reached voicemail and hung up."}, Source.SUMMARY),
        ({"summary": "The caller asked how to set up voicemail."}, ""),
        ({"analysis": {"voicemail": True}, "direction": "inbound"}, ""),
    ],
)
def test_what_tells_that_a_machine_took_the_call(facts, source):
    given = {"end_reason": "", "analysis": None, "messages": [], "summary": "", "direction": "outbound"} | facts
    direction = given.pop("direction")
    assert voicemail.source_of(*given.values(), direction=direction) == source


def test_a_voicemail_of_voicedock_is_known_and_reported(operator):
    operator.control_sandbox("outcomes", destination="+31612340042", outcome="voicemail")
    call = operator.place()
    operator.sandbox.clock.advance(120)
    operator.read_calls()
    operator.sandbox.clock.advance(60)
    operator.read_calls()
    call = operator.reload(call)
    assert call.finished and call.machine_source in (Source.ANALYSIS, Source.TRANSCRIPT)


def test_voicemail_is_not_reached(bloom):
    make_call(bloom, state="ended")
    make_call(bloom, state="ended", machine_source=Source.TRANSCRIPT)
    with scope.for_tenant(bloom.tenant):
        calls = Call.objects.filter(tenant=bloom.tenant)
        today = figures.weeks(calls, bloom.tenant.zone, timezone.now()).today.this
    assert (today.calls, today.reached, today.missed, today.share) == (2, 1, 1, 50)


def test_the_page_names_the_source_and_the_filter_finds_it(bloom, make_member, sign_in):
    from tenants.access.permissions import Role

    call, other = make_call(bloom, state="ended", machine_source=Source.SUMMARY), make_call(bloom, state="ended")
    owner = sign_in(make_member(bloom, Role.OWNER))
    page = owner.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    assert "Ended, voicemail" in page and "the summary says so" in page
    page = owner.get("/c/bloom-dental/calls/?state=machine").content.decode()
    assert str(call.pk) in page and str(other.pk) not in page
