"""Call now with changes: each field beside its error, what will be sent before the call, and what was after it."""

from __future__ import annotations

import json
import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls.placing import change_forms, overrides, spoken_text, value_fields
from dashboard.calls.placing.changes import Changes
from dashboard.inventory import sync
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AuditEntry
from tests.fixtures.call_factories import make_call
from tests.fixtures.operator import PERSON

FULL = {
    "first_message": "Good day {{name}}, this is Harbor.",
    "facts": "Gate 4 is closed.\n\n The driver is called Ali. ",
    "instructions": "Be brief.",
    "model": "gpt-5",
    "language": "de",
    "max_minutes": "4",
    "voicemail_message": "We will call again.",
    "metadata": "case: 4417",
    "variable-name": "Ada",
}


@pytest.fixture
def prompted(operator: Any) -> Any:
    """The operator; the prompt of the assistant has a variable."""
    remote = next(one for one in operator.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings["llm_config"] |= {"messages": [{"role": "system", "content": "You plan {{what}}."}]}
    sync.inventory(operator.connection)
    return operator


@pytest.fixture
def typist(prompted: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(prompted.tenant, Role.OPERATOR))


def typed(prompted: Any, **more: Any) -> dict[str, Any]:
    return {
        "destination": PERSON,
        "number": prompted.number.pk,
        "assistant": prompted.assistant.pk,
        "token": str(uuid.uuid4()),
        "variable-what": "",
    } | more


def address(prompted: Any, more: str = "") -> str:
    return f"/c/{prompted.tenant.slug}/call/{more}"


def sent_json(page: str) -> dict[str, Any]:
    (found,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S)
    return json.loads(unescape(found))


def test_the_body_that_left_is_the_one_that_was_shown_before_and_is_shown_afterwards(prompted, typist):
    form = typed(prompted, **FULL)
    page = typist.post(address(prompted, "preview/"), form).content.decode()
    before = sent_json(page)
    assert "another opening sentence, instructions added, 2 facts, 1 value filled in, German as the" in unescape(page)
    assert "Good day Ada, this is Harbor." in page and "Not filled in: what." in page

    shown = re.search(r'name="shown"[^>]*value="(\w+)"', page)
    assert shown
    answer = typist.post(address(prompted), form | {"shown": shown[1]})
    assert answer.status_code == 303
    (sent,) = prompted.dial_requests()
    (call,) = prompted.calls()
    before["assistant_override"]["metadata"]["our_ref"] = str(call.pk)
    assert sent["body"] == before

    after = typist.get(answer["Location"]).content.decode()
    assert sent_json(after) == sent["body"]


def test_without_changes_the_saved_assistant_is_called_as_it_is(prompted, typist):
    page = typist.post(address(prompted, "preview/"), typed(prompted)).content.decode()
    assert "as it is saved." in page
    typist.post(address(prompted), typed(prompted))
    (sent,) = prompted.dial_requests()
    (call,) = prompted.calls()
    assert call.mode == "reference"
    assert sent["body"]["assistant_override"] == {"metadata": {"our_ref": str(call.pk)}}


LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("variable-what", LONG, "Keep it below 500 characters; this has 10000."),
        ("variable-what", "two {{braces}}", spoken_text.BRACES_IN_VALUE),
        ("first_message", LONG, "Keep it below 600 characters"),
        ("first_message", "Good day {{na me}}", spoken_text.NOT_A_VARIABLE),
        ("facts", "\n".join(["x"] * 21), change_forms.TOO_MANY_FACTS),
        ("facts", "y" * 301, "Keep each fact below 300 characters"),
        ("instructions", LONG, "Keep it below 4000 characters"),
        ("model", "gpt-4o", "catalogue does not have gpt-4o"),
        ("language", "tlh", "catalogue does not have tlh"),
        ("max_minutes", "0", change_forms.MINUTES),
        ("max_minutes", "soon", change_forms.MINUTES),
        ("metadata", "no colon", "Not understood: no colon"),
        ("metadata", "our_ref: mine", "our_ref cannot be the name of a label"),
        ("metadata", "agent_id: mine", "agent_id cannot be the name of a label"),
        ("metadata", "case: 1\ncase: 2", "case stands here twice"),
    ],
)
def test_what_cannot_be_sent_is_shown_beside_its_field_and_nothing_is_lost_or_dialed(
    prompted, typist, field, text, words
):
    answer = typist.post(address(prompted), typed(prompted, **FULL | {field: text}))
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    control = re.search(rf'<(?:input|textarea|select)[^>]*name="{field}"[^>]*>', page)
    assert control and 'aria-invalid="true"' in control[0]
    assert words in page and text in page
    kept = {name: value for name, value in FULL.items() if name != field}
    assert all(value.split("\n")[0] in page for value in kept.values())
    assert prompted.dial_requests() == [] and prompted.calls() == []


def test_marks_that_cannot_be_seen_are_not_sent_and_not_shown(prompted, typist):
    hidden = "Ada\u202e evil\u2066\u200f"
    form = typed(prompted, first_message="Hello {{name}}.\u202d", **{"variable-name": hidden})
    page = typist.post(address(prompted, "preview/"), form).content.decode()
    assert sent_json(page)["assistant_override"]["first_message"] == "Hello Ada evil."
    typist.post(address(prompted), form)
    (sent,) = prompted.dial_requests()
    assert sent["body"]["assistant_override"]["first_message"] == "Hello Ada evil."


def test_two_clicks_with_changes_are_one_call(prompted, typist):
    form = typed(prompted, **FULL)
    first, second = (typist.post(address(prompted), form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert len(prompted.dial_requests()) == 1


def test_an_old_copy_is_shown_beside_the_field_that_needs_it(prompted, typist):
    with scope.for_system("time goes by"):
        AssistantConfiguration.objects.update(read_at=timezone.now() - timezone.timedelta(hours=2))
    answer = typist.post(address(prompted), typed(prompted, facts="Gate 4 is closed."))
    assert answer.status_code == 422 and "Patchbay last read how this assistant is set up" in answer.content.decode()
    assert typist.post(address(prompted), typed(prompted, first_message="Good day.")).status_code == 303
    assert len(prompted.dial_requests()) == 1


def test_an_assistant_that_was_changed_meanwhile_is_shown_anew(prompted, typist):
    page = typist.post(address(prompted, "preview/"), typed(prompted, **FULL)).content.decode()
    shown = re.search(r'name="shown"[^>]*value="(\w+)"', page)[1]
    remote = next(one for one in prompted.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings["llm_config"] = remote.settings["llm_config"] | {"temperature": 1.9}
    sync.inventory(prompted.connection)
    answer = typist.post(address(prompted), typed(prompted, **FULL) | {"shown": shown})
    page = answer.content.decode()
    assert answer.status_code == 422 and "set up differently" in page and prompted.dial_requests() == []
    again = re.search(r'name="shown"[^>]*value="(\w+)"', page)[1]
    assert again != shown
    assert typist.post(address(prompted), typed(prompted, **FULL) | {"shown": again}).status_code == 303


def test_a_realtime_assistant_offers_no_language_and_refuses_one(prompted, typist, make_sandbox_tenant):
    with scope.for_system("a realtime one"):
        assistant = prompted.connection.assistants.get(name="Driver line live")
        live = dedications.dedicate_assistant(prompted.tenant, assistant, by=None)
    form = typed(prompted, assistant=live.pk)
    part = typist.post(
        address(prompted, "preview/?part=changes"), form, headers={"HX-Request": "true"}
    ).content.decode()
    assert 'name="facts"' in part and 'name="language"' not in part and 'name="voicemail_message"' not in part
    answer = typist.post(address(prompted), form | {"language": "nl"})
    assert answer.status_code == 422 and overrides.LISTENS_ITSELF in unescape(answer.content.decode())
    answer = typist.post(address(prompted), form | {"voice": "nobody"})
    assert answer.status_code == 422 and "does not have nobody for this assistant" in unescape(answer.content.decode())
    assert prompted.dial_requests() == []
    assert typist.post(address(prompted), form | {"voice": "leo"}).status_code == 303
    (sent,) = prompted.dial_requests()
    assert sent["body"]["assistant_override"]["llm_config"]["voice"] == "leo"


def test_a_voice_of_a_pipeline_is_an_id_that_is_sent_with_the_whole_block(prompted, typist):
    part = typist.get(address(prompted)).content.decode()
    assert re.search(r'<input type="text" name="voice"', part)
    call = typist.post(address(prompted), typed(prompted, voice="voice-of-noor"))
    assert call.status_code == 303
    (sent,) = prompted.dial_requests()
    override = sent["body"]["assistant_override"]
    assert override["tts_config"]["voice_id"] == "voice-of-noor" and override["tts_config"]["provider"]
    assert override.keys() == {"tts_config", "metadata"}


def test_a_fragment_asks_for_the_values_that_its_texts_leave_open(prompted, typist):
    form = typed(prompted, first_message="Hello {{name}}, {{time}}?", **{"variable-time": "noon"})
    part = typist.post(address(prompted, "preview/?part=values"), form, headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'name="(variable-\w+)"', part) == ["variable-name", "variable-time", "variable-what"]
    assert 'value="noon"' in part
    words = typist.post(address(prompted, "preview/"), form, headers={"HX-Request": "true"}).content.decode()
    assert 'id="plan-words"' in words and 'hx-swap-oob="outerHTML"' in words and "<form" not in words


def test_a_variable_whose_field_was_never_shown_is_asked_for_and_not_dialed(prompted, typist):
    form = typed(prompted, first_message="Hello {{name}}.")
    answer = typist.post(address(prompted), form)
    page = answer.content.decode()
    assert answer.status_code == 422 and value_fields.NOT_SHOWN_YET in unescape(page)
    assert re.search(r'<input[^>]*name="variable-name"[^>]*aria-invalid="true"', page) and "Hello {{name}}." in page
    assert prompted.dial_requests() == []
    assert typist.post(address(prompted), form | {"variable-name": "Ada"}).status_code == 303
    (sent,) = prompted.dial_requests()
    assert sent["body"]["assistant_override"]["first_message"] == "Hello Ada."


def test_what_is_spoken_first_is_asked_for_once_before_its_braces_are(prompted, typist):
    form = typed(prompted, first_message="Hello {{name}}.", **{"variable-name": " "})
    page = typist.post(address(prompted), form).content.decode()
    assert value_fields.SPOKEN_FIRST in unescape(page) and prompted.dial_requests() == []
    assert re.search(r'<input[^>]*name="variable-name"[^>]*aria-invalid="true"', page)
    assert 'name="variable-what"' in page and page.count(value_fields.SPOKEN_FIRST) == 1, "a prompt is not spoken"
    left_open = re.search(r'name="left-open" value="([^"]*)"', page)
    assert left_open and left_open[1] == "name"
    assert typist.post(address(prompted), form | {"left-open": left_open[1]}).status_code == 303
    (sent,) = prompted.dial_requests()
    assert sent["body"]["assistant_override"]["first_message"] == "Hello {{name}}."


def test_what_a_call_was_sent_with_is_read_like_a_transcript(bloom, make_member, sign_in):
    changes = Changes(first_message="Marigold.", facts=("Marigold is ill.",))
    call = make_call(
        bloom,
        state="ended",
        overrides=changes.to_json(),
        assistant_override={"first_message": "Marigold.", "metadata": {"our_ref": "x"}},
    )
    page = f"/c/bloom-dental/calls/{call.pk}/"
    viewer, reader = (sign_in(make_member(bloom, role)) for role in (Role.VIEWER, Role.OPERATOR))
    seen = viewer.get(page).content.decode()
    assert "with another opening sentence and 1 fact" in seen and "Marigold" not in seen
    assert "Marigold" not in viewer.get(f"/c/bloom-dental/calls/{call.pk}/?part=page").content.decode()
    assert "Marigold" in reader.get(page).content.decode()
    with scope.for_system("look"):
        (entry,) = AuditEntry.objects.filter(tenant=bloom.tenant, action="call.changes-read")
    assert "Marigold" not in entry.body


def test_call_again_begins_with_the_same_changes(bloom, make_member, sign_in):
    changes = Changes(first_message="Hello {{name}}.", facts=("It rains.",), variables={"name": "Ada"})
    call = make_call(bloom, state="ended", overrides=changes.to_json())
    typist = sign_in(make_member(bloom, Role.OPERATOR))
    page = typist.get(f"/c/bloom-dental/call/?again={call.pk}").content.decode()
    assert "Hello {{name}}." in page and 'value="Ada"' in page and "It rains." in page
    assert typist.get("/c/bloom-dental/call/?again=nonsense").status_code == 200


def test_fields_of_variables_are_labelled_as_words_and_names_that_look_alike_differ(prompted, typist):
    form = typed(prompted, first_message="{{due_date}}, {{full_name}}, {{Full__name}}, {{___}}")
    page = typist.post(address(prompted, "preview/?part=values"), form).content.decode()
    labels = re.findall(r'<label for="id_variable-(\w+)">\s*([^<]+?)\s*</label>', page)
    assert labels[:4] == [
        ("due_date", "Due date"),
        ("full_name", "Full name (full_name)"),
        ("Full__name", "Full name (Full__name)"),
        ("___", "___"),
    ]


def test_what_the_assistant_says_first_stands_as_a_sentence_with_its_values(prompted, typist):
    """The page, and what is sent back while somebody types."""
    form = typed(prompted, first_message="Good day {{full_name}}, {{time}}?", **{"variable-full_name": "<Ada>"})
    for headers in ({}, {"HX-Request": "true"}):
        page = typist.post(f"{address(prompted)}preview/", form, headers=headers).content.decode()
        words = page.split('id="opening-words"')[1].split("</p>")[0]
        assert '<span class="variable">&lt;Ada&gt;</span>' in words
        assert '<span class="variable variable--missing">Time</span>' in words
