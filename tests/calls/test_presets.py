"""Presets: saved by owners and managers, picked on Call now or named in a link, and what a call made with one keeps."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from dashboard.calls.models import CallPreset
from dashboard.calls.placing import change_forms, line_choice, overrides, spoken_text
from dashboard.calls.presets import book, forms
from dashboard.inventory import sync
from tenants import dedications
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AuditEntry, Number
from tests.fixtures.call_factories import captured_selects, make_call
from tests.fixtures.operator import PERSON

ADDRESS, LIST = "/c/bloom-dental/call/", "/c/bloom-dental/settings/presets/"
HTMX = {"HX-Request": "true"}
OPENING = "Good afternoon {{name}}, about {{time}}."


@pytest.fixture
def owner(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))


@pytest.fixture
def caller(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OPERATOR))


@pytest.fixture(autouse=True)
def known(bloom: Any) -> None:
    """How the assistant of the client is set up."""
    blocks = {
        "llm_config": {"provider": "openai", "model": "gpt-4o", "messages": []},
        "stt_config": {"provider": "deepgram", "model": "nova-3-general", "language": "en"},
    }
    with scope.for_system("what is known of the assistant"):
        AssistantConfiguration.objects.create(
            assistant=bloom.assistant.assistant, read_at=timezone.now(), blocks=blocks
        )


def typed(setup: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Appointment reminder", "assistant": setup.assistant.pk, "number": "", "position": 1} | more


def saved(setup: Any) -> list[CallPreset]:
    with scope.for_tenant(setup.tenant):
        return book.named(setup.tenant)


def make_preset(setup: Any, name: str = "Appointment reminder", **more: Any) -> CallPreset:
    facts = {"assistant_dedication_id": setup.assistant.pk, "number_dedication_id": None, "position": 1}
    facts |= {"name": name, "changes": {"first_message": OPENING, "facts": ["It takes 40 minutes."]}} | more
    with scope.for_tenant(setup.tenant):
        return book.create(setup.tenant, facts, by=None)  # type: ignore[arg-type]


def call_form(setup: Any, **more: Any) -> dict[str, Any]:
    return {
        "destination": PERSON,
        "number": setup.number.pk,
        "assistant": setup.assistant.pk,
        "token": str(uuid.uuid4()),
        "line_by_rule": "1",
    } | more


def field(page: str, name: str) -> str:
    """What a control of the page holds."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', page, re.S)
    if found:
        return unescape(found[1]).lstrip("\n")
    control = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    value = control and re.search(r'value="([^"]*)"', control[0])
    return unescape(value[1]) if value else ""


def entries(setup: Any) -> list[str]:
    with scope.for_tenant(setup.tenant):
        return [sentence(one) for one in AuditEntry.objects.filter(action__startswith="tenant.preset").order_by("seq")]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.MANAGER, 200), (Role.OPERATOR, 403), (Role.VIEWER, 403)]
)
def test_owners_and_managers_save_them(bloom, make_member, sign_in, role, status):
    browser = sign_in(make_member(bloom, role))
    assert browser.get(LIST).status_code == browser.get(f"{LIST}new/").status_code == status
    answer = browser.post(f"{LIST}new/", typed(bloom, first_message=OPENING))
    assert answer.status_code == (302 if status == 200 else 403)
    assert [preset.name for preset in saved(bloom)] == (["Appointment reminder"] if status == 200 else [])


def test_every_change_of_a_call_can_be_in_a_preset_and_values_are_not(bloom, owner):
    changes = {
        "first_message": OPENING,
        "facts": "It takes 40 minutes.\nBring {{what}}.",
        "instructions": "Be brief.",
        "model": "gpt-5",
        "language": "nl",
        "max_minutes": "4",
        "voicemail_message": "We will call again.",
        "metadata": "case: 4417",
        "variable-name": "Ada",
    }
    answer = owner.post(f"{LIST}new/", typed(bloom, number=bloom.number.pk, **changes))
    assert answer.status_code == 302, answer.content.decode()
    (preset,) = saved(bloom)
    assert preset.changes == {
        "first_message": OPENING,
        "facts": ["It takes 40 minutes.", "Bring {{what}}."],
        "instructions": "Be brief.",
        "model": "gpt-5",
        "language": "nl",
        "max_minutes": 4,
        "voicemail_message": "We will call again.",
        "metadata": {"case": "4417"},
    }
    page = unescape(owner.get(f"{LIST}{preset.pk}/").content.decode())
    assert field(page, "first_message") == OPENING and field(page, "metadata") == "case: 4417"
    assert "<b>Name</b>" in page and "<b>Time</b>" in page and "<b>What</b>" in page
    assert 'name="variable-' not in page


def test_each_change_is_an_entry_without_the_contents_and_nothing_different_is_none(bloom, owner):
    owner.post(f"{LIST}new/", typed(bloom, first_message=OPENING, number=bloom.number.pk))
    (preset,) = saved(bloom)
    change = typed(bloom, name="Reminder", first_message=OPENING, facts="Marigold is ill.", position=3)
    for _ in range(2):
        assert owner.post(f"{LIST}{preset.pk}/", change).status_code == 302
    (now,) = saved(bloom)
    assert (now.name, now.key, now.number_dedication, now.position) == ("Reminder", "appointment-reminder", None, 3)
    assert owner.post(f"{LIST}{preset.pk}/delete/").status_code == 302
    assert saved(bloom) == []
    speaker = bloom.assistant.assistant
    assert entries(bloom) == [
        f"Dora Bloom made the preset Appointment reminder: {speaker} from Bloom Dental line, with another opening "
        "sentence.",
        f"Dora Bloom changed the preset Reminder: it was called Appointment reminder before; {speaker} from a line by "
        "rule, with another opening sentence and 1 fact; it is at place 3.",
        "Dora Bloom deleted the preset Reminder.",
    ]


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"name": ""}, "name", "This field is required"),
        ({"name": "\u202e\u202d"}, "name", "This field is required"),
        ({"name": "x" * 61}, "name", "at most 60 characters"),
        ({"name": "appointment REMINDER"}, "name", forms.NAME_TAKEN),
        ({"assistant": ""}, "assistant", "Choose the assistant that speaks."),
        ({"assistant": "987654"}, "assistant", forms.NOT_YOURS),
        ({"number": "987654"}, "number", forms.NOT_YOURS),
        ({"first_message": "Good day {{na me}}"}, "first_message", spoken_text.NOT_A_VARIABLE),
        ({"facts": "y" * 10_000}, "facts", "Keep it below 6020 characters"),
        ({"max_minutes": "0"}, "max_minutes", change_forms.MINUTES),
        ({"metadata": "agent_id: x"}, "metadata", "agent_id cannot be the name of a label"),
        ({"position": "0"}, "position", "greater than or equal to 1"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(bloom, owner, change, name, words):
    make_preset(bloom)
    form = typed(bloom, name="Follow-up", instructions="Keep me.") | change
    answer = owner.post(f"{LIST}new/", form)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and len(saved(bloom)) == 1
    control = re.search(rf'<(?:input|textarea|select)[^>]*name="{name}"[^>]*>', page)
    assert control and 'aria-invalid="true"' in control[0] and words in page and "Keep me." in page


def test_two_presets_of_one_name_are_one_too_many_in_the_database_too(bloom):
    make_preset(bloom)
    with pytest.raises(IntegrityError, match="call_preset_name_once"):
        make_preset(bloom, "APPOINTMENT reminder")
    assert [one.key for one in saved(bloom)] == ["appointment-reminder"]


def test_keys_are_readable_and_never_the_same(bloom):
    names = ["Follow-up", "Follow up", "Follow — up!", "後續", "再"]
    assert [make_preset(bloom, name).key for name in names] == [
        "follow-up",
        "follow-up-2",
        "follow-up-3",
        "preset",
        "preset-2",
    ]


def test_bidi_marks_are_taken_out_of_names_and_texts(bloom, owner):
    form = typed(bloom, name="Appointment\u202e reminder", first_message="Hello\u2066 {{name}}.")
    assert owner.post(f"{LIST}new/", form).status_code == 302
    (preset,) = saved(bloom)
    assert (preset.name, preset.changes["first_message"]) == ("Appointment reminder", "Hello {{name}}.")


def test_a_preset_that_was_deleted_meanwhile_is_shown_as_gone_and_becomes_a_new_one(bloom, owner, make_member, sign_in):
    preset, other = make_preset(bloom), sign_in(make_member(bloom, Role.MANAGER))
    assert other.post(f"{LIST}{preset.pk}/delete/").status_code == 302
    answer = owner.post(f"{LIST}{preset.pk}/", typed(bloom, first_message="Typed for long."))
    page = unescape(answer.content.decode())
    assert answer.status_code == 404 and forms.GONE in page and "Typed for long." in page
    assert f'action="{LIST}new/"' in page and saved(bloom) == []
    assert owner.get(f"{LIST}{preset.pk}/").status_code == 404
    assert other.post(f"{LIST}{preset.pk}/delete/").status_code == 404


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(bloom, owner, make_member, sign_in):
    preset, other = make_preset(bloom), sign_in(make_member(bloom, Role.MANAGER))
    shown = field(owner.get(f"{LIST}{preset.pk}/").content.decode(), "shown")
    theirs = typed(bloom, first_message="Theirs.", facts="It takes 40 minutes.")
    assert other.post(f"{LIST}{preset.pk}/", theirs | {"shown": shown}).status_code == 302
    mine = typed(bloom, first_message="Mine.", facts="It takes 40 minutes.")
    answer = owner.post(f"{LIST}{preset.pk}/", mine | {"shown": shown})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and "Somebody changed this meanwhile" in page and "Mine." in page
    assert saved(bloom)[0].changes["first_message"] == "Theirs."
    rest = typed(bloom, first_message=OPENING, facts="It takes 50 minutes.") | {"shown": shown}
    assert owner.post(f"{LIST}{preset.pk}/", rest).status_code == 302
    assert saved(bloom)[0].changes == {"first_message": "Theirs.", "facts": ["It takes 50 minutes."]}


def test_the_number_of_presets_is_bounded(bloom, owner):
    for at in range(book.MOST):
        make_preset(bloom, f"Preset {at}")
    answer = owner.post(f"{LIST}new/", typed(bloom))
    assert answer.status_code == 422 and forms.TOO_MANY in answer.content.decode()
    assert "New preset" not in owner.get(LIST).content.decode()


def test_pages_with_many_presets_cost_no_more_queries(bloom, owner):
    counts = []
    for more in (1, 12):
        for at in range(more):
            make_preset(bloom, f"Preset {more} {at}", number_dedication_id=bloom.number.pk)
        for address in (ADDRESS, LIST):
            with captured_selects() as found:
                assert owner.get(address).status_code == 200
            counts.append(len(found))
    assert counts[:2] == counts[2:]


def test_a_fragment_tells_what_the_operator_fills_in(bloom, owner):
    form = typed(bloom, first_message=OPENING)
    part = owner.post(f"{LIST}new/?part=values", form, headers=HTMX).content.decode()
    assert "<b>Name</b>" in part and "<b>Time</b>" in part and "<form" not in part and saved(bloom) == []
    part = owner.post(f"{LIST}new/?part=changes", form, headers=HTMX).content.decode()
    assert 'name="first_message"' in part and f'hx-post="{LIST}new/?part=changes"' in part and saved(bloom) == []


def test_what_stands_in_call_now_becomes_a_preset_without_the_values(bloom, owner):
    form = call_form(bloom, first_message=OPENING, facts="It rains.", **{"variable-name": "Ada"})
    answer = owner.post(f"{LIST}new/?from_call=yes", form)
    page = unescape(answer.content.decode())
    assert answer.status_code == 200 and saved(bloom) == []
    assert field(page, "first_message") == OPENING and field(page, "facts") == "It rains."
    assert f'<option value="{bloom.assistant.pk}" selected>' in page
    assert f'<option value="{bloom.number.pk}" selected>' in page
    assert 'name="shown"' not in page, "nothing is stored yet that somebody could have changed"
    assert "Ada" not in page and PERSON not in page and "<b>Name</b>" in page


def test_a_preset_is_one_press_and_keeps_the_number_and_what_was_typed(bloom, caller):
    make_preset(bloom)
    page = caller.get(ADDRESS).content.decode()
    assert 'href="/c/bloom-dental/call/?preset=appointment-reminder"' in page and "Name, Time" in page

    form = call_form(bloom, facts="Takes apixaban.", instructions="Be brief.", pick="appointment-reminder")
    for headers in ({}, HTMX):
        answer = caller.post(f"{ADDRESS}preview/", form | {"variable-name": "Ada"}, headers=headers)
        page = unescape(answer.content.decode())
        assert answer.status_code == 200 and ("<html" in page) is not bool(headers)
        assert field(page, "first_message") == OPENING
        assert field(page, "facts") == "It takes 40 minutes.\nTakes apixaban."
        assert field(page, "instructions") == "Be brief."
        assert (field(page, "variable-name"), field(page, "variable-time")) == ("Ada", "")
        assert field(page, "destination") == PERSON and field(page, "preset") == "appointment-reminder"
        assert "Not filled in: time." in page and 'aria-current="true"' in page


def test_an_empty_form_has_no_errors_when_a_preset_is_picked(bloom, caller):
    make_preset(bloom)
    form = call_form(bloom, destination="", pick="appointment-reminder")
    page = caller.post(f"{ADDRESS}preview/", form, headers=HTMX).content.decode()
    assert "Type the number of the person you call." not in page and 'class="error"' not in page


def test_another_preset_brings_back_what_was_typed_in_place_of_the_first(bloom, caller):
    make_preset(bloom)
    make_preset(bloom, "Survey", changes={"instructions": "Ask three questions."})

    def pick(key: str, form: dict[str, Any]) -> dict[str, Any]:
        page = caller.post(f"{ADDRESS}preview/", form | {"pick": key}, headers=HTMX).content.decode()
        names = ("first_message", "facts", "instructions", "own-first_message", "own-instructions", "preset")
        return call_form(bloom) | {name: field(page, name) for name in names}

    form = pick("appointment-reminder", call_form(bloom, first_message="My own.", facts="It rains."))
    assert (form["first_message"], form["facts"]) == (OPENING, "It takes 40 minutes.\nIt rains.")
    form = pick("survey", form)
    assert (form["first_message"], form["facts"], form["instructions"]) == (
        "My own.",
        "It rains.",
        "Ask three questions.",
    )
    form = pick("", form)
    assert (form["first_message"], form["facts"], form["instructions"]) == ("My own.", "It rains.", "")
    assert form["preset"] == ""


def test_the_line_of_a_preset_is_chosen_and_its_reason_is_shown(bloom, caller):
    with scope.for_system("a line for a test"):
        number = Number.objects.create(connection=bloom.connection, remote_id="be", e164="+3225550161", name="Brussels")
        belgian = dedications.dedicate_number(bloom.tenant, number, by=None)
    make_preset(bloom, number_dedication_id=belgian.pk)
    page = caller.get(ADDRESS, {"preset": "appointment-reminder", "to": PERSON})
    assert [one.name for one in page.context["lines"] if one.checked] == ["Brussels"]
    assert line_choice.OF_PRESET in page.content.decode()
    asked = {"destination": PERSON, "line_by_rule": "1", "preset": "appointment-reminder"}
    part = caller.get(f"{ADDRESS}number/", asked).content.decode()
    assert f'data-line="{belgian.pk}"' in part and line_choice.OF_PRESET in part

    with scope.for_system("it leaves"):
        dedications.end_number(belgian, by=None)
    page = caller.get(ADDRESS, {"preset": "appointment-reminder", "to": PERSON})
    assert [one.name for one in page.context["lines"] if one.checked] == ["Bloom Dental line"]
    words = unescape(page.content.decode())
    assert "The line of this preset is not yours any more. This one was chosen by rule: it is your only line." in words
    assert OPENING in words


def test_a_preset_whose_assistant_was_released_says_so_and_chooses_none(bloom, caller, owner):
    preset = make_preset(bloom)
    with scope.for_system("another assistant stays"):
        other = type(bloom.assistant.assistant).objects.create(
            connection=bloom.connection, remote_id="other", name="Night desk", provider="openai"
        )
        dedications.dedicate_assistant(bloom.tenant, other, by=None)
        dedications.end_assistant(bloom.assistant, by=None)
    name = str(bloom.assistant.assistant)
    for answer in (
        caller.get(ADDRESS, {"preset": "appointment-reminder"}),
        caller.post(f"{ADDRESS}preview/", call_form(bloom, pick="appointment-reminder")),
    ):
        page = unescape(answer.content.decode())
        assert answer.status_code == 200
        assert f"{name}, the assistant of this preset, is not yours any more." in page
        assert not [one for one in answer.context["assistants"] if one["checked"]]
        assert field(page, "first_message") == OPENING
    listed, page = owner.get(LIST).content.decode(), owner.get(f"{LIST}{preset.pk}/").content.decode()
    assert "Its assistant is not yours any more." in listed and "is not yours any more" in page


def test_a_released_assistant_that_comes_back_is_that_of_the_preset_again(bloom, caller):
    make_preset(bloom)
    with scope.for_system("it goes and comes back"):
        dedications.end_assistant(bloom.assistant, by=None)
        again = dedications.dedicate_assistant(bloom.tenant, bloom.assistant.assistant, by=None)
    page = caller.get(ADDRESS, {"preset": "appointment-reminder"})
    assert [one["pk"] for one in page.context["assistants"] if one["checked"]] == [again.pk]


def test_what_a_call_link_holds_is_in_no_log_and_goes_to_no_other_site(bloom, caller, client, caplog):
    make_preset(bloom)
    link = {"preset": "appointment-reminder", "to": "+31612349876", "name": "Marigold"}
    with caplog.at_level("DEBUG", logger="patchbay"):
        answer = caller.get(ADDRESS, link)
        signed_out = client.get(ADDRESS, link)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert signed_out.status_code == 302 and "Marigold" in signed_out["Location"], "signing in leads back to it"
    lines = [record.getMessage() for record in caplog.records if record.name == "patchbay.access"]
    assert len(lines) == 2 and all(ADDRESS in line for line in lines)
    assert not any(word in caplog.text for word in ("Marigold", "31612349876", "appointment-reminder"))


@pytest.mark.parametrize(
    ("changes", "blocks", "words"),
    [
        ({"voicemail_message": "Call back."}, {"voicemail_detection": False}, overrides.NO_VOICEMAIL),
        ({"model": "gone-1"}, {}, "VoiceDock’s catalogue does not have gone-1"),
        ({"language": "nl"}, {"llm_config": {"provider": "xai_realtime"}}, overrides.LISTENS_ITSELF),
    ],
)
def test_what_the_assistant_can_no_longer_do_is_shown_before_the_call(bloom, caller, changes, blocks, words):
    make_preset(bloom, changes=changes)
    with scope.for_system("it was set up anew"):
        known = AssistantConfiguration.objects.get()
        AssistantConfiguration.objects.update(blocks=known.blocks | blocks)
    for answer in (
        caller.get(ADDRESS, {"preset": "appointment-reminder", "to": PERSON}),
        caller.post(f"{ADDRESS}preview/", call_form(bloom, pick="appointment-reminder")),
    ):
        page = unescape(answer.content.decode())
        assert answer.status_code == 200 and words in page and answer.context["plan"] is None
        assert f'name="{next(iter(changes))}"' in page


def test_a_call_link_fills_the_form_and_makes_nothing(bloom, caller):
    make_preset(bloom)
    link = {"preset": "appointment-reminder", "to": PERSON, "name": "Mrs de Wit", "time": "10:40", "colour": "red"}
    answer = caller.get(ADDRESS, link)
    page = unescape(answer.content.decode())
    assert (field(page, "variable-name"), field(page, "variable-time")) == ("Mrs de Wit", "10:40")
    assert "Good afternoon Mrs de Wit, about 10:40." in page
    assert page.count('value="red"') == 1 and '<input type="hidden" name="variable-colour" value="red">' in page
    assert "with another opening sentence, 1 fact and 2 values filled in" in page
    with scope.for_tenant(bloom.tenant):
        assert not bloom.tenant.calls.exists()


@pytest.mark.parametrize(
    ("value", "shown", "words"),
    [
        ("x" * 10_000, "x" * 10_000, "Keep it below 500 characters; this has 10000."),
        ("two {{braces}}", "two {{braces}}", spoken_text.BRACES_IN_VALUE),
        ("Ada\u202e evil\u2066\x00\n", "Ada evil", ""),
        ("<script>alert(1)</script>", "<script>alert(1)</script>", ""),
    ],
)
def test_what_a_link_holds_is_checked_like_what_is_typed(bloom, caller, value, shown, words):
    make_preset(bloom)
    answer = caller.get(ADDRESS, {"preset": "appointment-reminder", "name": value})
    text = answer.content.decode()
    page = unescape(text)
    assert answer.status_code == 200 and field(page if "<" not in value else text, "variable-name") == shown
    control = re.search(r'<input[^>]*name="variable-name"[^>]*>', page)
    assert control and ('aria-invalid="true"' in control[0]) is bool(words) and words in page
    assert ("Not as it is" in page) is bool(words) and "<script>alert" not in text


def test_examples_that_no_program_filled_in_are_no_values(bloom, caller):
    make_preset(bloom)
    link = {"preset": "appointment-reminder", "to": "NUMBER", "name": "NAME", "time": "TIME"}
    page = unescape(caller.get(ADDRESS, link).content.decode())
    assert (field(page, "variable-name"), field(page, "variable-time")) == ("", "")


def test_a_wrong_preset_is_named_and_the_rest_of_the_link_holds(bloom, harbor, caller):
    make_preset(bloom)
    make_preset(harbor, "Their secret preset")
    for key in ("nobody", "their-secret-preset", "x" * 5000, "<b>", "a\x00b", "\u202e"):
        answer = caller.get(ADDRESS, {"preset": key, "to": PERSON, "name": "Ada"})
        page = unescape(answer.content.decode())
        assert answer.status_code == 200 and "so nothing was filled in" in page and "6 1234 0042" in page
        assert "Their secret preset" not in page and field(page, "preset") == ""


def test_a_variable_that_has_the_name_of_a_parameter_has_one_of_its_own(bloom, owner):
    make_preset(bloom, changes={"first_message": "Hello {{to}}, {{name}}."})
    assert "preset=appointment-reminder&to=NUMBER&variable-to=TO&name=NAME" in unescape(
        owner.get(LIST).content.decode()
    )
    page = owner.get(ADDRESS, {"preset": "appointment-reminder", "to": PERSON, "variable-to": "Ada"}).content.decode()
    assert field(page, "variable-to") == "Ada"


def test_who_may_not_place_calls_opens_no_link_and_sees_no_preset(bloom, make_member, sign_in):
    make_preset(bloom)
    browser = sign_in(make_member(bloom, Role.VIEWER))
    assert browser.get(ADDRESS, {"preset": "appointment-reminder"}).status_code == 403
    form = call_form(bloom, pick="appointment-reminder")
    assert browser.post(f"{ADDRESS}preview/", form).status_code == 403


def test_another_clients_presets_are_neither_seen_nor_changed(bloom, harbor, owner):
    theirs = make_preset(harbor, "Their secret preset")
    assert owner.get(f"{LIST}{theirs.pk}/").status_code == 404
    assert owner.post(f"{LIST}{theirs.pk}/delete/").status_code == 404
    answer = owner.post(f"{LIST}{theirs.pk}/", typed(bloom))
    assert answer.status_code == 404 and "secret" not in answer.content.decode()
    assert [one.name for one in saved(harbor)] == ["Their secret preset"]
    with pytest.raises(IntegrityError, match="call_preset_assistant"):
        make_preset(bloom, assistant_dedication_id=harbor.assistant.pk)
    with pytest.raises(IntegrityError, match="call_preset_number"):
        make_preset(bloom, number_dedication_id=harbor.number.pk)


@pytest.fixture
def here(operator: Any, make_member: Any, sign_in: Any) -> Any:
    """The browser of somebody who places calls at the client of the sandbox, which has a preset."""
    sync.inventory(operator.connection)
    make_preset(operator)
    return sign_in(make_member(operator.tenant, Role.OPERATOR))


def test_a_call_keeps_with_which_preset_it_was_made(operator, here):
    address = f"/c/{operator.tenant.slug}/call/"
    page = here.get(address, {"preset": "appointment-reminder", "to": PERSON, "name": "Ada"}).content.decode()
    names = ("first_message", "facts", "preset", "variable-name")
    form = call_form(operator) | {name: field(page, name) for name in names} | {"variable-time": "10:40"}
    answer = here.post(address, form)
    assert answer.status_code == 303, unescape(answer.content.decode())
    (call,), (sent,) = operator.calls(), operator.dial_requests()
    assert call.preset_name == "Appointment reminder"
    assert sent["body"]["assistant_override"]["first_message"] == "Good afternoon Ada, about 10:40."
    after = unescape(here.get(answer["Location"]).content.decode())
    assert "Made with Appointment reminder." in " ".join(re.sub(r"<[^>]*>", "", after).split())
    with scope.for_tenant(operator.tenant):
        entry = AuditEntry.objects.get(action="call.asked")
        assert "Made with the preset Appointment reminder." in sentence(entry).replace("\u2068", "").replace(
            "\u2069", ""
        )
        assert "Ada" not in entry.body


def test_a_preset_that_was_deleted_meanwhile_is_refused_once_before_the_call(operator, here):
    with scope.for_tenant(operator.tenant):
        CallPreset.objects.all().delete()
    address, form = f"/c/{operator.tenant.slug}/call/", call_form(operator, preset="appointment-reminder")
    answer = here.post(address, form | {"first_message": "Kept."})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and change_forms.PRESET_GONE in page and field(page, "first_message") == "Kept."
    assert operator.dial_requests() == [] and field(page, "preset") == ""
    assert here.post(address, form | {"first_message": "Kept.", "preset": ""}).status_code == 303
    assert operator.calls()[0].preset_name == ""


def test_call_again_keeps_preset_values_line_and_assistant(bloom, caller):
    make_preset(bloom)
    changes = {"first_message": OPENING, "facts": ["It snows."], "variables": {"name": "Ada", "time": "10:40"}}
    call = make_call(
        bloom, state="ended", counterpart=PERSON, preset_name="Appointment reminder", mode="hybrid", overrides=changes
    )
    page = caller.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    (again,) = {unescape(link) for link in re.findall(r'href="([^"]*[?&;]again=[^"]*)"', page)}
    answer = caller.get(again)
    page = unescape(answer.content.decode())
    assert field(page, "preset") == "appointment-reminder"
    assert (field(page, "variable-name"), field(page, "variable-time")) == ("Ada", "10:40")
    assert (field(page, "first_message"), field(page, "facts")) == (OPENING, "It snows.")
    assert [one["pk"] for one in answer.context["assistants"] if one["checked"]] == [bloom.assistant.pk]
    assert [one.pk for one in answer.context["lines"] if one.checked] == [bloom.number.pk]
    assert "Good afternoon Ada, about 10:40." in page


def test_a_call_made_as_saved_is_made_again_with_its_preset_and_as_saved(bloom, caller):
    make_preset(bloom)
    call = make_call(bloom, state="ended", preset_name="Appointment reminder")
    page = caller.get(ADDRESS, {"again": str(call.pk)}).content.decode()
    assert field(page, "preset") == "appointment-reminder" and field(page, "first_message") == ""


def test_links_of_the_page_without_scripts_lead_to_a_page(bloom, caller, make_member):
    """It stands at the address of the preview, which takes no GET."""
    make_preset(bloom)
    make_call(bloom, by=make_member(bloom, Role.OWNER), state="ended", counterpart="+31612345671")
    page = caller.post(f"{ADDRESS}preview/", call_form(bloom, pick="appointment-reminder")).content.decode()
    links = {unescape(link) for link in re.findall(r'<a class="(?:chip|preset)"[^>]*href="([^"]*)"', page)}
    assert len(links) == 3 and all(caller.get(link).status_code == 200 for link in links), links
