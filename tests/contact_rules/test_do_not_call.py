"""Nobody on a do-not-call list is dialed: typed, planned, waiting or by SQL. No client reads another's list."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction

from dashboard.calls.models import Call, State
from dashboard.calls.placing import claims, intents
from dashboard.calls.planned import planning
from dashboard.contact_rules import entries, rules
from dashboard.contact_rules.models import DoNotCallEntry
from tenants.access.permissions import Role, StaffRole
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call
from tests.fixtures.operator import PERSON

LIST = "/c/bloom-dental/do-not-call/"


def block(tenant: Any, *numbers: str) -> None:
    with scope.for_system("a number is blocked"):
        entries.add(tenant, numbers, source=entries.Source.BY_HAND, by=None)


def listed(tenant: Any) -> list[str]:
    with scope.for_system("look"):
        return list(DoNotCallEntry.objects.filter(tenant=tenant).order_by("number").values_list("number", flat=True))


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def trail(action: str) -> list[str]:
    with scope.for_system("look"):
        return [sentence(entry) for entry in AuditEntry.objects.filter(action=action).order_by("seq")]


@pytest.mark.parametrize("by_reseller", [False, True])
def test_a_typed_call_is_refused_beside_the_number_and_written_down(operator, make_member, sign_in, by_reseller):
    block(None if by_reseller else operator.tenant, PERSON)
    browser = sign_in(make_member(operator.tenant, Role.OPERATOR))
    reason = "on the do-not-call list of your account team" if by_reseller else "on your do-not-call list since"
    assert reason in words(browser.get("/c/harbor/call/number/", {"destination": PERSON}))
    form = {"destination": PERSON, "number": operator.number.pk, "assistant": operator.assistant.pk}
    page = browser.post("/c/harbor/call/", form | {"token": uuid.uuid4()})
    assert page.status_code == 422 and reason in words(page)
    assert re.search(r'<input[^>]*name="destination"[^>]*aria-invalid="true"', page.content.decode())
    assert operator.dial_requests() == [] and operator.calls() == []
    assert reason in trail("call.destination-refused")[0]


def test_another_clients_list_does_not_matter(operator, bloom):
    block(bloom.tenant, PERSON)
    operator.place()
    assert len(operator.dial_requests()) == 1


@pytest.mark.parametrize("by_reseller", [False, True])
def test_what_waits_is_not_sent_once_the_person_is_on_the_list(operator, by_reseller):
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    call, _ = intents.request(operator.tenant, by=operator.user, token=uuid.uuid4(), **facts)
    block(None if by_reseller else operator.tenant, PERSON)
    intents.send(call.pk)
    now = operator.reload(call)
    assert now.state == State.REFUSED and "do-not-call list" in now.error
    assert operator.dial_requests() == []


def test_one_that_is_blocked_after_the_claim_is_not_sent(operator, monkeypatch):
    claim = claims.claim

    def claimed_then_blocked(call):
        result = claim(call)
        block(operator.tenant, PERSON)
        return result

    monkeypatch.setattr(claims, "claim", claimed_then_blocked)
    call = operator.place()
    monkeypatch.undo()
    assert operator.dial_requests() == []
    operator.let_pass(call, 5)
    operator.run_due_work()
    now = operator.reload(call)
    assert operator.dial_requests() == [] and now.state == State.REFUSED and "do-not-call list" in now.error


@pytest.mark.parametrize("by_reseller", [False, True])
def test_the_database_lets_no_call_leave_to_them(operator, by_reseller):
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    call, _ = intents.request(operator.tenant, by=operator.user, token=uuid.uuid4(), **facts)
    block(None if by_reseller else operator.tenant, PERSON)
    with pytest.raises(IntegrityError, match="do-not-call"), scope.for_tenant(operator.tenant), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(state=State.SENDING)


def test_a_call_is_neither_planned_nor_placed_when_its_time_comes(operator, planner):
    planned = planner.due_now(destination=PERSON)
    block(operator.tenant, PERSON)
    with pytest.raises(planning.PlanRefused, match="do-not-call") as refused:
        planner.plan(minutes=600, destination=PERSON)
    assert refused.value.field == "destination"
    planner.run_due()
    now = planner.reload(planned)
    assert now.state in ("missed", "refused") and "do-not-call" in now.reason
    assert operator.dial_requests() == []


def test_no_client_reads_the_list_of_another_or_of_the_reseller(bloom, harbor):
    block(bloom.tenant, "+31612340001")
    block(None, "+31612340002")
    with scope.for_tenant(harbor.tenant):
        assert not DoNotCallEntry.objects.exists()
        assert rules.refusal(harbor.tenant, "+31612340001") == ""
        assert rules.refusal(harbor.tenant, "+31612340002") == rules.ON_THE_RESELLERS_LIST
        with pytest.raises(ProgrammingError, match="policy"), transaction.atomic():
            DoNotCallEntry.objects.create(tenant=None, number="+31612340003", source="by-hand")


def test_what_somebody_asks_for_in_a_call_is_on_the_list_by_itself(operator):
    call = operator.place_answered()
    remote = operator.sandbox.state.calls[call.remote_id]
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    remote.analysis = {"outcome": "do_not_call"}
    operator.read_calls()
    assert listed(operator.tenant) == [PERSON]
    assert trail("do-not-call.heard") == [f"{PERSON} asked in a call not to be called, and is on the do-not-call list."]
    with scope.for_system("it is taken off"):
        DoNotCallEntry.objects.all().delete()
    operator.read_calls()
    assert listed(operator.tenant) == [], "what was heard counts once"


def test_one_press_on_the_page_of_a_call(bloom, make_member, sign_in):
    call = make_call(bloom, state="ended")
    browser = sign_in(make_member(bloom, Role.OPERATOR, "Ines Vale"))
    page = f"/c/bloom-dental/calls/{call.pk}/"
    assert "Call again" in words(browser.get(page))
    for _ in range(2):
        answer = browser.post(f"{page}do-not-call/", follow=True)
    assert "on your do-not-call list since" in words(answer) and "Call again" not in words(answer)
    assert listed(bloom.tenant) == [call.counterpart]
    assert trail("do-not-call.added") == ["Ines Vale put +31612345678 on the do-not-call list."]
    listing = browser.get(LIST).content.decode()
    assert page in listing and "remove/" not in listing, "an operator takes nobody off"
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    assert viewer.post(f"{page}do-not-call/").status_code == 403 and viewer.get(LIST).status_code == 403


def test_numbers_are_added_and_bad_lines_stay_in_the_field(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.MANAGER, "Dora"))
    typed = {"numbers": "06 12345678\n0612\nnobody\n+31 6 1234 5679", "note": "Asked by mail"}
    page = browser.post(LIST, typed)
    assert page.status_code == 422
    assert "2 numbers are on the do-not-call list now." in words(page)
    assert "Line 2, “0612”" in words(page) and "Line 3, “nobody”: no phone number." in words(page)
    left = re.search(r'<textarea[^>]*name="numbers"[^>]*>(.*?)</textarea>', page.content.decode(), re.S)
    assert left and left[1].split() == ["0612", "nobody"]
    assert listed(bloom.tenant) == ["+31612345678", "+31612345679"]
    again = browser.post(LIST, {"numbers": "06 12345678"}, follow=True)
    assert "it is on the list already" in words(again).replace("all of ", "")
    assert trail("do-not-call.added-list") == ["Dora put 2 numbers on the do-not-call list."]
    empty = browser.post(LIST, {"numbers": " "})
    assert empty.status_code == 422 and "Type at least one number" in words(empty)


def test_a_file_is_added_with_what_is_typed(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.MANAGER))
    file = SimpleUploadedFile("list.csv", "Naam;Nummer\r\nAda;0612345678\r\n".encode("cp1252"))
    assert browser.post(LIST, {"numbers": "06 12345679", "file": file}).status_code == 303
    assert listed(bloom.tenant) == ["+31612345678", "+31612345679"]


def test_a_manager_takes_one_off_with_a_reason(bloom, make_member, sign_in):
    block(bloom.tenant, "+31612345678")
    with scope.for_system("look"):
        (entry,) = DoNotCallEntry.objects.all()
    manager = sign_in(make_member(bloom, Role.MANAGER, "Dora"))
    address = f"{LIST}{entry.pk}/remove/"
    assert sign_in(make_member(bloom, Role.OPERATOR)).post(address, {"reason": "x"}).status_code == 403
    assert "Say why" in words(manager.post(address, follow=True)) and listed(bloom.tenant)
    manager = sign_in(make_member(bloom, Role.MANAGER, "Dora"))
    assert "may be called again" in words(manager.post(address, {"reason": "Asked for a call"}, follow=True))
    assert listed(bloom.tenant) == []
    assert trail("do-not-call.removed") == ["Dora took +31612345678 off the do-not-call list: Asked for a call"]
    assert manager.post(address, {"reason": "again"}).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "count"), [("06 12345678", 1), ("+3161234", 2), ("5678", 1), ("44", 0), ("nobody", 0)]
)
def test_a_number_is_found(bloom, make_member, sign_in, wanted, count):
    block(bloom.tenant, "+31612345678", "+31612349999", "+31205550199")
    page = sign_in(make_member(bloom, Role.OPERATOR)).get(LIST, {"q": wanted}).content.decode()
    assert page.count('class="wide"') == count


def test_the_list_costs_the_same_for_any_length(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OPERATOR))
    costs = []
    for numbers in (["+31612345000"], [f"+316123450{nth:02}" for nth in range(1, 70)]):
        block(bloom.tenant, *numbers)
        with captured_selects() as found:
            browser.get(LIST)
        costs.append(len(found))
    assert costs[0] == costs[1]


def test_a_name_beside_a_number_is_kept_as_its_note(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom.tenant, Role.MANAGER))
    form = {"numbers": "06-12341107 Tom Vos\n+31612341108\n0612 Ada", "note": "Asked by mail"}
    page = browser.post(LIST, form)
    assert "Line 3, “0612 Ada”: too short for a phone number in the Netherlands." in words(page)
    assert listed(bloom.tenant) == ["+31612341107", "+31612341108"]
    with scope.for_system("look"):
        notes = dict(DoNotCallEntry.objects.values_list("number", "note"))
    assert notes == {"+31612341107": "Tom Vos, Asked by mail", "+31612341108": "Asked by mail"}


def test_the_list_of_the_reseller_keeps_no_name_beside_a_hash(make_staff, sign_in):
    sign_in(make_staff(StaffRole.ADMIN)).post("/do-not-call/", {"numbers": "+31612341107 Tom Vos", "note": "By mail"})
    with scope.for_system("look"):
        assert list(DoNotCallEntry.objects.values_list("note", flat=True)) == ["By mail"]
