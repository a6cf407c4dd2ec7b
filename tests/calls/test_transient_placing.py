"""Placing a call with a one-time assistant: what is shown before is what leaves, and only by those who may."""

from __future__ import annotations

import json
import re
import uuid
from html import unescape
from typing import Any

import pytest

from dashboard.calls.models import Call
from dashboard.calls.placing import intents, value_fields
from dashboard.calls.transient import drafts, placing
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Membership, Tenant
from tests.fixtures.operator import PERSON

PIPELINE = {
    "first_message": "Hello, this is Harbor.",
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": "Be kind."}]},
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "voicedock", "voice_id": "voicedock"},
    "metadata": {"case": "17"},
}
PAGE, PREVIEW = "/c/harbor/call/once/", "/c/harbor/call/once/preview/"


@pytest.fixture
def caller(operator: Any, make_member: Any) -> Any:
    """The operator's client and its person have the right, and a draft."""
    operator.user = make_member(operator.tenant, Role.OPERATOR, "Ines", places_transient_calls=True)
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(transient_calls=True)
        operator.tenant.refresh_from_db()
    operator.version = saved(operator.tenant)
    return operator


def saved(tenant: Tenant, configuration: Any = None, name: str = "Winter check") -> Any:
    with scope.for_tenant(tenant):
        facts: dict[str, Any] = {"configuration": configuration or PIPELINE, "made_from": 0, "by": None}
        draft, _ = drafts.save(tenant, None, name=name, **facts)
        return drafts.version_of(draft)


def form(caller: Any, **more: Any) -> dict[str, Any]:
    sent = {"destination": "+31 6 1234 0042", "number": caller.number.pk, "version": caller.version.pk}
    return sent | {"token": uuid.uuid4()} | more


def placed(caller: Any) -> Call:
    with scope.for_system("look"):
        return Call.objects.defer(None).get()


def test_what_is_shown_before_is_what_leaves_and_what_the_page_shows_afterwards(caller: Any, sign_in: Any) -> None:
    browser, sent = sign_in(caller.user), form(caller)
    page = browser.post(PREVIEW, sent)
    assert page.status_code == 200 and caller.calls() == []
    words = " ".join(unescape(page.content.decode()).split())
    assert "Winter check (one-time)" in words and "as its version 1 says" in words and "Hello, this is Harbor." in words
    before = json.loads(page.context["plan"].json)
    answer = browser.post(PAGE, sent)
    call = placed(caller)
    assert answer.status_code == 303 and answer.headers["Location"] == f"/c/harbor/calls/{call.pk}/"
    (request,) = caller.dial_requests()
    before["assistant"]["metadata"]["our_ref"] = str(call.pk)
    assert request["body"] == before
    assert request["body"]["assistant"] == PIPELINE | {"metadata": {"case": "17", "our_ref": str(call.pk)}}
    assert (call.state, call.mode, call.family, call.provider) == ("dialing", "transient", "pipeline", "openai")
    assert call.assistant_name == "Winter check (one-time)" and call.assistant_remote_id == ""
    shown = browser.get(f"/c/harbor/calls/{call.pk}/")
    assert json.loads(shown.context["sent_plan"].json) == request["body"]
    assert "made for this call" in unescape(shown.content.decode())
    listed = unescape(browser.get("/c/harbor/calls/").content.decode())
    assert "Winter check (one-time)" in listed and "transient" not in listed.lower()


def test_the_same_form_twice_dials_once_and_another_one_is_refused(caller: Any, sign_in: Any) -> None:
    browser, sent = sign_in(caller.user), form(caller)
    first = browser.post(PAGE, sent).headers["Location"]
    assert browser.post(PAGE, sent).headers["Location"] == first
    other = saved(caller.tenant, name="Other")
    with pytest.raises(intents.CallRefused, match="already placed another call"):
        placing.place(
            caller.tenant,
            by=caller.user,
            number=caller.number.pk,
            version=other.pk,
            destination=PERSON,
            token=sent["token"],
        )
    assert len(caller.dial_requests()) == 1


def test_the_body_is_kept_as_it_left_whatever_becomes_of_the_draft(caller: Any, sign_in: Any) -> None:
    sign_in(caller.user).post(PAGE, form(caller))
    with scope.for_tenant(caller.tenant):
        drafts.delete(caller.version.draft, by=caller.user)
    assert placed(caller).assistant_configuration["first_message"] == "Hello, this is Harbor."


@pytest.mark.parametrize("taken_from", ["client", "person"])
def test_without_the_right_nobody_sees_or_places_one(caller: Any, sign_in: Any, taken_from: str) -> None:
    browser = sign_in(caller.user)
    assert "One-time assistant" in browser.get("/c/harbor/call/").content.decode()
    with scope.for_tenant(caller.tenant):
        if taken_from == "client":
            Tenant.objects.filter(pk=caller.tenant.pk).update(transient_calls=False)
        else:
            Membership.objects.filter(user=caller.user).update(places_transient_calls=False)
        caller.tenant.refresh_from_db()
    assert "One-time" not in browser.get("/c/harbor/call/").content.decode()
    assert {browser.post(one, form(caller)).status_code for one in (PAGE, PREVIEW)} == {403}
    with pytest.raises(intents.CallRefused, match="one-time assistants"):
        placing.place(caller.tenant, by=caller.user, token=uuid.uuid4(), destination=PERSON, **_chosen(caller))
    assert caller.dial_requests() == [] and caller.calls() == []


def _chosen(caller: Any) -> dict[str, int]:
    return {"number": caller.number.pk, "version": caller.version.pk}


def test_a_tampered_form_is_refused_and_keeps_what_was_typed(
    caller: Any, make_sandbox_tenant: Any, agency: Any, sign_in: Any
) -> None:
    """The line or the draft of another client, by the form and by the service function."""
    other = make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    with scope.for_tenant(other):
        foreign_line = other.numberdedications.get()
    foreign = saved(other)
    browser = sign_in(caller.user)
    for field, value in (("number", foreign_line.pk), ("version", foreign.pk), ("version", "x"), ("number", "")):
        answer = browser.post(PAGE, form(caller, **{field: value}))
        assert answer.status_code == 422 and field in answer.context["form"].errors
        assert answer.context["form"]["destination"].value() == "+31 6 1234 0042"
    for field, value in (("number", foreign_line.pk), ("version", foreign.pk)):
        with pytest.raises(intents.CallRefused) as refused:
            placing.place(
                caller.tenant,
                by=caller.user,
                token=uuid.uuid4(),
                destination=PERSON,
                **_chosen(caller) | {field: value},
            )
        assert refused.value.field == field
    assert caller.dial_requests() == [] and caller.calls() == []


def test_a_draft_that_voicedock_would_refuse_is_not_sent(caller: Any, sign_in: Any) -> None:
    old = saved(caller.tenant, PIPELINE | {"llm_config": {"provider": "openai", "model": "gpt-3"}}, "Old")
    answer = sign_in(caller.user).post(PAGE, form(caller, version=old.pk))
    assert answer.status_code == 422 and placing.CANNOT_BE_SENT in unescape(answer.content.decode())
    assert caller.dial_requests() == []


def test_a_value_that_is_open_is_shown_before_the_call(caller: Any, sign_in: Any) -> None:
    version = saved(caller.tenant, PIPELINE | {"first_message": "Hello {{name}}"}, "Open")
    page = sign_in(caller.user).post(PREVIEW, form(caller, version=version.pk))
    assert "Not filled in: name" in page.content.decode().replace("\u2068", "").replace("\u2069", "").replace(
        "<bdi>", ""
    ).replace("</bdi>", "")


WITH_VARIABLES = PIPELINE | {
    "first_message": "Hello {{name}}, this is Harbor.",
    "voicemail_message": "{{ name }}, please call back.",
    "llm_config": PIPELINE["llm_config"]
    | {
        "messages": [
            {"role": "system", "content": "Ask {{name}} about {{order_2}}. {{name}} is {{order_2}}."},
            {"role": "user", "content": "I am {{name}}"},
        ],
        "tools": [{"name": "look_up", "url": "https://x.test/", "description": "By {{name}}"}],
    },
    "speech_config": {"first_message_outbound": "Out {{name}}"},
    "metadata": {"case": "{{name}}"},
}


def as_filled(name: str, order: str) -> dict[str, Any]:
    text = json.dumps({key: value for key, value in WITH_VARIABLES.items() if key != "metadata"})
    text = text.replace("By {{name}}", "By [[name]]").replace("{{ name }}", name)
    text = text.replace("{{name}}", name).replace("{{order_2}}", order).replace("[[name]]", "{{name}}")
    return json.loads(text) | {"metadata": WITH_VARIABLES["metadata"]}


def test_each_variable_gets_a_field_and_its_value_is_sent_in_the_texts(caller: Any, sign_in: Any) -> None:
    version = saved(caller.tenant, WITH_VARIABLES, "Open")
    browser, sent = sign_in(caller.user), form(caller, version=version.pk)
    part = browser.post(f"{PREVIEW}?part=values", sent, headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'name="(variable-\w+)"', part) == ["variable-name", "variable-order_2"] and "Order 2" in part
    never_shown = browser.post(PAGE, sent)
    assert never_shown.status_code == 422 and value_fields.NOT_SHOWN_YET in unescape(never_shown.content.decode())
    sent |= {"variable-name": "Ada", "variable-order_2": "17"}
    before = browser.post(PREVIEW, sent).context["plan"]
    assert before.opening == "Hello Ada, this is Harbor." and before.unfilled == ()
    assert before.text.endswith("as its version 1 says, with 2 values filled in.")
    assert browser.post(PAGE, sent).status_code == 303
    (request,) = caller.dial_requests()
    call = placed(caller)
    expected = as_filled("Ada", "17")
    assert request["body"]["assistant"] == expected | {"metadata": {"case": "{{name}}", "our_ref": str(call.pk)}}
    shown = json.loads(before.json)
    shown["assistant"]["metadata"]["our_ref"] = str(call.pk)
    assert shown == request["body"]
    assert call.overrides == {
        "draft_version": version.pk,
        "draft_number": 1,
        "variables": {"name": "Ada", "order_2": "17"},
    }
    page = " ".join(unescape(browser.get(f"/c/harbor/calls/{call.pk}/").content.decode()).split())
    assert "made for this call, with 2 values filled in" in page
    with scope.for_tenant(caller.tenant):
        asked = AuditEntry.objects.get(action="call.asked")
    assert "2 values filled in" in asked.body and "Ada" not in asked.body


def test_an_empty_value_is_named_before_the_call_and_sent_as_it_stands(caller: Any, sign_in: Any) -> None:
    version = saved(caller.tenant, WITH_VARIABLES, "Open")
    browser = sign_in(caller.user)
    sent = form(caller, version=version.pk, **{"variable-name": "Ada", "variable-order_2": " "})
    assert browser.post(PREVIEW, sent).context["plan"].unfilled == ("order_2",)
    assert browser.post(PAGE, sent).status_code == 303
    (request,) = caller.dial_requests()
    messages = request["body"]["assistant"]["llm_config"]["messages"]
    assert messages[0]["content"] == "Ask Ada about {{order_2}}. Ada is {{order_2}}."


@pytest.mark.parametrize("value", ["{{order_2}}", "x}}", "x" * 10_000, "fl_live_0123456789"])
def test_a_value_that_cannot_be_sent_is_refused_and_kept(caller: Any, sign_in: Any, value: str) -> None:
    version = saved(caller.tenant, WITH_VARIABLES, "Open")
    sent = form(caller, version=version.pk, **{"variable-name": value, "variable-order_2": "17"})
    answer = sign_in(caller.user).post(PAGE, sent)
    assert answer.status_code == 422 and answer.context["form"]["variable-name"].value() == value
    assert answer.context["form"]["variable-order_2"].value() == "17"
    assert caller.dial_requests() == [] and caller.calls() == []


def test_the_same_form_with_another_value_is_another_call(caller: Any, sign_in: Any) -> None:
    version = saved(caller.tenant, WITH_VARIABLES, "Open")
    browser = sign_in(caller.user)
    sent = form(caller, version=version.pk, **{"variable-name": "Ada", "variable-order_2": "17"})
    first = browser.post(PAGE, sent).headers["Location"]
    assert browser.post(PAGE, sent).headers["Location"] == first
    answer = browser.post(PAGE, sent | {"variable-name": "Bea"})
    assert answer.status_code == 422 and "already placed another call" in answer.content.decode()
    assert len(caller.dial_requests()) == 1


def test_call_again_keeps_the_values_for_those_who_may_read_them(caller: Any, sign_in: Any, make_member: Any) -> None:
    caller.version = saved(caller.tenant, WITH_VARIABLES, "Open")
    browser = sign_in(caller.user)
    browser.post(PAGE, form(caller, **{"variable-name": "Ada", "variable-order_2": "17"}))
    with scope.for_tenant(caller.tenant):
        Call.objects.update(state="failed", finished=True)
    link = again_link(browser, placed(caller))
    shown = browser.get(link).context["form"]
    assert (shown["variable-name"].value(), shown["variable-order_2"].value()) == ("Ada", "17")
    assert shown.plan().opening == "Hello Ada, this is Harbor."
    linked = browser.get(f"{link}&name=Bea&version=1").context["form"]
    assert linked["variable-name"].value() == "Bea" and linked["version"].value() == caller.version.pk
    wrong = browser.get(f"{PAGE}?version={caller.version.pk}&name=%7B%7Bx")
    assert wrong.status_code == 200 and "variable-name" in wrong.context["form"].errors


def test_a_released_line_places_nothing(caller: Any, sign_in: Any) -> None:
    with scope.for_tenant(caller.tenant):
        dedications.end_number(caller.number, by=None)
    assert sign_in(caller.user).post(PAGE, form(caller)).status_code == 422
    assert caller.dial_requests() == []


def test_the_panel_knows_what_the_model_can_do(caller: Any, sign_in: Any) -> None:
    caller.version = saved(
        caller.tenant, {"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}, "Voice"
    )
    sign_in(caller.user).post(PAGE, form(caller))
    assert placed(caller).family == "xai_realtime"


def test_the_contents_are_read_by_those_who_read_transcripts_and_that_is_an_entry(
    caller: Any, sign_in: Any, make_member: Any
) -> None:
    sign_in(caller.user).post(PAGE, form(caller))
    address = f"/c/harbor/calls/{placed(caller).pk}/"
    viewer = sign_in(make_member(caller.tenant, Role.VIEWER)).get(address).content.decode()
    assert "Be kind." not in viewer and "Winter check (one-time)" in unescape(viewer)
    assert "Be kind." in unescape(sign_in(make_member(caller.tenant, Role.MANAGER)).get(address).content.decode())
    with scope.for_tenant(caller.tenant):
        assert AuditEntry.objects.filter(action="call.changes-read").count() == 1
        asked = AuditEntry.objects.get(action="call.asked")
    assert "Be kind." not in asked.body and "Winter check (one-time)" in asked.body


def again_link(browser: Any, call: Call) -> str:
    page = unescape(browser.get(f"/c/harbor/calls/{call.pk}/").content.decode())
    (link,) = re.findall(r'href="(/c/harbor/call/[^"]*)">\s*<svg[^>]*>.*?</svg>\s*Call again', page, re.DOTALL)
    return str(link)


def over(caller: Any, browser: Any) -> Call:
    """A call with a one-time assistant that has ended."""
    browser.post(PAGE, form(caller))
    with scope.for_tenant(caller.tenant):
        Call.objects.update(state="failed", finished=True)
    return placed(caller)


def test_call_again_keeps_the_one_time_assistant_the_person_and_the_line(
    caller: Any, sign_in: Any, make_member: Any
) -> None:
    browser = sign_in(caller.user)
    call, first = over(caller, browser), caller.version
    with scope.for_tenant(caller.tenant):
        drafts.save(
            caller.tenant, first.draft, name="Winter check", configuration=PIPELINE | {"x": 1}, made_from=1, by=None
        )
    link = again_link(browser, call)
    assert link.startswith(f"{PAGE}?")
    page = browser.get(link)
    shown = page.context["form"]
    assert (shown["version"].value(), shown["number"].value()) == (first.pk, caller.number.pk)
    assert shown["destination"].value() == "+31 6 1234 0042" and shown.note == ""
    assert "as its version 1 says" in " ".join(unescape(page.content.decode()).split())
    without = sign_in(make_member(caller.tenant, Role.OPERATOR))
    assert again_link(without, call).startswith("/c/harbor/call/?to=")


def test_call_again_takes_the_newest_version_of_that_name_or_says_that_it_is_gone(caller: Any, sign_in: Any) -> None:
    browser = sign_in(caller.user)
    call = over(caller, browser)
    with scope.for_tenant(caller.tenant):
        drafts.delete(caller.version.draft, by=caller.user)
    page = browser.get(again_link(browser, call))
    assert "was deleted meanwhile" in page.content.decode()
    saved(caller.tenant, name="Other")
    same = saved(caller.tenant)
    page = browser.get(again_link(browser, call))
    assert page.context["form"]["version"].value() == same.pk and "The newest version of" in page.content.decode()
    with scope.for_tenant(caller.tenant):
        drafts.delete(same.draft, by=caller.user)
    page = browser.get(again_link(browser, call))
    assert page.context["form"]["version"].value() is None, "another one is not chosen in its place"
    assert "Other" in page.content.decode() and "was deleted meanwhile" in page.content.decode()
