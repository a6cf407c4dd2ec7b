"""Drafts of one-time assistants: named, versioned and shared in the client, for those with the right to them."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboard.calls.models import AssistantDraft, AssistantDraftVersion
from dashboard.calls.transient import drafts
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AuditEntry, Tenant

PIPELINE = {
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": "Be kind."}]},
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "v1"},
}
LIST = "/c/bloom-dental/call/one-time/"


def allow(setup: Any) -> None:
    with scope.for_tenant(setup.tenant):
        Tenant.objects.filter(pk=setup.tenant.pk).update(transient_calls=True)


@pytest.fixture
def browser(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    """Of an operator with the right."""
    allow(bloom)
    return sign_in(make_member(bloom, Role.OPERATOR, "Sanne", places_transient_calls=True))


def saved(setup: Any, name: str = "Winter check", configuration: Any = None) -> AssistantDraft:
    with scope.for_tenant(setup.tenant):
        facts: dict[str, Any] = {"configuration": configuration or PIPELINE, "made_from": 0, "by": None}
        return drafts.save(setup.tenant, None, name=name, **facts)[0]


def versions(setup: Any) -> list[tuple[str, int, Any]]:
    with scope.for_tenant(setup.tenant):
        found = AssistantDraftVersion.objects.select_related("draft").order_by("draft", "number")
        return [(one.draft.name, one.number, one.configuration) for one in found]


def as_json(name: str, configuration: Any, made_from: int = 0, do: str = "save") -> dict[str, Any]:
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    return {"name": name, "made_from": made_from, "side": "json", "text": text, "do": do}


def entries(setup: Any) -> list[str]:
    with scope.for_tenant(setup.tenant):
        found = AuditEntry.objects.filter(tenant=setup.tenant, action__startswith="tenant.draft")
        return list(found.order_by("seq").values_list("action", flat=True))


def test_a_draft_is_saved_in_versions_and_an_older_one_comes_back(bloom: Any, browser: Any) -> None:
    answer = browser.post(f"{LIST}new/", as_json("Winter check", PIPELINE))
    assert answer.status_code == 302
    page = answer.headers["Location"]
    changed = PIPELINE | {"first_message": "Hello"}
    assert browser.post(page, as_json("Winter check", changed, 1)).status_code == 302
    older = browser.get(f"{page}?version=1")
    assert "This is version 1" in older.content.decode() and older.context["editor"].form.configuration() == PIPELINE
    assert older.context["editor"].made_from == 2
    assert browser.post(page, as_json("Winter check", PIPELINE, 2)).status_code == 302
    assert browser.post(page, as_json("Winter check", PIPELINE, 3)).status_code == 302, "nothing was different"
    assert versions(bloom) == [
        ("Winter check", 1, PIPELINE),
        ("Winter check", 2, changed),
        ("Winter check", 3, PIPELINE),
    ]
    assert browser.post(page, as_json("Summer check", PIPELINE, 3)).status_code == 302
    assert "Summer check" in unescape(browser.get(LIST).content.decode())
    assert browser.post(f"{page}delete/").status_code == 302
    assert versions(bloom) == []
    assert entries(bloom) == ["tenant.draft-saved"] * 3 + ["tenant.draft-renamed", "tenant.draft-deleted"]


def test_the_form_side_saves_what_it_shows(bloom: Any, browser: Any) -> None:
    draft = saved(bloom)
    form = browser.get(f"{LIST}{draft.pk}/").context["editor"].form
    typed = {name: str(form[name].value() or "") for name in form.fields}
    typed |= {"name": "Winter check", "made_from": "1", "side": "form", "llm_config-messages": "Be brief."}
    assert browser.post(f"{LIST}{draft.pk}/", typed | {"do": "save"}).status_code == 302
    assert versions(bloom)[-1][2]["llm_config"]["messages"] == [{"role": "system", "content": "Be brief."}]
    wrong = browser.post(f"{LIST}{draft.pk}/", typed | {"llm_config-temperature": "9", "do": "save"})
    assert wrong.status_code == 422 and "a number from 0 to 2" in wrong.content.decode()
    assert wrong.context["editor"].form["llm_config-messages"].value() == "Be brief."
    assert len(versions(bloom)) == 2


def test_the_fields_follow_the_provider_as_a_part_and_as_a_page(bloom: Any, browser: Any) -> None:
    draft = saved(bloom)
    typed = {"name": "x", "side": "form", "base": json.dumps(PIPELINE), "llm_config-provider": "xai_realtime"}
    for headers in ({}, {"HX-Request": "true"}):
        answer = browser.post(f"{LIST}{draft.pk}/", typed | {"do": "redraw"}, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 200 and "turn_detection" in page and 'name="stt_config-provider"' not in page
        assert ("<html" in page) != bool(headers)
    assert len(versions(bloom)) == 1


def test_json_that_is_wrong_is_shown_with_its_line_and_kept(bloom: Any, browser: Any) -> None:
    text = '{\n  "llm_config": {\n    "provider": <b>\n'
    for do in ("save", "form"):
        answer = browser.post(f"{LIST}new/", as_json("Winter check", text, do=do))
        page = answer.content.decode()
        assert answer.status_code == (422 if do == "save" else 200)
        assert "Line 3, character 17" in page and "&lt;b&gt;" in page and "<b>\n" not in page
        assert answer.context["editor"].json["text"].value() == text
    secret = browser.post(f"{LIST}new/", as_json("Winter check", PIPELINE | {"webhook_secret": "whsec-1"}))
    assert secret.status_code == 422 and "webhook_secret" in secret.content.decode()
    assert versions(bloom) == []


def test_a_number_with_hundreds_of_digits_is_refused_on_both_sides(bloom: Any, browser: Any) -> None:
    number = "9" * 400
    text = json.dumps(PIPELINE, indent=1)[:-2] + f',\n "max_duration_seconds": {number}\n}}'
    for do, status in (("save", 422), ("form", 200)):
        answer = browser.post(f"{LIST}new/", as_json("Winter check", text, do=do))
        assert answer.status_code == status and f"Line {text.count(chr(10))}, character" in answer.content.decode()
        assert answer.context["editor"].json["text"].value() == text
    deep = "[" * 900 + "]" * 900
    assert browser.post(f"{LIST}new/", as_json("Winter check", f'{{"x": {deep}}}', do="form")).status_code == 200
    form = {"name": "x", "side": "form", "base": json.dumps(PIPELINE), "max_duration_seconds": number, "do": "save"}
    answer = browser.post(f"{LIST}new/", form)
    assert answer.status_code == 422 and "Give a whole number" in answer.content.decode()
    assert browser.post(f"{LIST}new/", form | {"do": "json"}).status_code == 200
    assert versions(bloom) == []


def test_what_somebody_saved_meanwhile_is_shown_and_nothing_is_lost(bloom: Any, browser: Any) -> None:
    draft = saved(bloom)
    with scope.for_tenant(bloom.tenant):
        drafts.save(
            bloom.tenant,
            AssistantDraft.objects.get(),
            name=draft.name,
            configuration=PIPELINE | {"x": 1},
            made_from=1,
            by=None,
        )
    mine = PIPELINE | {"first_message": "Mine"}
    answer = browser.post(f"{LIST}{draft.pk}/", as_json("Winter check", mine, 1))
    assert answer.status_code == 409 and "saved version 2 meanwhile" in unescape(answer.content.decode())
    assert json.loads(answer.context["editor"].json["text"].value()) == mine
    again = answer.context["editor"].made_from
    assert browser.post(f"{LIST}{draft.pk}/", as_json("Winter check", mine, again)).status_code == 302
    assert [number for _, number, _ in versions(bloom)] == [1, 2, 3]


def test_a_draft_that_was_deleted_meanwhile_becomes_a_new_one_and_nothing_is_lost(bloom: Any, browser: Any) -> None:
    draft = saved(bloom)
    mine, page = PIPELINE | {"first_message": "Mine", "x": [1]}, f"{LIST}{draft.pk}/"
    form = {"name": "Mine", "made_from": "1", "side": "form", "base": json.dumps(mine), "first_message": "Typed"}
    assert browser.post(f"{page}delete/").status_code == 302
    for sent, do, status in ((as_json("Mine", mine, 1), "form", 200), (form, "json", 200), (form, "save", 404)):
        answer = browser.post(page, sent | {"do": do})
        text = unescape(answer.content.decode())
        assert answer.status_code == status and "Somebody deleted this one-time assistant meanwhile" in text
        assert f'action="{LIST}new/"' in text and 'value="Mine"' in text
    assert answer.context["editor"].form["first_message"].value() == "Typed"
    wrong = browser.post(page, as_json("Mine", "{", 1))
    assert wrong.status_code == 404 and wrong.context["editor"].json["text"].value() == "{"
    assert "Line 1" in wrong.content.decode(), "its errors are shown too"
    answer = browser.post(page, as_json("Mine", mine, 1))
    assert json.loads(answer.context["editor"].json["text"].value()) == mine and versions(bloom) == []
    assert browser.get(page).status_code == 404
    assert browser.post(f"{LIST}new/", as_json("Mine", mine, 0)).status_code == 302
    assert versions(bloom) == [("Mine", 1, mine)]


def test_a_draft_that_is_deleted_while_it_is_saved_becomes_a_new_one_too(
    bloom: Any, browser: Any, monkeypatch: Any
) -> None:
    draft = saved(bloom)
    before = drafts.tenant_status.lock_tenant

    def lock(tenant: Tenant) -> Any:
        AssistantDraft.objects.filter(tenant=tenant).delete()
        return before(tenant)

    monkeypatch.setattr(drafts.tenant_status, "lock_tenant", lock)
    answer = browser.post(f"{LIST}{draft.pk}/", as_json("Mine", PIPELINE, 1))
    assert answer.status_code == 404 and f'action="{LIST}new/"' in answer.content.decode()


@pytest.mark.parametrize("do", ["save", "form"])
@pytest.mark.parametrize("wrong", ["\\ud800", "\\u0000", "a\\udfffb"])
def test_what_cannot_be_stored_is_an_error_of_its_line(bloom: Any, browser: Any, wrong: str, do: str) -> None:
    for text in (f'{{\n"first_message": "{wrong}"\n}}', f'{{\n"{wrong}": 1,"{wrong}": 1}}'):
        answer = browser.post(f"{LIST}new/", as_json("Winter check", text, do=do))
        assert answer.status_code == (422 if do == "save" else 200)
        assert "Line 2, character" in answer.content.decode() and answer.context["editor"].side == "json"
        assert answer.context["editor"].json["text"].value() == text


def test_two_drafts_have_two_names(bloom: Any, browser: Any) -> None:
    saved(bloom)
    answer = browser.post(f"{LIST}new/", as_json("winter CHECK", PIPELINE))
    assert answer.status_code == 409 and "called that already" in answer.content.decode()
    assert browser.post(f"{LIST}new/", as_json("", PIPELINE)).status_code == 422


def test_a_new_one_begins_with_a_saved_assistant_without_its_secrets(bloom: Any, browser: Any) -> None:
    with scope.for_system("as Patchbay last read it"):
        blocks = PIPELINE | {
            "first_message": "Hello inbound",
            "speech_config": {"first_message_outbound": "Hello out"},
            "metadata": {"case": "1", "our_ref": "x"},
        }
        del blocks["tts_config"]
        AssistantConfiguration.objects.create(
            assistant=bloom.assistant.assistant, blocks=blocks, withheld=["tts_config"]
        )
    page = browser.get(LIST).content.decode()
    choice = f"assistant-{bloom.assistant.pk}"
    assert f'value="{choice}"' in page
    answer = browser.get(f"{LIST}new/?from={choice}")
    configuration = answer.context["editor"].form.configuration()
    assert configuration["first_message"] == "Hello out" and configuration["metadata"] == {"case": "1"}
    assert configuration["llm_config"] == PIPELINE["llm_config"] and "speech_config" not in configuration
    page = answer.content.decode()
    assert "a secret is in it: the voice" in page and "Silence settings are not copied." in page


def test_a_new_one_begins_with_a_draft_or_with_nothing(bloom: Any, browser: Any, harbor: Any) -> None:
    draft = saved(bloom)
    copied = browser.get(f"{LIST}new/?from=draft-{draft.pk}").context["editor"]
    assert copied.form.configuration() == PIPELINE and copied.about["name"].value() == "Winter check (copy)"
    foreign = saved(harbor, configuration=PIPELINE | {"first_message": "Harbor alone"})
    for source in (f"draft-{foreign.pk}", f"assistant-{harbor.assistant.pk}", "x", "draft-" + "9" * 30, ""):
        answer = browser.get(f"{LIST}new/?from={source}")
        assert answer.status_code == 200 and "Harbor alone" not in answer.content.decode()


def test_only_those_with_the_right_see_drafts_in_both_steps(
    bloom: Any, make_member: Any, sign_in: Any, admin: Any
) -> None:
    draft = saved(bloom)
    addresses = [LIST, f"{LIST}new/", f"{LIST}{draft.pk}/"]
    given = sign_in(make_member(bloom, Role.OWNER, places_transient_calls=True))
    assert {given.get(one).status_code for one in addresses} == {403}, "staff have not allowed the client"
    allow(bloom)
    assert {given.get(one).status_code for one in addresses} == {200}
    for role in (Role.OWNER, Role.MANAGER, Role.OPERATOR):
        assert {sign_in(make_member(bloom, role)).get(one).status_code for one in addresses} == {403}
    viewer = sign_in(make_member(bloom, Role.VIEWER, places_transient_calls=True))
    assert {viewer.get(one).status_code for one in addresses} == {403}
    staff = sign_in(admin)
    staff.post("/enter/bloom-dental/", {"reason": "To look."})
    assert {staff.get(one).status_code for one in addresses} == {200}
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(transient_calls=False)
    assert {staff.get(one).status_code for one in addresses} == {403}


def test_another_clients_draft_does_not_exist(bloom: Any, harbor: Any, browser: Any) -> None:
    foreign = saved(harbor)
    assert browser.get(f"{LIST}{foreign.pk}/").status_code == 404
    assert browser.post(f"{LIST}{foreign.pk}/", as_json("Mine", PIPELINE, 1)).status_code == 404
    assert browser.post(f"{LIST}{foreign.pk}/delete/").status_code == 404
    assert versions(harbor)[0][:2] == ("Winter check", 1)


def test_a_version_is_of_a_draft_of_the_same_client_in_the_database(bloom: Any, harbor: Any) -> None:
    draft = saved(bloom)
    with scope.for_system("try"), pytest.raises(IntegrityError, match="version_draft"), transaction.atomic():
        AssistantDraftVersion.objects.create(tenant=harbor.tenant, draft=draft, number=2, configuration={})


def test_the_list_asks_as_much_for_many_as_for_one(bloom: Any, browser: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert browser.get(LIST).status_code == 200
        return len(found)

    saved(bloom)
    queries()
    few = queries()
    for number in range(6):
        saved(bloom, f"Number {number}")
    assert queries() == few
