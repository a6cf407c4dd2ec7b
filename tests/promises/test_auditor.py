"""P9: an auditor reads, and changes nothing: not by permission, not by method, not in the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse

from tenants.auditor_admin import site
from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.two_tenants import TwoTenants
from tests.promises import url_matrix
from tests.promises.walking import ask

pytestmark = pytest.mark.django_db
ADMIN_ENDPOINTS = [endpoint for endpoint in url_matrix.every() if endpoint.auditor_admin]
WRITING = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READERS = ("auditor of all", "auditor of one", "auditor of none", "admin")


def test_the_admin_site_has_no_page_for_writing():
    assert {endpoint.name.rpartition("_")[2] for endpoint in ADMIN_ENDPOINTS} == {
        "index", "jsi18n", "list", "changelist", "export", "history", "change", "proof", "questions", "answer",
    }  # fmt: skip
    assert {
        endpoint.route.split("/")[2] for endpoint in ADMIN_ENDPOINTS if endpoint.name.endswith("_changelist")
    } == set(url_matrix.ADMIN_MODELS)


@pytest.mark.parametrize("name", READERS)
def test_auditor_cannot_write_by_method(two_tenants: TwoTenants, name: str):
    one = two_tenants.tenants["one"]
    for endpoint in ADMIN_ENDPOINTS:
        for method in WRITING:
            answer = ask(
                two_tenants,
                two_tenants.people[name],
                method,
                endpoint.address(one, one),
                {"name": "Mine", "_save": "1"},
            )
            assert (answer.status, answer.wrote) == (405, set()), (method, endpoint.route)


@pytest.mark.parametrize("name", ["anonymous", "owner", "support", "finance"])
def test_nobody_else_comes_in(two_tenants: TwoTenants, name: str):
    one, who = two_tenants.tenants["one"], two_tenants.people[name]
    for endpoint in ADMIN_ENDPOINTS:
        for method in ("GET", "POST"):
            met = ask(two_tenants, who, method, endpoint.address(one, one)).word
            assert met == ("forbidden" if who.user else "sign-in"), (method, endpoint.route)


TENANT = "/admin/tenants/tenant/{}/change/"


def test_auditor_cannot_write_by_permission(two_tenants: TwoTenants, monkeypatch):
    """With the check of the method gone, Django's admin still finds nobody who may change anything."""
    monkeypatch.setattr(site, "READS", ("GET", "HEAD", "POST"))
    one = two_tenants.tenants["one"]
    for endpoint in (one for one in ADMIN_ENDPOINTS if one.name.endswith("_change")):
        answer = ask(
            two_tenants, two_tenants.people["auditor of all"], "POST", endpoint.address(one, one), {"_save": "1"}
        )
        # reading a transcript is written down by Patchbay, before the auditor's own transaction begins
        wrote = answer.wrote - {"tenants_auditentry"} if "callreport" in endpoint.route else answer.wrote
        assert (answer.status, wrote) == (403, set()), endpoint.route


def write(request, object_id):
    return HttpResponse(str(Tenant.objects.filter(pk=object_id).update(name="Mine")))


@pytest.mark.parametrize(
    ("role", "read_only", "status"),
    [("patchbay_auditor", "on", 500), ("patchbay_auditor", "off", 500), ("none", "on", 500), ("none", "off", 200)],
)
def test_auditor_cannot_write_by_transaction_or_role(two_tenants: TwoTenants, monkeypatch, role, read_only, status):
    """A page that tries to write: the transaction refuses, and so does the role; without both it is written, so the
    test can see."""
    real, tenant_admin = scope._set, site.site._registry[Tenant]

    def set_chosen(*settings: str, **more: bool) -> None:
        real(*settings)
        if more.get("read_only"):
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL transaction_read_only = {read_only}; SET LOCAL ROLE {role}")

    monkeypatch.setattr(scope, "_set", set_chosen)
    monkeypatch.setattr(tenant_admin, "change_view", write)
    answer = ask(
        two_tenants, two_tenants.people["auditor of all"], "GET", TENANT.format(two_tenants.tenants["one"].tenant.pk)
    )
    assert answer.status == status
    assert status == 500 or answer.body == b"1"


@pytest.mark.smoke
def test_auditor_cannot_write_in_the_database(two_tenants: TwoTenants):
    """As the auditors' role, but in a transaction that may write: every table and view refuses every change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, min(column_name) FROM information_schema.columns WHERE table_schema = 'public'"
            " AND is_generated = 'NEVER' GROUP BY 1"
        )
        tables = cursor.fetchall()
    assert len(tables) > 30
    with scope.for_system("as an auditor"):
        for table, column in tables:
            for sql in (
                f'INSERT INTO "{table}" DEFAULT VALUES',
                f'UPDATE "{table}" SET "{column}" = NULL',
                f'DELETE FROM "{table}"',
                f'TRUNCATE "{table}"',
            ):
                with pytest.raises(DatabaseError, match=r"permission denied|is not a table"), transaction.atomic():
                    _run_as_auditor(sql)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.sequences"
            " WHERE has_sequence_privilege('patchbay_auditor', quote_ident(sequence_name), 'USAGE,UPDATE')"
        )
        assert cursor.fetchone() == (0,)


def _run_as_auditor(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE patchbay_auditor")
        cursor.execute(sql)


def test_what_belongs_to_no_client_is_narrowed_by_the_database_too(two_tenants: TwoTenants):
    """Connections and looks at VoiceDock: those of granted clients, asked in SQL, with nothing of ours in between."""
    one, two = two_tenants.tenants["one"], two_tenants.tenants["two"]
    seen = {}
    for name in ("auditor of all", "auditor of one", "auditor of none"):
        with scope.for_auditor(site.auditor_for(two_tenants.people[name].user)), connection.cursor() as cursor:
            for table, column in (("tenants_connection", "id"), ("sync_syncrun", "connection_id")):
                cursor.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")
                seen[name, table] = [pk for (pk,) in cursor.fetchall()]
    ids = [canary.ids["connection"] for canary in (one, two)]
    for table in ("tenants_connection", "sync_syncrun"):
        assert seen["auditor of all", table] == ids
        assert seen["auditor of one", table] == ids[:1]
        assert seen["auditor of none", table] == []
