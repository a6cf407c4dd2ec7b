"""Where calls may go: shown beside the field, written down, the same for transfers, and changed by staff alone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from dashboard.calls.control import commands as control
from dashboard.ui import countries
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.destination_rules import EU
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.call_factories import make_call

MOROCCO, PREMIUM = "+212650123456", "+31900123456"
WORDS = "Bloom Dental may not call Morocco. Your account team can allow it."


@pytest.fixture
def browser(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))


def refusals(setup: Any) -> list[str]:
    with scope.for_tenant(setup.tenant):
        return [sentence(entry) for entry in AuditEntry.objects.filter(action="call.destination-refused")]


def test_staff_read_who_of_them_can_allow_a_country(bloom, admin, visit_client):
    browser, words = visit_client(admin, bloom), "You can allow it among the settings of this client."
    typed = {"destination": MOROCCO, "number": bloom.number.pk, "assistant": bloom.assistant.pk, "token": uuid.uuid4()}
    for answer in (
        browser.get("/c/bloom-dental/call/number/", {"destination": MOROCCO}),
        browser.post("/c/bloom-dental/call/", typed),
    ):
        assert words in answer.content.decode() and "account team can" not in answer.content.decode()


@pytest.mark.parametrize(
    ("number", "words"),
    [(MOROCCO, WORDS), (PREMIUM, "This is a premium-rate number: calls to it cost extra.")],
)
def test_a_refused_call_is_shown_beside_the_field_and_written_down(bloom, browser, number, words):
    typed = {"destination": number, "number": bloom.number.pk, "assistant": bloom.assistant.pk, "token": uuid.uuid4()}
    asked = browser.get("/c/bloom-dental/call/number/", {"destination": number}).content.decode()
    assert words in asked and refusals(bloom) == [], "what is only typed is no attempt"
    answer = browser.post("/c/bloom-dental/call/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and f'value="{number}"' in page
    assert page.count(words) == 1
    (refusal,) = refusals(bloom)
    assert refusal.startswith("Dora Bloom asked for a call to +") and words in refusal
    with scope.for_tenant(bloom.tenant):
        assert not bloom.tenant.calls.exists()


def test_a_transfer_passes_the_same_check(bloom, browser, monkeypatch):
    monkeypatch.setattr(control, "send", lambda *args, **kwargs: pytest.fail("it was sent"))
    call = make_call(bloom)
    form = {"type": "transfer", "destination": MOROCCO, "token": uuid.uuid4()}
    answer = browser.post(f"/c/bloom-dental/calls/{call.pk}/command/", form)
    assert answer.status_code == 422 and WORDS in answer.content.decode()
    (refusal,) = refusals(bloom)
    assert refusal.startswith("Dora Bloom asked for a transfer to +")


def test_the_line_on_call_now_says_where_calls_may_go(bloom, browser):
    assert "Calls may go to: the EU." in browser.get("/c/bloom-dental/call/").content.decode()


@pytest.mark.parametrize(
    ("text", "codes", "words"),
    [
        ("the EU", list(EU), "the EU"),
        ("eu, United Kingdom", sorted([*EU, "GB"]), "the EU, United Kingdom"),
        ("European Union; NL", list(EU), "the EU"),
        ("Netherlands", ["NL"], "Netherlands"),
        ("", [], "every country"),
    ],
)
def test_the_eu_is_read_and_written_in_one_word(text, codes, words):
    assert countries.read(text) == sorted(codes)
    assert countries.words(countries.read(text)) == words


def test_staff_allow_countries_and_kinds(bloom, admin_browser, admin):
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Numbers that cost extra" in page and "Are not called" in page and "The EU" in page
    assert admin_browser.post("/clients/bloom-dental/countries/", {"allowed": "the EU, Morocco"}).status_code == 302
    assert admin_browser.post("/clients/bloom-dental/kinds/", {"kinds": ["premium-rate"]}).status_code == 302
    assert admin_browser.post("/clients/bloom-dental/kinds/", {"kinds": ["mobile"]}).status_code == 422
    with scope.for_tenant(bloom.tenant):
        tenant = Tenant.objects.get(pk=bloom.tenant.pk)
        entries = AuditEntry.objects.filter(action__in=["tenant.countries-changed", "tenant.kinds-changed"])
        sentences = [sentence(entry) for entry in entries.order_by("seq")]
    assert tenant.allowed_countries == sorted([*EU, "MA"]) and tenant.allowed_kinds == ["premium-rate"]
    assert "Morocco, the EU" in sentences[0] or "the EU, Morocco" in sentences[0]
    assert sentences[1] == f"{admin} changed which numbers that cost extra may be called: premium-rate numbers."


@pytest.mark.parametrize("role", list(Role))
def test_nobody_of_the_client_changes_them(bloom, make_member, sign_in, role):
    browser = sign_in(make_member(bloom, role))
    for address, form in (("countries", {"allowed": "Morocco"}), ("kinds", {"kinds": ["premium-rate"]})):
        assert browser.post(f"/clients/bloom-dental/{address}/", form).status_code in (403, 404)
    browser.post(
        "/c/bloom-dental/settings/",
        {"name": "Bloom Dental", "timezone": "Europe/Amsterdam", "country": "MA", "brand_hue": 1, "brand_chroma": 0}
        | {"allowed_countries": "MA", "allowed": "Morocco", "kinds": "premium-rate", "allowed_kinds": "premium-rate"},
    )
    with scope.for_tenant(bloom.tenant):
        now = Tenant.objects.get(pk=bloom.tenant.pk)
    assert "MA" not in now.allowed_countries and now.allowed_kinds == []
