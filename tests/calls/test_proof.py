"""Proof of caller ID over every combination of what is known: meant, asked, reported, and how far the call came."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re

import pytest
from django.core import mail
from django.utils import timezone

from dashboard.calls import manual_resolution
from dashboard.calls.caller_id import alarms
from dashboard.calls.caller_id import report as caller_id
from dashboard.calls.caller_id.proof import CallerId, caller_id_of
from dashboard.calls.models import Call
from dashboard.ui.phone_numbers import grouped
from tenants import audit
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tenants.names import isolate
from tests.fixtures.call_factories import make_call, make_campaign, make_lead

OURS, OTHER, THIRD = "+31205550142", "+31105550140", "+31505550112"
STATES = ["queued", "sending", "refused", "unknown", "needs-person", "dialing", "in-progress", "ended", "failed"]
REPORTS = [(), (OURS,), (OTHER,), (OURS, OTHER), (OTHER, OURS), (OTHER, THIRD)]


def combinations():
    """Each as a call that is not saved, with the numbers that VoiceDock reported later."""
    for state, asked, reported, origin, dedicated, has_id, sent, refused, direction in itertools.product(
        STATES, ("", OURS, OTHER), REPORTS, ("placed", "adopted"), (True, False), (True, False), (True, False),
        (True, False), ("outbound", "inbound"),
    ):  # fmt: skip
        if origin == "placed" and (not dedicated or direction == "inbound"):
            continue  # the database holds both
        if origin == "adopted" and (asked or state in ("queued", "sending", "refused")):
            continue
        line = OURS if origin == "placed" or dedicated else next(iter(reported), "")
        call = Call(
            origin=origin,
            direction=direction,
            state=state,
            line=line,
            asked_line=asked,
            reported_line=next(iter(reported), ""),
            number_dedication_id=1 if dedicated else None,
            remote_id="call-_x" if has_id else "",
            sent_at=timezone.now() if sent else None,
            answered_status="refused" if refused else "",
        )
        yield call, reported[1:]


def test_no_sentence_says_more_than_is_known():
    count = 0
    for call, later in combinations():
        facts = CallerId.of(call, later)
        words, numbers = facts.sentence("Bloom"), set(re.findall(r"\+31 [\d ]+\d", facts.sentence("Bloom")))
        count += 1
        where = (call.state, facts, words)
        assert numbers <= {
            grouped(number) for number in (facts.meant, facts.asked, facts.expected, *facts.reported) if number
        }
        assert {grouped(number) for number in facts.reported} <= numbers, where
        assert "instead of" not in words and "It was placed from" not in words, where
        if not facts.outbound:
            continue
        assert (facts.meant == "") == (not facts.placed_here)
        if not facts.placed_here:
            assert "not placed here" in words and "meant to be" not in words and "asked" not in words, where
        if not facts.reported:
            assert "VoiceDock reported" not in words, where
            assert ("has not reported" in words) <= facts.is_dialed, where
        if facts.verdict == "agrees":
            assert set(facts.reported) == {facts.expected}, where
        assert ("The person saw" in words) == (facts.verdict == "agrees" and facts.placed_here), where
        if facts.verdict == "differs" and facts.placed_here and facts.reported:
            assert "but VoiceDock reported" in words, where
        if facts.verdict == "not-dialed":
            assert not facts.reported and "saw" not in words, where
        if facts.placed_here and not facts.asked and "VoiceDock was asked for" in words:
            assert "not recorded" in words, where
        if "nothing was dialed" in words.lower():
            assert call.state == "refused" and (facts.refused or not facts.sent), where
    assert count > 1000


def test_the_report_judges_each_call_as_its_page_does(bloom, admin):
    """The database computes the same verdict, for every combination that may stand in it as a finished call."""
    saved = 0
    for call, later in combinations():
        if (
            call.state not in ("refused", "ended")
            or call.direction == "inbound"
            or (call.answered_status and call.sent_at)
        ):
            continue
        more = {
            "number_dedication": bloom.number if call.number_dedication_id else None,
            "state": call.state,
            "counterpart": f"+3161{saved:07}",
            "sent_at": call.sent_at,
            "remote_id": f"call-_{saved}" if call.remote_id else "",
            "placed_at": None,
        }
        same = ("origin", "line", "asked_line", "reported_line", "answered_status")
        row = make_call(bloom, **more, **{name: getattr(call, name) for name in same})
        with scope.for_tenant(bloom.tenant):
            for number in later:
                entry = audit.record(admin, bloom.tenant, "call.reported-again", row, counterpart=row.counterpart)
                row.caller_id_corrections.create(
                    tenant=bloom.tenant, reported_line=number, reported_at=timezone.now(), entry=entry
                )
            found = caller_id.listed(bloom.tenant).get(pk=row.pk)
            assert found.verdict == caller_id_of(row).verdict == CallerId.of(call, later).verdict, (
                call.__dict__,
                later,
            )
            assert tuple(found.later) == later
        saved += 1
    assert saved > 100


def page_of(browser, call):
    return browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()


@pytest.fixture
def foreign(bloom):
    """A call that VoiceDock made with the client's assistant from a line that is not the client's."""
    return make_call(
        bloom,
        state="ended",
        origin="adopted",
        number_dedication=None,
        line=OTHER,
        reported_line=OTHER,
        alarm="wrong-number",
        alarm_at=timezone.now(),
    )


def test_a_foreign_line_is_reported_alike_on_every_page_and_in_the_mail(
    bloom, admin, support, foreign, visit_client, sign_in
):
    inside = visit_client(support, bloom)
    unknown = "so which number was meant is not known"
    assert unknown in page_of(inside, foreign) and "VoiceDock reported the same number" not in page_of(inside, foreign)
    assert unknown in sign_in(support).get("/clients/bloom-dental/").content.decode()
    alarms.mail()
    (message,) = mail.outbox
    assert "Meant:     not known, the call was not placed here" in message.body
    assert "Asked for: Not asked from here" in message.body and f"Reported:  {OTHER}" in message.body
    assert message.body.count(OTHER) == 1


@pytest.mark.parametrize(("meant", "is_unknown"), [("", True), (OTHER, True), (OURS, False)])
def test_the_activity_says_whether_it_is_known_what_was_meant(meant, is_unknown):
    details = {"counterpart": "+31612345678", "meant": meant, "reported": OTHER}
    entry = AuditEntry(action="call.wrong-number", actor="Patchbay", body=json.dumps({"details": details}))
    assert ("not placed here" in sentence(entry)) == is_unknown
    assert ("instead of" in sentence(entry)) == (not is_unknown)


def test_what_staff_cleared_stays_on_the_page_and_in_the_report(bloom, support, foreign, visit_client):
    inside = visit_client(support, bloom)
    assert manual_resolution.clear_alarm(foreign, by=support, reason="A campaign of VoiceDock’s own.")
    page = page_of(inside, foreign)
    assert "cleared the alarm about its number" in page and "A campaign of VoiceDock’s own." in page
    assert "which was not assigned to" in page, "and what was reported is still told"
    report = inside.get("/c/bloom-dental/caller-id/").content.decode()
    assert "Cleared: A campaign of VoiceDock’s own." in report


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"sent_at": None}, "VoiceDock was not asked. Nothing was dialed."),
        ({"asked_line": OURS, "answered_status": "refused"}, "VoiceDock refused, so nothing was dialed."),
        ({"asked_line": OURS}, "VoiceDock has reported no call."),
    ],
)
def test_a_refused_call_does_not_say_that_it_was_placed(bloom, support, visit_client, facts, words):
    call = make_call(bloom, state="refused", remote_id="", placed_at=None, **facts)
    page = page_of(visit_client(support, bloom), call)
    assert words in page and "It was placed from" not in page and "was meant to be placed from" in page


def test_a_call_that_was_tried_and_waits_again_was_not_simply_never_asked_for(bloom):
    """VoiceDock may have been asked and have taken nothing; what it was asked for is not kept then."""
    call = make_call(bloom, state="sending", remote_id="", placed_at=None)
    with scope.for_tenant(bloom.tenant):
        Call.objects.filter(pk=call.pk).update(state="queued", sent_at=None)
        waiting = caller_id_of(Call.objects.get(pk=call.pk))
    assert "not been asked" not in waiting.sentence("Bloom") and "tried again" in waiting.sentence("Bloom")
    assert waiting.asked_words == "Not recorded"


def test_a_call_of_a_campaign_is_proved_by_its_campaign_everywhere(
    bloom, harbor, admin, support, foreign, visit_client
):
    lead = make_lead(make_campaign(bloom, "Spring recall"), "calling", call_remote_id=foreign.remote_id)
    with scope.for_tenant(bloom.tenant):
        facts = caller_id_of(Call.objects.get(pk=foreign.pk))
    made = f"It was made by the campaign {isolate('Spring recall')} at VoiceDock"
    assert facts.campaign == "Spring recall" and facts.sentence("Bloom").startswith(made)
    assert "not placed here" not in facts.sentence("Bloom") and grouped(OTHER) in facts.sentence("Bloom")

    page = page_of(visit_client(support, bloom), foreign)
    assert "made by the campaign" in page and "not placed here" not in page
    assert f'href="/c/bloom-dental/campaigns/{lead.campaign_id}/"' in page and grouped(OTHER) in page
    alarms.mail()
    (message,) = mail.outbox
    assert "not known, a campaign at VoiceDock made the call" in message.body
    assert "made by the campaign" in message.body and "not placed here" not in message.body


def test_a_placed_call_is_never_one_of_a_campaign():
    call = Call(origin="placed", direction="outbound", state="ended", line=OURS, asked_line=OURS, reported_line=OURS)
    call.lead = {"name": "Ada", "campaign": "Spring recall", "campaign_id": 1}
    assert CallerId.of(call).campaign == "" and "campaign" not in CallerId.of(call).sentence("Bloom")


def test_no_number_is_called_meant_that_nobody_here_meant(bloom, admin, auditor, sign_in, visit_client):
    """Of a call that a campaign made, VoiceDock's report is known, and nothing of a wish."""
    found = {"origin": "adopted", "line": OURS, "reported_line": OURS, "number_dedication": bloom.number}
    call = make_call(bloom, state="ended", created_at=timezone.now(), **found)
    make_lead(make_campaign(bloom, "Spring recall"), "completed", call_remote_id=call.remote_id)
    answer = sign_in(auditor).get("/admin/questions/caller-id/", {"client": bloom.tenant.pk}).content.decode()
    row = re.search(r'<td data-label="Meant">(.*?)</td>', answer, re.S)
    assert row and row[1].strip() == "Not known"
    file = visit_client(admin, bloom).get("/c/bloom-dental/caller-id.csv?since=2020-01-01")
    (written,) = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig")))
    assert written["Number meant"] == "Not known" and OURS in written["Number VoiceDock reported"]
