"""The live panel and the page of a call that is over."""

import re
import uuid
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls.control import commands as control
from dashboard.calls.live import presence
from dashboard.calls.models import Call
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call, make_receipt, make_report

HTMX = {"HX-Request": "true"}
RECEPTION = {"type": "transfer", "destination": "+31205550150"}
XSS = '<script>alert("x")</script>'


def at(call: Any, part: str = "") -> str:
    return f"/c/bloom-dental/calls/{call.pk}/{part}"


@pytest.fixture
def operator_browser(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OPERATOR))


@pytest.fixture
def viewer(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.VIEWER))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, bloom: Any) -> list[dict]:
    """Commands that reached the verb; each leaves an accepted receipt, nothing leaves us."""
    commands: list[dict] = []

    def send(call: Any, command: Any, *, by: Any, token: Any, origin: Any = None) -> Any:
        with scope.for_tenant(call.tenant_id):
            Call.objects.get(pk=call.pk, tenant=call.tenant_id)  # as the real one finds it
        commands.append({"command": command, "token": token})
        return make_receipt(bloom, call, "say", token=token, asked_by=by)

    monkeypatch.setattr(control, "send", send)
    return commands


@pytest.mark.parametrize(
    ("family", "context", "say", "transfer"),
    [
        ("pipeline", "works", "works", "works"),
        ("xai_realtime", "may be ignored", "unreliable here", "goes through"),
        ("google_realtime", "not documented", "not documented", "not documented"),
        ("openai_live", "not documented", "not documented", "not documented"),
        ("unknown", "not documented", "not documented", "not documented"),
        ("from-the-future", "not documented", "not documented", "not documented"),
    ],
)
def test_what_each_family_can_do_is_messages_before_the_click(bloom, operator_browser, family, context, say, transfer):
    page = operator_browser.get(at(make_call(bloom, family=family))).content.decode()

    captions = re.findall(r'<small class="(?:works|maybe|poor)">([^<]+)</small>', page)
    assert captions == [context, say, transfer]
    assert ("Transfer to a person who can say it" in page) is (family != "pipeline")
    assert ("Say it anyway" in page) is (family == "xai_realtime")
    assert "data-end-call" in page
    assert not re.search(r"data-end-call[^>]*disabled", page)


@pytest.mark.parametrize("state", ["queued", "dialing", "ringing"])
def test_before_it_is_answered_one_may_write_but_not_send(bloom, operator_browser, state):
    page = operator_browser.get(at(make_call(bloom, state=state))).content.decode()

    assert "You can steer as soon as it is in progress" in page
    assert "VoiceDock can end a call only once it is in progress" in page
    assert re.search(r"data-end-call[^>]*disabled", page)
    assert page.count("disabled>") >= 4


def test_a_lost_call_asks_not_to_dial_again_and_then_for_a_decision(bloom, operator_browser):
    lost = make_call(bloom, state="unknown", remote_id="", alarm="not-certain", counterpart="+31611111111")
    stuck = make_call(bloom, state="needs-person", remote_id="", alarm="not-certain", counterpart="+31622222222")

    looking, deciding = (
        operator_browser.get(at(lost)).content.decode(),
        operator_browser.get(at(stuck)).content.decode(),
    )

    assert "Don’t dial again yet" in looking
    assert 'name="choice"' not in looking
    assert 'name="choice"' in deciding
    assert 'id="steer"' not in looking + deciding
    assert operator_browser.post(at(stuck, "decide/"), {"choice": "nonsense"}).status_code == 422


def test_an_end_that_did_not_work_offers_to_end_again(bloom, operator_browser):
    page = operator_browser.get(at(make_call(bloom, alarm="end-not-confirmed"))).content.decode()

    assert "End call is not confirmed" in page
    assert "End again" in page


def test_the_composer_is_left_alone_until_what_one_may_do_changes(bloom, operator_browser):
    call = make_call(bloom)
    page = operator_browser.get(at(call)).content.decode()
    seen = re.search(r"part=actions&amp;seen=([^\"]+)", page)[1]

    assert operator_browser.get(at(call, f"?part=actions&seen={seen}"), headers=HTMX).status_code == 204
    with scope.for_tenant(bloom.tenant):
        call.state, call.finished = "ended", True
        call.save()
    assert operator_browser.get(at(call, f"?part=actions&seen={seen}"), headers=HTMX).status_code == 204
    over = operator_browser.get(at(call, "?part=header"), headers=HTMX)
    assert "VoiceDock has not sent the summary yet" in over.content.decode()
    assert (over.headers["HX-Retarget"], over.headers["HX-Reswap"]) == ("#call-page", "outerHTML")


@pytest.mark.parametrize("part", ["header", "timeline", "quota", "actions"])
def test_each_part_comes_alone_with_its_own_id(bloom, operator_browser, part):
    response = operator_browser.get(at(make_call(bloom), f"?part={part}"), headers=HTMX)

    assert f'id="call-{part}"' in response.content.decode()
    assert "<html" not in response.content.decode()


def test_an_unknown_part_is_not_there(bloom, operator_browser):
    assert operator_browser.get(at(make_call(bloom), "?part=secrets")).status_code == 404


def test_a_receipt_tells_every_stage(bloom, operator_browser, make_member):
    call = make_call(bloom)
    make_receipt(bloom, call, effect="confirmed", asked_by=make_member(bloom, Role.OPERATOR, "Tom Bakker"))
    make_receipt(
        bloom, call, "transfer", outcome="unknown", payload={"type": "transfer", "destination": "+31205550150"}
    )

    page = operator_browser.get(at(call)).content.decode()

    for words in (
        "Tom Bakker",
        "Sent ",
        "<span>Accepted ",
        "Confirmed",
        "No answer",
        "We will not send it again",
    ):
        assert words in page


def test_a_transfer_on_its_way_says_what_is_waited_for_and_until_when(bloom, operator_browser):
    call = make_call(bloom)
    assert "Transferring" not in operator_browser.get(at(call)).content.decode()
    receipt = make_receipt(bloom, call, "transfer", outcome="waiting", answered_at=None, payload=RECEPTION)
    for page in (operator_browser.get(at(call)), operator_browser.get(at(call, "?part=header"), headers=HTMX)):
        assert "Transferring to" in page.content.decode() and "on its way to VoiceDock" in page.content.decode()
    with scope.for_tenant(bloom.tenant):
        type(receipt).objects.filter(pk=receipt.pk).update(outcome="accepted", answered_at=timezone.now())
    note = operator_browser.get(at(call, "?part=header"), headers=HTMX).content.decode().split('id="handover-note"')[1]
    assert "VoiceDock accepted it" in note and "may go on talking" in note and "data-until" in note
    with scope.for_tenant(bloom.tenant):
        type(receipt).objects.filter(pk=receipt.pk).update(effect="not-confirmed", effect_at=timezone.now())
    page = operator_browser.get(at(call, "?part=header"), headers=HTMX).content.decode()
    assert "VoiceDock accepted it" not in page, "what was not seen in time is waited for no more"


def test_a_command_goes_out_once_and_its_receipt_comes_back(bloom, operator_browser, sent):
    call, token = make_call(bloom), str(uuid.uuid4())
    form = {"type": "say", "words": "One moment.", "content": "a draft of something else", "token": token}

    response = operator_browser.post(at(call, "command/"), form, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert 'id="call-timeline"' in page
    assert 'id="field-say"' in page
    assert 'id="field-context"' not in page
    assert token not in page
    assert len(sent) == 1
    assert "a draft" not in str(sent[0]["command"])


def test_the_answer_to_a_command_has_the_figures_of_now(bloom, operator_browser, sent):
    call = make_call(bloom)
    make_receipt(bloom, call)
    form = {"type": "say", "words": "One moment.", "token": str(uuid.uuid4())}
    page = operator_browser.post(at(call, "command/"), form, headers=HTMX).content.decode()
    (figures,) = re.findall(r'id="measured-.*?</p>', page, re.S)
    assert figures.startswith('id="measured-say"') and "of 1 in 30 days" in figures


def test_without_a_script_a_command_returns_to_the_panel(bloom, operator_browser, sent):
    call = make_call(bloom)

    response = operator_browser.post(
        at(call, "command/"), {"type": "end-call", "goodbye": "Bye.", "token": uuid.uuid4()}
    )

    assert (response.status_code, response["Location"]) == (303, at(call))
    assert "Bye." in str(sent[0]["command"])


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"type": "say", "words": " "}, "Write what the assistant should say."),
        ({"type": "inject-context"}, "Write what the assistant should know."),
        ({"type": "transfer"}, "Type the number to transfer to."),
        ({"type": "transfer", "destination": "0205550150"}, "country code"),
        ({"type": "transfer", "destination": "sip:nobody"}, "SIP address"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_command_that_lacks_something_is_not_sent(bloom, operator_browser, sent, form, words, headers):
    response = operator_browser.post(at(make_call(bloom), "command/"), form | {"token": uuid.uuid4()}, headers=headers)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert sent == []


def test_a_sip_address_is_a_place_to_transfer_to(bloom, operator_browser, sent):
    form = {"type": "transfer", "destination": "sip:desk@example.com", "token": uuid.uuid4()}

    assert operator_browser.post(at(make_call(bloom), "command/"), form).status_code == 303
    assert "sip:desk@example.com" in str(sent[0]["command"])


def test_a_viewer_looks_but_neither_steers_nor_reads(bloom, viewer, sent):
    call = make_call(bloom)
    make_report(bloom, call, messages=[{"role": "user", "content": "my secret"}], summary="their secret")
    make_receipt(bloom, call, payload={"type": "say", "content": "our secret"})

    page = viewer.get(at(call)).content.decode()
    parts = "".join(
        viewer.get(at(call, f"?part={part}"), headers=HTMX).content.decode()
        for part in ("timeline", "actions", "header")
    )

    assert "secret" not in page + parts
    assert 'id="steer"' not in page + parts
    assert "<span>Accepted " in page
    assert viewer.post(at(call, "command/"), {"type": "end-call", "token": uuid.uuid4()}).status_code == 403
    assert viewer.post(at(call, "decide/"), {"choice": "x"}).status_code == 403
    assert sent == []


def test_a_viewer_who_was_granted_transcripts_reads_them(bloom, make_member, sign_in):
    call = make_call(bloom, state="ended")
    make_report(bloom, call, messages=[{"role": "user", "content": "my secret"}], summary="their summary")
    granted = sign_in(make_member(bloom, Role.VIEWER, sees_transcripts=True))

    page = granted.get(at(call)).content.decode()

    assert "my secret" in page
    assert "their summary" in page


def test_a_foreign_call_does_not_exist(bloom, harbor, operator_browser, sent):
    theirs = make_call(harbor)

    assert operator_browser.get(at(theirs)).status_code == 404
    assert operator_browser.get(at(theirs, "?part=timeline"), headers=HTMX).status_code == 404
    assert operator_browser.post(at(theirs, "command/"), {"type": "end-call", "token": uuid.uuid4()}).status_code == 404
    assert operator_browser.post(at(theirs, "decide/"), {"choice": "x"}).status_code == 404
    assert operator_browser.get(at(make_call(bloom)).replace("bloom-dental", "harbor-logistics")).status_code == 404
    assert sent == []


def test_the_words_of_people_stay_text(bloom, operator_browser):
    for state in ("in-progress", "ended"):
        call = make_call(bloom, state=state, assistant_name=XSS, end_reason=XSS if state == "ended" else "")
        make_report(bloom, call, messages=[{"role": "user", "content": XSS}], summary=XSS, analysis={XSS: XSS})
        make_receipt(bloom, call, payload={"type": "say", "content": XSS}, note=XSS)
        page = operator_browser.get(at(call)).content.decode()
        assert XSS not in page
        assert "&lt;script&gt;" in page


def test_whoever_has_the_same_panel_open_is_seen_there(bloom, operator_browser, make_member, sign_in):
    call, other = make_call(bloom), make_call(bloom)
    colleague = sign_in(make_member(bloom, Role.OPERATOR, "Tom Bakker"))
    colleague.get(at(other))
    assert "is here too" not in operator_browser.get(at(call)).content.decode()
    colleague.get(at(call))
    assert (
        "<b>Tom Bakker</b> is here too"
        in operator_browser.get(at(call, "?part=viewers"), headers=HTMX).content.decode()
    )
    page = colleague.get(at(call)).content.decode()
    assert page.count("is here too") == 1 and "<b>Tom Bakker</b> is here too" not in page
    assert "is here too" not in colleague.get(at(other)).content.decode()


def test_whoever_has_closed_the_panel_is_no_longer_seen(bloom, operator_browser, make_member, sign_in, monkeypatch):
    call, colleague = make_call(bloom), sign_in(make_member(bloom, Role.OPERATOR))
    colleague.get(at(call))
    later = presence.time.time() + presence.FRESH + 1
    monkeypatch.setattr(presence.time, "time", lambda: later)
    assert "is here too" not in operator_browser.get(at(call, "?part=viewers"), headers=HTMX).content.decode()


def test_staff_are_seen_on_the_panel_they_look_at_and_nowhere_else(bloom, operator_browser, support, visit_client):
    call = make_call(bloom)
    browser = visit_client(support, bloom)
    browser.get("/c/bloom-dental/calls/")
    assert "is here too" not in operator_browser.get(at(call)).content.decode()
    browser.get(at(call))
    assert f"<b>{support}</b> of Kabelhuis is here too" in operator_browser.get(at(call)).content.decode()


def test_after_retention_the_page_says_what_was_removed_and_when(bloom, operator_browser):
    call = make_call(bloom, state="ended", ago=400, data_removed_at=timezone.now())
    page = operator_browser.get(at(call)).content.decode()
    assert "removed on" in page and "has not sent" not in page and "it appears here" not in page
    waits = operator_browser.get(at(make_call(bloom, state="ended", ago=400))).content.decode()
    assert "has not sent" in waits and "removed on" not in waits


def test_the_report_is_reported_with_its_proof(bloom, operator_browser):
    call = make_call(
        bloom, state="ended", duration_seconds=164, end_reason="user_hangup", reported_line=bloom.number.e164
    )
    make_report(bloom, call, analysis={"wants_appointment": True}, recording_url="https://media.example/1")

    page = operator_browser.get(at(call)).content.decode()

    for words in (
        "person hung up",
        "02:44",
        "Wants appointment",
        "VoiceDock reported the same number",
        "Open at VoiceDock",
    ):
        assert words in page
    assert re.search(r"entry \d+ of Bloom Dental", page)


def test_a_reported_line_that_differs_is_shown(bloom, operator_browser):
    call = make_call(bloom, state="ended", reported_line="+31105550140", alarm="wrong-number")

    assert "but VoiceDock reported" in operator_browser.get(at(call)).content.decode()


def test_only_staff_let_a_client_dial_again_after_a_wrong_line(bloom, operator_browser, support, visit_client):
    call = make_call(bloom, state="ended", reported_line="+31105550140", alarm="wrong-number")
    inside = visit_client(support, bloom)

    assert 'name="reason"' not in operator_browser.get(at(call)).content.decode()
    assert operator_browser.post(at(call, "clear/"), {"reason": "I like to"}).status_code == 403
    assert inside.post(at(call, "clear/"), {"reason": " "}).status_code == 422
    assert inside.post(at(call, "clear/"), {"reason": "\x00"}).status_code == 422
    assert inside.post(at(call, "clear/"), {"reason": "The carrier mended it."}).status_code == 303
    assert "has to look at it" not in operator_browser.get(at(call)).content.decode()
    with scope.for_tenant(bloom.tenant):
        call.refresh_from_db()
    assert call.alarm == ""


def test_a_person_decides_what_became_of_a_lost_call(bloom, operator_browser):
    stuck = make_call(bloom, state="needs-person", remote_id="", alarm="not-certain")

    response = operator_browser.post(at(stuck, "decide/"), {"choice": "not-placed"})

    assert (response.status_code, response["Location"]) == (303, at(stuck))
    assert "decided that it was not placed" in operator_browser.get(at(stuck)).content.decode()


def test_a_panel_and_its_parts_read_little(bloom, operator_browser):
    call = make_call(bloom)
    for _ in range(20):
        make_receipt(bloom, call)

    with captured_selects() as page:
        operator_browser.get(at(call))
    assert len(page) <= 15, page  # what it was placed for is asked once
    for part in ("header", "timeline", "quota", "actions"):
        with captured_selects() as found:
            operator_browser.get(at(call, f"?part={part}"), headers=HTMX)
        most = {"header": 9, "actions": 10}.get(part, 8)  # what it was placed for, and what it changed, are read there
        assert len(found) <= most, (part, found)


def test_the_frame_says_live_while_it_lives_and_calls_afterwards(bloom, operator_browser):
    for state, section in (("in-progress", "live"), ("ended", "calls")):
        html = operator_browser.get(at(make_call(bloom, state=state))).content.decode()
        current = re.search(r'<a[^>]*href="([^"]+)"[^>]*aria-current="page"', html)
        assert current and current[1] == f"/c/bloom-dental/{section}/"


def test_a_reason_that_only_repeats_the_state_is_left_out(bloom, operator_browser):
    shown = operator_browser.get(at(make_call(bloom, state="transferred", end_reason="transferred"))).content.decode()
    assert "Transferred, transferred" not in shown and "Transferred" in shown
    assert (
        "Ended, silence timeout"
        in operator_browser.get(at(make_call(bloom, state="ended", end_reason="silence-timeout"))).content.decode()
    )


def test_a_command_stands_behind_what_was_known_when_it_was_asked(bloom, operator_browser):
    call = make_call(bloom)
    talk = (
        ("assistant", "Good day."),
        ("assistant", "You pay nothing."),
        ("user", "Fine."),
        ("assistant", "One moment."),
    )
    make_report(bloom, call, messages=[{"role": role, "content": words} for role, words in talk])
    make_receipt(bloom, call, "inject-context", payload={"content": "Her deductible is used up."}, messages_before=1)
    make_receipt(bloom, call, "say", payload={"content": "One moment."}, messages_before=2)
    html = operator_browser.get(at(call)).content.decode()
    expected = ["Good day.", "Her deductible is used up.", "You pay nothing.", "Fine.", "One moment.", "One moment."]
    places = [html.index(words) for words in expected[:5]]
    assert places == sorted(places) and html.count("One moment.") == 2


def sentences(action: str) -> list[str]:
    with scope.for_system("look"):
        return [sentence(one) for one in AuditEntry.objects.filter(action=action).order_by("seq")]


def test_reading_words_and_opening_a_recording_are_entries_once_an_hour(bloom, make_member, sign_in):
    call = make_call(bloom, state="ended")
    address = f"/c/bloom-dental/calls/{call.pk}/"
    viewer, owner = sign_in(make_member(bloom, Role.VIEWER)), sign_in(make_member(bloom, Role.OWNER, "Zoë Ruiter"))
    owner.get(address)
    assert sentences("call.transcript-read") == []
    assert owner.get(f"{address}recording/").status_code == 404
    messages = [{"role": "user", "content": "Good day"}]
    make_report(bloom, call, messages=messages, recording_url="https://media.example/1")
    assert "Good day" not in viewer.get(address).content.decode()
    assert viewer.get(f"{address}recording/").status_code == 403
    assert sentences("call.transcript-read") == sentences("call.recording-opened") == []
    for part in ("", "?part=timeline", "?part=page", ""):
        assert "Good day" in owner.get(address + part).content.decode()
    for _ in range(2):
        opened = owner.get(f"{address}recording/")
        assert (opened.status_code, opened.headers["Location"]) == (302, "https://media.example/1")
    assert sentences("call.transcript-read") == ["Zoë Ruiter read the transcript of the call with +31612345678."]
    assert sentences("call.recording-opened") == ["Zoë Ruiter opened the recording of the call with +31612345678."]


def test_a_transfer_to_a_number_with_two_readings_is_asked_for(bloom, operator_browser, sent):
    call, form = make_call(bloom), {"type": "transfer", "destination": "+39 (0)551 2392785"}

    asked = operator_browser.post(at(call, "command/"), form | {"token": uuid.uuid4()}, headers=HTMX)
    assert asked.status_code == 422 and sent == []
    assert 'name="reading" value="+395512392785"' in asked.content.decode()

    operator_browser.post(
        at(call, "command/"), form | {"reading": "+395512392785", "token": uuid.uuid4()}, headers=HTMX
    )
    assert "+395512392785" in str(sent[0]["command"])
