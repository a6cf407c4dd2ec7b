"""Transfers with one press: to whom, who names them, and what is sent."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls.control import commands as control
from dashboard.calls.control import transfer_book
from dashboard.calls.models import TransferTarget
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call, make_receipt

SETTINGS = "/c/bloom-dental/settings/transfer-targets/"
RECEPTION = "+31205550155"
COLUMNS = ("name", "destination", "announcement")


def rows(*targets: tuple[str, str, str]) -> dict[str, Any]:
    form: dict[str, Any] = {"target-TOTAL_FORMS": len(targets), "target-INITIAL_FORMS": 0}
    for at, target in enumerate(targets):
        form |= {f"target-{at}-{name}": value for name, value in zip(COLUMNS, target, strict=True)}
    return form


def made_from(browser: Any) -> str:
    """What the form of this browser says that it was made from."""
    found = re.search(r'name="made_from" value="([^"]*)"', browser.get(SETTINGS).content.decode())
    assert found
    return found[1]


@pytest.fixture
def reception(bloom: Any) -> None:
    with scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Reception", destination=RECEPTION)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, bloom: Any) -> list[Any]:
    """Commands that reached the verb."""
    commands: list[Any] = []

    def send(call: Any, command: Any, *, by: Any, token: Any, origin: Any = None) -> Any:
        commands.append(command)
        return make_receipt(bloom, call, "transfer", token=token, asked_by=by)

    monkeypatch.setattr(control, "send", send)
    return commands


def choices(setup: Any) -> list[transfer_book.Choice]:
    with scope.for_tenant(setup.tenant):
        return transfer_book.choices(setup.tenant)


def test_named_ones_come_first_then_those_used_before_each_once(bloom, harbor, reception):
    call = make_call(bloom)
    for destination in ("sip:desk@example.com", RECEPTION, "sip:desk@example.com"):
        make_receipt(bloom, call, "transfer", payload={"destination": destination, "message": "One moment."})
    make_receipt(bloom, call, "transfer", payload={"destination": "+31205550199"}, outcome="refused")
    make_receipt(harbor, make_call(harbor), "transfer", payload={"destination": "+31105550177"})
    assert choices(bloom) == [
        transfer_book.Choice(RECEPTION, "I am putting you through to Reception.", "Reception"),
        transfer_book.Choice("sip:desk@example.com", "One moment."),
    ]


def test_one_press_sends_what_the_row_shows(bloom, reception, make_member, sign_in, sent):
    call, browser = make_call(bloom), sign_in(make_member(bloom, Role.OPERATOR))
    page = browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    row = re.search(r'<button[^>]*form="hand-over"[^>]*value="([^"]+)".*?</button>', page, re.DOTALL)
    assert row and row[1] == RECEPTION and "I am putting you through to Reception." in row[0]
    form = {"type": "transfer", "target": row[1], "token": uuid.uuid4()}
    assert browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form).status_code == 303
    assert [(one.destination, one.message) for one in sent] == [(RECEPTION, "I am putting you through to Reception.")]


@pytest.mark.parametrize("target", ["+31205550199", "sip:elsewhere@example.com", "x"])
def test_what_is_not_in_the_list_is_not_sent_by_one_press(bloom, reception, make_member, sign_in, sent, target):
    call, browser = make_call(bloom), sign_in(make_member(bloom, Role.OPERATOR))
    form = {"type": "transfer", "target": target, "token": uuid.uuid4()}
    answer = browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and "no longer in the list" in answer.content.decode()
    assert sent == []


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.MANAGER, 200), (Role.OPERATOR, 403), (Role.VIEWER, 403)]
)
def test_owners_and_managers_name_them(bloom, make_member, sign_in, role, status):
    browser = sign_in(make_member(bloom, role))
    assert browser.get(SETTINGS).status_code == status
    answer = browser.post(SETTINGS, rows(("Reception", "020 555 0155", "")) | {"country": "NL"})
    assert answer.status_code == (422 if status == 200 else 403), "without its country a number is not understood"
    answer = browser.post(SETTINGS, rows(("Reception", "+31 20 555 0155", ""), ("", "", "")))
    assert answer.status_code == (302 if status == 200 else 403)
    assert [choice.name for choice in choices(bloom)] == (["Reception"] if status == 200 else [])


def test_a_change_is_an_entry_and_nothing_different_is_none(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))
    form = rows(("Reception", "+31 20 555 0155", "One moment."), ("Night", "sip:night@example.com", ""))
    for _ in range(2):
        assert browser.post(SETTINGS, form).status_code == 302
    with scope.for_tenant(bloom.tenant):
        (entry,) = AuditEntry.objects.filter(action="tenant.transfer-targets-changed")
    assert sentence(entry) == (
        "Dora Bloom changed whom calls can be transferred to: Reception +31205550155, Night sip:night@example.com."
    )
    assert browser.post(SETTINGS, rows(("", "", "")) | {"made_from": made_from(browser)}).status_code == 302
    assert choices(bloom) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("", "+31205550155", ""), "Write who takes over"),
        (("Reception", "", ""), "Type the number or SIP address"),
        (("Reception", "112", ""), "Emergency"),
        (("Reception", "sip:desk", ""), "like sip:desk@example.com"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(bloom, make_member, sign_in, row, words):
    answer = sign_in(make_member(bloom, Role.OWNER)).post(SETTINGS, rows(("Night", "sip:night@example.com", ""), row))
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page
    assert all(f'value="{text}"' in page for text in (*row, "Night", "sip:night@example.com") if text)
    assert choices(bloom) == []


@pytest.mark.parametrize("length", [501, 600, 5000])
def test_an_announcement_that_is_too_long_is_counted_and_kept_whole(bloom, make_member, sign_in, sent, length):
    words, browser = "a" * length, sign_in(make_member(bloom, Role.OWNER))
    opened = browser.get(SETTINGS).content.decode()
    assert "maxlength" not in opened, "a browser would cut it without a word"
    answer = browser.post(SETTINGS, rows(("Reception", RECEPTION, words)))
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and f"500 characters (it has {length})" in page
    assert choices(bloom) == []

    call = make_call(bloom)
    assert "maxlength" not in browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    form = {"type": "transfer", "destination": RECEPTION, "announcement": words, "token": uuid.uuid4()}
    answer = browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and f"500 characters (it has {length})" in page
    assert sent == []


@pytest.mark.parametrize("again", ["Reception", "reception", " RECEPTION "])
def test_the_same_name_twice_is_refused(bloom, reception, make_member, sign_in, again):
    form = rows(("Reception", RECEPTION, ""), (again, "+31205550166", ""))
    answer = sign_in(make_member(bloom, Role.OWNER)).post(SETTINGS, form)
    page = answer.content.decode()
    assert answer.status_code == 422 and "This name stands in a row above already" in page and "+31205550166" in page
    with pytest.raises(IntegrityError, match="transfer_target_name_once"), scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name=again.strip(), destination="+31205550166")


@pytest.mark.parametrize("written", ["{}", "sip:{}@pbx.example.com"])
def test_a_call_is_not_transferred_to_a_line_of_its_own_client(bloom, harbor, make_member, sign_in, sent, written):
    own, browser = written.format(bloom.number.e164), sign_in(make_member(bloom, Role.OWNER))
    answer = browser.post(SETTINGS, rows(("Reception", own, "")))
    assert answer.status_code == 422 and "one of your own lines" in answer.content.decode()
    call = make_call(bloom)
    make_receipt(bloom, call, "transfer", payload={"destination": own})
    assert choices(bloom) == []
    form = {"type": "transfer", "destination": own, "token": uuid.uuid4()}
    answer = browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form)
    assert answer.status_code == 422 and "one of your own lines" in answer.content.decode()
    assert sent == []
    assert browser.post(SETTINGS, rows(("Harbor", written.format(harbor.number.e164), ""))).status_code == 302


def test_the_database_refuses_a_line_of_its_own_client_as_a_target(bloom, harbor):
    with pytest.raises(IntegrityError, match="no line of the client"), scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Us", destination=bloom.number.e164)
    with scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Harbor", destination=harbor.number.e164)
    with pytest.raises(IntegrityError, match="no line of the client"), scope.for_tenant(bloom.tenant):
        TransferTarget.objects.update(destination=bloom.number.e164)


def test_a_transfer_that_comes_without_a_form_is_checked_the_same(bloom, make_member):
    call, by = make_call(bloom), make_member(bloom, Role.OPERATOR)
    command = {"type": "transfer", "destination": bloom.number.e164}
    receipt = control.send(call, command, by=by, token=uuid.uuid4())
    assert receipt.outcome == "refused" and "one of your own lines" in receipt.note


def test_the_same_destination_twice_is_refused(bloom, make_member, sign_in):
    form = rows(("Reception", "+31205550155", ""), ("Desk", "+31 20 555 0155", ""))
    answer = sign_in(make_member(bloom, Role.OWNER)).post(SETTINGS, form)
    assert answer.status_code == 422 and "in a row above already" in answer.content.decode()


def test_a_form_made_from_another_list_replaces_nothing(bloom, reception, make_member, sign_in):
    browser, other = sign_in(make_member(bloom, Role.OWNER)), sign_in(make_member(bloom, Role.MANAGER))
    night, opened = ("Night", "sip:night@example.com", "Good night."), made_from(browser)
    theirs = rows(("Front office", RECEPTION, "")) | {"made_from": opened}
    assert other.post(SETTINGS, theirs).status_code == 302

    answer = browser.post(SETTINGS, rows(night) | {"made_from": opened})
    page = answer.content.decode()
    assert answer.status_code == 409 and "Somebody changed the list meanwhile" in page
    assert "Front office" in page and "+31 20 555 0155" in page, "it says what the list is now"
    assert all(f'value="{text}"' in page for text in night)
    assert [choice.name for choice in choices(bloom)] == ["Front office"]

    (now,) = re.findall(r'name="made_from" value="([^"]*)"', page)
    assert browser.post(SETTINGS, rows(night) | {"made_from": now}).status_code == 302
    assert [choice.name for choice in choices(bloom)] == ["Night"]


def test_an_error_keeps_what_the_form_was_made_from(bloom, reception, make_member, sign_in):
    wrong = rows(("Night", "", "")) | {"made_from": "an-older-list"}
    answer = sign_in(make_member(bloom, Role.OWNER)).post(SETTINGS, wrong)
    assert answer.status_code == 422 and 'name="made_from" value="an-older-list"' in answer.content.decode()


def test_saving_does_not_hold_up_new_calls(bloom, make_member, sign_in):
    """A plain FOR UPDATE of the client waits for, and blocks, each insert of a row that refers to it."""
    browser = sign_in(make_member(bloom, Role.OWNER))
    with CaptureQueriesContext(connection) as queries:
        assert browser.post(SETTINGS, rows(("Reception", RECEPTION, ""))).status_code == 302
    locks = [one["sql"] for one in queries if " FOR " in one["sql"] and '"tenants_tenant"' in one["sql"]]
    assert locks and all("FOR NO KEY UPDATE" in sql for sql in locks)


def test_a_transfer_is_seen_on_its_way_and_stays_seen(bloom, reception, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OPERATOR))
    for state, words in (("in-progress", "Transferring to Reception"), ("transferred", "Transferred to Reception")):
        call = make_call(bloom, state=state)
        effect = {"effect": "confirmed"} if state == "transferred" else {}
        make_receipt(bloom, call, "transfer", payload={"destination": RECEPTION}, **effect)
        page = browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
        assert words in page
        diagram = re.search(r'<ol id="call-diagram".*?</ol>', page, re.DOTALL)
        assert diagram and diagram[0].count("<li") == 4 and "Reception" in diagram[0]
    late = make_call(bloom)
    make_receipt(bloom, late, "transfer", payload={"destination": RECEPTION}, effect="not-confirmed")
    page = browser.get(f"/c/bloom-dental/calls/{late.pk}/").content.decode()
    assert "Transferring to" not in page and "Not confirmed" in page
