"""Settings of a client, and its colour."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls.models import Phrase
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant


def filled(setup, **more):
    return {
        "name": "Bloom Dental",
        "city": "Amsterdam",
        "timezone": "Europe/Amsterdam",
        "brand_hue": "186",
        "brand_chroma": "0.078",
        "default_number": setup.number.pk,
        "default_assistant": setup.assistant.pk,
        "phrases": "We are closed today.\n\n  Offer   Thursday. \nWe are closed today.",
    } | more


def test_an_owner_changes_the_settings(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER))
    assert browser.post("/c/bloom-dental/settings/", filled(bloom)).status_code == 302
    with scope.for_tenant(bloom.tenant):
        tenant = Tenant.objects.get()
        assert (tenant.city, tenant.brand_hue, str(tenant.brand_chroma)) == ("Amsterdam", 186, "0.078")
        assert tenant.default_number_id == bloom.number.pk
        assert [phrase.text for phrase in Phrase.objects.all()] == ["We are closed today.", "Offer Thursday."]
        body = AuditEntry.objects.get(action="tenant.settings-changed").body
        before = AuditEntry.objects.count()
    assert "city" in body and "colour" in body and "saved phrases" in body
    assert browser.post("/c/bloom-dental/settings/", filled(bloom)).status_code == 302
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.count() == before  # nothing was different
    style = browser.get("/brand/bloom-dental.css")
    assert style.content == b":root { --accent-hue: 186; --accent-chroma: 0.078; }\n"
    assert style.headers["Content-Type"].startswith("text/css") and "private" in style.headers["Cache-Control"]


def test_an_owner_says_in_which_country_numbers_are_read(bloom, make_member, sign_in):
    browser, address = sign_in(make_member(bloom, Role.OWNER)), "/c/bloom-dental/settings/"
    assert "Numbers without a country code" in browser.get(address).content.decode()
    assert browser.post(address, filled(bloom, country="NL")).status_code == 302
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.get().country == "NL"
        assert "country of numbers" in AuditEntry.objects.get(action="tenant.settings-changed").body
    browser.post(address, filled(bloom))
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.get().country == "NL", "a form without the field leaves it as it is"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"timezone": "Nowhere"}, "timezone"),
        ({"brand_hue": "400"}, "brand_hue"),
        ({"brand_chroma": "0.9"}, "brand_chroma"),
        ({"phrases": "x" * 301}, "phrases"),
        ({"phrases": "\n".join(f"phrase {at}" for at in range(25))}, "phrases"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_wrong_is_reported_and_what_was_typed_stays(bloom, make_member, sign_in, wrong, field):
    answer = sign_in(make_member(bloom, Role.OWNER)).post("/c/bloom-dental/settings/", filled(bloom, **wrong))
    assert answer.status_code == 422 and answer.context["form"].errors[field]
    assert 'value="Amsterdam"' in answer.content.decode()
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.get().city == "Testville"


def test_another_clients_line_cannot_be_the_usual_one(bloom, harbor, make_member, sign_in):
    wrong = filled(bloom, default_number=harbor.number.pk)
    answer = sign_in(make_member(bloom, Role.OWNER)).post("/c/bloom-dental/settings/", wrong)
    assert answer.status_code == 422 and answer.context["form"].errors["default_number"]


def test_only_owners_may(bloom, harbor, make_member, sign_in, support, client):
    assert sign_in(make_member(bloom, Role.MANAGER)).get("/c/bloom-dental/settings/").status_code == 403
    assert sign_in(make_member(harbor, Role.OWNER)).get("/c/bloom-dental/settings/").status_code == 404
    assert sign_in(make_member(harbor, Role.OWNER)).get("/brand/bloom-dental.css").status_code == 404
    assert client.get("/brand/bloom-dental.css").status_code == 302


def test_saving_does_not_hold_up_new_calls(bloom, make_member, sign_in):
    """A plain FOR UPDATE of the client waits for, and blocks, each insert of a row that refers to it."""
    browser = sign_in(make_member(bloom, Role.OWNER))
    with CaptureQueriesContext(connection) as queries:
        assert browser.post("/c/bloom-dental/settings/", filled(bloom)).status_code == 302
    locks = [one["sql"] for one in queries if " FOR " in one["sql"] and '"tenants_tenant"' in one["sql"]]
    assert locks and all("FOR NO KEY UPDATE" in sql for sql in locks)


def test_the_lists_for_calls_are_reached_through_the_tabs_alone(bloom, make_member, sign_in):
    page = sign_in(make_member(bloom, Role.OWNER)).get("/c/bloom-dental/settings/").content.decode()
    for name in ("actions", "transfer-targets", "presets"):
        assert page.count(f'href="/c/bloom-dental/settings/{name}/"') == 1, name
