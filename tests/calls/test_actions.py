"""Actions of the live panel: who composes them, what is refused, and that they leave as any other command."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.calls.control import action_book, action_text
from dashboard.calls.models import Action, Receipt, TransferTarget
from dashboard.rate_limits import limiter
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call

SETTINGS = "/c/bloom-dental/settings/actions/"
HTMX = {"HX-Request": "true"}
CODE = {
    "key": 1,
    "name": "SMS code",
    "command": "inject-context",
    "text": "The code of {{name}} is {{code}}.",
    "fields_asked": "code",
    "trigger_response": "on",
}
FACTS = {"key": 2, "name": "Customer facts", "command": "inject-context", "text": "Account {{account}}. {{note}}"}
FACTS |= {"fields_asked": "account, note?"}
HAND_OVER = {"key": 3, "name": "Hand over", "command": "transfer", "text": "", "fields_asked": ""}
END = {"key": 4, "name": "End now", "command": "end-call", "text": "Goodbye from {{client}}.", "fields_asked": ""}


def rows(*actions: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {"action-TOTAL_FORMS": len(actions), "action-INITIAL_FORMS": 0}
    for at, action in enumerate(actions):
        form |= {f"action-{at}-{name}": value for name, value in action.items()}
    return form


def made_from(browser: Any, page: str = SETTINGS) -> str:
    found = re.search(r'name="made_from"\s+value="([^"]*)"', browser.get(page).content.decode())
    assert found
    return found[1]


@pytest.fixture
def operator_browser(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OPERATOR))


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Commands that reached VoiceDock."""
    sent: list[Any] = []

    @contextmanager
    def client_for(*args: Any, **more: Any) -> Any:
        yield SimpleNamespace(control_call=lambda remote_id, command: sent.append(command.body()))

    monkeypatch.setattr(limiter, "client_for", client_for)
    return sent


@pytest.fixture
def owner(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))


@pytest.fixture
def four(bloom: Any, owner: Any) -> dict[int, Action]:
    """Four actions, by their keys."""
    assert owner.post(SETTINGS, rows(CODE, FACTS, HAND_OVER, END)).status_code == 302
    return {action.key: action for action in named(bloom)}


@pytest.fixture
def press(bloom: Any, operator_browser: Any) -> Any:
    """Send an action into a call as the panel does; `form` are what is filled in."""

    def send(call: Any, pressed: Action, headers: Any = None, **form: Any) -> Any:
        facts = {"type": pressed.command, "action": pressed.key, "token": uuid.uuid4()}
        facts |= {"made_from": action_book.fingerprint([pressed])} | form
        return operator_browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", facts, headers=headers)

    return send


def named(setup: Any) -> list[Action]:
    with scope.for_tenant(setup.tenant):
        return action_book.named(setup.tenant)


def receipts(setup: Any) -> list[Receipt]:
    with scope.for_tenant(setup.tenant):
        return list(Receipt.objects.all())


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.MANAGER, 200), (Role.OPERATOR, 403), (Role.VIEWER, 403)]
)
def test_owners_and_managers_compose_them(bloom, make_member, sign_in, role, status):
    browser = sign_in(make_member(bloom, role))
    assert browser.get(SETTINGS).status_code == status
    assert browser.post(SETTINGS, rows(CODE)).status_code == (302 if status == 200 else 403)
    assert [action.name for action in named(bloom)] == (["SMS code"] if status == 200 else [])


def test_a_change_is_an_entry_and_nothing_different_is_none(bloom, owner, four):
    form = rows(CODE, FACTS | {"remove": "on"}, HAND_OVER, END | {"text": "Goodbye."}, {"name": ""})
    for _ in range(2):
        assert owner.post(SETTINGS, form | {"made_from": made_from(owner)}).status_code == 302
    with scope.for_tenant(bloom.tenant):
        entries = list(AuditEntry.objects.filter(action="tenant.actions-changed").order_by("seq"))
    assert len(entries) == 2
    assert sentence(entries[1]) == (
        "Dora Bloom changed the actions of the live panel: 4 End now is End call “Goodbye.”; 2 Customer facts removed."
    )
    assert [action.key for action in named(bloom)] == [1, 3, 4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "x" * 200}, "at most 40 characters"),
        ({"name": ""}, "Write what the button says"),
        ({"name": "\u202e\u202d"}, "Write what the button says"),
        ({"key": ""}, "Choose a key"),
        ({"key": "10"}, "not one of the available choices"),
        ({"command": ""}, "Choose what is sent"),
        ({"text": ""}, "Write what the assistant should know"),
        ({"text": "The code {{code"}, "one side is missing"),
        ({"text": "The code code}} is {{code}}"}, "one side is missing"),
        ({"text": "{{code}} {{}}"}, "cannot be the name of a field"),
        ({"text": "{{code}} {{acount}}"}, "“acount” is neither in the list of fields nor a value of the call"),
        ({"text": "{{code}}" + "x" * 1000}, "1000 are the most"),
        ({"fields_asked": "code, account"}, "“account” does not stand in the text"),
        ({"fields_asked": "code, code?"}, "stands in the list twice"),
        ({"fields_asked": "code, <b>"}, "cannot be the name of a field"),
        ({"families": "abacus"}, "not one of the available choices"),
        ({"key": "2"}, "The key 2 is taken by a row above"),
        ({"name": "customer FACTS"}, "is the name of a row above already"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(bloom, owner, change, words):
    typed = CODE | change
    answer = owner.post(SETTINGS, rows(FACTS, typed))
    page = answer.content.decode()
    assert answer.status_code == 422 and named(bloom) == []
    fields = [found[0] for found in re.finditer(r'<(div|fieldset) class="field".*?</\1>', page, re.S)]
    (field,) = [found for found in fields if 'class="error"' in found]
    assert words in field.replace("&quot;", '"')
    kept = [str(value) for name, value in typed.items() if name in ("name", "text", "fields_asked") and value.strip()]
    assert all(value.replace("<", "&lt;").replace(">", "&gt;") in page for value in kept if value.isprintable())
    assert "Account {{account}}. {{note}}" in page


@pytest.mark.parametrize("typed", [{"fields_asked": "code"}, {"families": "pipeline"}, {"end_after": "on"}])
def test_a_new_row_with_anything_in_it_is_not_dropped(bloom, owner, typed):
    answer = owner.post(SETTINGS, rows(FACTS, {"name": "", "key": "", "command": "", "text": ""} | typed))
    page = answer.content.decode()
    assert answer.status_code == 422 and named(bloom) == []
    for words in ("Write what the button says", "Choose a key", "Choose what is sent"):
        assert words in page
    assert all(f'value="{value}"' in page or "checked" in page for value in typed.values())


def test_a_taken_key_names_its_action_and_cannot_be_chosen(owner, four):
    page = owner.get(SETTINGS).content.decode()
    first, *_, new = re.findall(r'<select name="action-\d-key".*?</select>', page, re.S)
    assert re.search(r'<option value="2"\s+disabled>2: Customer facts</option>', first)
    assert re.search(r'<option value="1"\s+selected>1</option>', first) and 'value="5">5<' in first
    assert new.count("disabled") == len(four) and "1: SMS code" in new
    assert "On a phone you tap its name." in page


def test_bidi_marks_are_taken_out_of_names_and_texts(bloom, owner):
    typed = CODE | {"name": "SMS\u202e code", "text": "The code\u2066 of {{name}} is {{code}}."}
    assert owner.post(SETTINGS, rows(typed)).status_code == 302
    (action,) = named(bloom)
    assert (action.name, action.text) == ("SMS code", CODE["text"])


def test_a_form_made_from_another_list_replaces_nothing(bloom, owner, four, make_member, sign_in):
    other, opened = sign_in(make_member(bloom, Role.MANAGER)), made_from(owner)
    theirs = rows(CODE | {"text": "Their {{code}}"}) | {"made_from": opened}
    assert other.post(SETTINGS, theirs).status_code == 302

    mine = rows(CODE | {"text": "Mine {{code}}"}) | {"made_from": opened}
    answer = owner.post(SETTINGS, mine)
    page = answer.content.decode()
    assert answer.status_code == 409 and "Somebody changed the actions meanwhile" in page and "Mine {{code}}" in page
    assert [action.text for action in named(bloom)] == ["Their {{code}}"]

    (now,) = re.findall(r'name="made_from"\s+value="([^"]*)"', page)
    assert owner.post(SETTINGS, mine | {"made_from": now}).status_code == 302
    assert [action.text for action in named(bloom)] == ["Mine {{code}}"]


def test_an_action_leaves_as_a_command_with_its_name_on_the_receipt(bloom, four, press, vendor, operator_browser):
    call = make_call(bloom)
    answer = press(call, four[1], **{"fill-name": "Mrs de Wit", "fill-code": "4417"})
    assert answer.status_code == 303
    (receipt,) = receipts(bloom)
    assert receipt.action == "SMS code" and receipt.command == "inject-context"
    assert receipt.payload["content"] == "The code of Mrs de Wit is 4417." and receipt.payload["trigger_response"]
    with scope.for_tenant(bloom.tenant):
        asked = AuditEntry.objects.get(action="call.command-asked")
    assert "for Context (SMS code) in the call" in sentence(asked)
    page = operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    receipt_on_page = re.search(r'<li class="command-receipt.*?</li>', page, re.S)
    assert receipt_on_page and "<b>SMS code</b>" in receipt_on_page[0] and "is 4417." in receipt_on_page[0]


def test_the_same_token_sends_it_once(bloom, four, press, vendor):
    call, token = make_call(bloom), uuid.uuid4()
    for _ in range(3):
        press(call, four[2], token=token, **{"fill-account": "20-1184"})
    assert [receipt.payload["content"] for receipt in receipts(bloom)] == ["Account 20-1184."]
    assert len(vendor) == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"fill-name": "Noor"}, "Fill in the code."),
        ({"fill-name": "Noor", "fill-code": "x" * 10_000}, "at most 300 characters"),
        ({"fill-name": "Noor", "fill-code": "1", "made_from": "older"}, "Somebody changed this action meanwhile"),
        ({"fill-name": "Noor", "fill-code": "1", "action": "9"}, "Somebody removed this action meanwhile"),
        ({"fill-name": "Noor", "fill-code": "1", "action": "²"}, "Somebody removed this action meanwhile"),
    ],
)
def test_what_cannot_be_sent_says_why_and_keeps_what_was_typed(bloom, four, press, form, words):
    answer = press(make_call(bloom), four[1], headers=HTMX, **form)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and receipts(bloom) == []
    if "action" not in form:
        assert 'value="Noor"' in page


def test_what_is_filled_in_is_never_read_as_a_name(bloom, four, press, vendor):
    call = make_call(bloom)
    press(call, four[2], **{"fill-account": "{{note}} {{", "fill-note": "\u202e{% x %}"})
    (receipt,) = receipts(bloom)
    assert receipt.payload["content"] == "Account {{note}} {{. {% x %}"


def test_together_with_its_text_it_may_be_too_long(bloom, owner, press):
    long = FACTS | {"text": "x" * 900 + " {{account}}", "fields_asked": "account"}
    assert owner.post(SETTINGS, rows(long)).status_code == 302
    (action,) = named(bloom)
    answer = press(make_call(bloom), action, headers=HTMX, **{"fill-account": "9" * 200})
    assert answer.status_code == 422 and "Together with its text that is 1101 characters" in answer.content.decode()
    assert receipts(bloom) == []


def test_a_transfer_names_its_target_and_says_what_the_target_has(bloom, four, press, vendor):
    call = make_call(bloom)
    with scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Reception", destination="+31205550155")
    answer = press(call, four[3], headers=HTMX)
    assert answer.status_code == 422 and "Choose whom to transfer to." in answer.content.decode()
    answer = press(call, four[3], headers=HTMX, target="+31205550199")
    assert answer.status_code == 422 and "no longer in the list" in answer.content.decode()
    assert press(call, four[3], target="+31205550155").status_code == 303
    (receipt,) = receipts(bloom)
    assert receipt.payload["destination"] == "+31205550155" and receipt.action == "Hand over"
    assert receipt.payload["message"] == "I am putting you through to Reception."


def test_ending_asks_first_and_says_the_goodbye(bloom, four, press, vendor, operator_browser):
    call = make_call(bloom)
    page = operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    button = re.search(r'<button[^>]*data-action-key="4"[^>]*>', page)
    assert button and 'command="show-modal"' in button[0] and 'commandfor="action-4"' in button[0]
    dialog = re.search(r'<dialog id="action-4".*?</dialog>', page, re.S)
    assert dialog and "End the call now" in dialog[0] and "Keep talking" in dialog[0]
    assert press(call, four[4]).status_code == 303
    (receipt,) = receipts(bloom)
    assert receipt.payload["message"] == f"Goodbye from {bloom.tenant.name}."


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("pipeline", "can use it in what it says next"),
        ("xai_realtime", "may not influence what this assistant says"),
        ("google_realtime", "does not document"),
        ("unknown", "does not document"),
    ],
)
def test_what_the_model_can_do_is_shown_before_the_click(bloom, four, operator_browser, family, words):
    call = make_call(bloom, family=family)
    page = operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    form = re.search(r'<form[^>]*id="action-1".*?</form>', page, re.S)
    assert form and words in form[0]
    assert ("gpt-4o-mini" in form[0] and "nova-3-general" in form[0]) == (family != "pipeline")


def test_an_action_for_other_models_is_not_offered_and_not_sent(bloom, owner, press, operator_browser):
    assert owner.post(SETTINGS, rows(CODE | {"families": ["pipeline"]})).status_code == 302
    (action,) = named(bloom)
    call = make_call(bloom, family="xai_realtime")
    page = operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    radio = re.search(r'<input[^>]*data-action-key="1"[^>]*>', page)
    assert radio and "disabled" in radio[0] and "Only for calls with Pipeline. This one has xAI Realtime." in page
    answer = press(call, action, headers=HTMX, **{"fill-name": "Noor", "fill-code": "1"})
    assert answer.status_code == 422 and "Only for calls with Pipeline" in answer.content.decode()
    assert receipts(bloom) == []


def test_a_draft_in_the_composer_survives_an_action(bloom, four, press):
    answer = press(make_call(bloom), four[1], headers=HTMX, **{"fill-name": "Noor"})
    page = answer.content.decode()
    assert 'id="action-1"' in page and not any(f'id="field-{name}"' in page for name in ("context", "say", "transfer"))


def test_without_scripts_the_whole_page_shows_the_form_again(bloom, four, press):
    answer = press(make_call(bloom), four[1], **{"fill-name": "Noor"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Fill in the code." in page and 'value="Noor"' in page
    assert re.search(r'<input[^>]*value="action-1"[^>]*checked', page)


def test_a_panel_with_nine_actions_reads_no_more(bloom, owner, operator_browser):
    nine = [CODE | {"key": key, "name": f"Code {key}"} for key in range(1, 10)]
    assert owner.post(SETTINGS, rows(*nine)).status_code == 302
    call = make_call(bloom, family="xai_realtime")
    with captured_selects() as found:
        operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/?part=actions", headers=HTMX)
    assert len(found) <= 10, found  # as with one: what was sent is read there too


def test_another_clients_actions_are_neither_seen_nor_sent(bloom, harbor, four, make_member, sign_in):
    browser, call = sign_in(make_member(harbor, Role.OWNER)), make_call(harbor)
    assert "SMS code" not in browser.get(f"/c/{harbor.tenant.slug}/calls/{call.pk}/").content.decode()
    facts = {"type": "inject-context", "action": 1, "made_from": action_book.fingerprint([four[1]])}
    form = facts | {"token": uuid.uuid4(), "fill-name": "x", "fill-code": "1"}
    answer = browser.post(f"/c/{harbor.tenant.slug}/calls/{call.pk}/command/", form, headers=HTMX)
    assert answer.status_code == 422 and "removed this action" in answer.content.decode()


def test_a_viewer_sends_none(bloom, four, make_member, sign_in):
    call, browser = make_call(bloom), sign_in(make_member(bloom, Role.VIEWER))
    form = {"type": "end-call", "action": 4, "token": uuid.uuid4(), "made_from": action_book.fingerprint([four[4]])}
    assert browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form).status_code == 403
    assert "data-action-key" not in browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()


def test_names_are_read_alike_however_they_are_written():
    assert action_text.slots("{{ First_Name }} and {{first name}}") == ["first name"]
    assert action_text.fill("Dear {{first name}} {{x}}  there", {"first name": "Noor"}) == "Dear Noor there"
