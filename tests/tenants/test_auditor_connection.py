"""Auditors have a log-in of their own: nothing that they run becomes the app's by a word."""

from contextlib import closing, suppress

import pytest
from django.db import DatabaseError, connections, transaction

from tenants.isolation import scope
from tenants.models import Auditor, AuditorGrant, Tenant

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "auditor"])
LEAVING = [  # statements by which a role that was only changed into could be left again
    "RESET ROLE",
    "SET ROLE NONE",
    "SET ROLE patchbay_app",
    "SET SESSION AUTHORIZATION DEFAULT",
    "SET SESSION AUTHORIZATION patchbay_app",
    "RESET ALL",
]


def who() -> tuple[str, str, str]:
    with connections["auditor"].cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_setting('transaction_read_only')")
        return cursor.fetchone()


def test_their_scope_uses_their_log_in_and_other_scopes_the_apps(bloom, auditor):
    with scope.for_auditor(auditor.auditor):
        assert who() == ("patchbay_auditor", "patchbay_auditor", "on")
        found = Tenant.objects.get()
        assert found._state.db == "auditor"
    with scope.for_tenant(found):
        assert Tenant.objects.get()._state.db == "default"


@pytest.mark.parametrize("statement", LEAVING)
def test_no_statement_leads_out_of_it(bloom, auditor, statement):
    with scope.for_auditor(auditor.auditor):
        with suppress(DatabaseError), transaction.atomic("auditor"), connections["auditor"].cursor() as cursor:
            cursor.execute(statement)
        assert who()[:2] == ("patchbay_auditor", "patchbay_auditor")
        for sql in ("SELECT * FROM tenants_connectionsecret", "UPDATE tenants_tenant SET name = 'x'"):
            with pytest.raises(DatabaseError), transaction.atomic("auditor"), connections["auditor"].cursor() as cursor:
                cursor.execute(sql)


def test_pages_are_read_through_it(bloom, harbor, make_user, sign_in):
    user = make_user("Granted Auditor")
    granted = Auditor.objects.create(user=user)
    with scope.for_system("grant"):
        AuditorGrant.objects.create(auditor=granted, tenant=harbor.tenant)
    browser = sign_in(user)
    for page in ("/admin/", "/admin/tenants/tenant/", f"/admin/tenants/tenant/{harbor.tenant.pk}/change/"):
        answer = browser.get(page)
        assert answer.status_code == 200, page
    page = browser.get("/admin/tenants/tenant/").content.decode()
    assert "Harbor Logistics" in page and "Bloom Dental" not in page
    for page in ("/admin/tenants/auditentry/", "/admin/tenants/connection/", "/admin/calls/call/"):
        assert browser.get(page).status_code == 200, page
    with closing(browser.get("/admin/tenants/tenant/export/")) as export:
        assert export.status_code == 200


def test_no_scope_begins_inside_of_theirs(bloom, auditor):
    with (
        scope.for_auditor(auditor.auditor),
        pytest.raises(RuntimeError, match="durable"),
        scope.for_tenant(bloom.tenant),
    ):
        raise AssertionError("two scopes at once")


def test_without_the_log_in_the_auditors_pages_say_what_is_missing(bloom, auditor, sign_in, monkeypatch):
    monkeypatch.setattr(scope, "AUDITORS", "not configured")
    answer = sign_in(auditor).get("/admin/")
    assert answer.status_code == 503 and "DATABASE_AUDITOR_URL" in answer.content.decode()
