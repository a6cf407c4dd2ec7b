"""P2 at the foot: what the database's own catalogue says of every table. The allow-lists may only shrink."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

WITHOUT_TENANT = {  # tables that hold no client's rows, and why
    "tenants_user": "who signs in is found by address before anybody is known; clients belong to it by membership",
    "tenants_user_groups": "always empty, the app only reads it; part of Django's user",
    "tenants_user_user_permissions": "always empty, the app only reads it; part of Django's user",
    "tenants_staffmember": "read with each request, to know what its scope may reach",
    "tenants_auditor": "read with each request, to know what its scope may reach",
    "sync_syncstate": "times of syncs; the scheduler reads all of it every second, outside of scopes",
    "django_admin_log": "always empty, the app only reads it",
    "django_content_type": "names of models, the app only reads it",
    "django_migrations": "names of migrations, the app only reads it",
    "django_session": "read before anybody is known",
    "auth_group": "always empty, the app only reads it",
    "auth_group_permissions": "always empty, the app only reads it",
    "auth_permission": "names of permissions that nothing asks for, the app only reads it",
    "account_emailaddress": "read at sign-in before anybody is known",
    "account_emailconfirmation": "read at sign-in before anybody is known",
    "mfa_authenticator": "read at sign-in before anybody is known; seeds are sealed",
    "usersessions_usersession": "read with each request before its scope is known",
}
PLAIN_KEYS = {  # foreign keys between two tables of tenants that do not carry the tenant, beside one that does
    ("calls_callreport", "calls_call"),
    ("calls_callsearch", "calls_call"),
    ("campaigns_lead", "campaigns_campaign"),
}


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


TENANT_TABLES = """
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
"""


def test_catalog_rls_complete():
    """Each table has forced row-level security with one policy for everything, or a reason not to."""
    bare = {
        name
        for (name,) in rows(f"""
            SELECT t.relname FROM ({TENANT_TABLES}) t JOIN pg_class c ON c.oid = t.oid
            WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity AND 1 = (
              SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
              AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL))
        """)
    }
    assert bare == set(WITHOUT_TENANT)


SIGNED = (  # how policies and views may use what a scope says: only beside the question whether it is signed
    "((current_setting('patchbay.reach'::text, true) = 'all'::text) AND scope_holds())",
    "CASE WHEN ((current_setting('patchbay.tenants'::text, true) <> ''::text) AND scope_holds()) "
    "THEN (current_setting('patchbay.tenants'::text, true))::bigint[] ELSE NULL::bigint[] END",
    "CASE WHEN ((current_setting('patchbay.person'::text, true) <> ''::text) AND scope_holds()) "
    "THEN (current_setting('patchbay.person'::text, true))::bigint ELSE NULL::bigint END",
)


def test_every_policy_and_view_counts_only_what_is_signed():
    found = rows("""
        SELECT polname, pg_get_expr(polqual, polrelid) || ' ' || pg_get_expr(polwithcheck, polrelid) FROM pg_policy
        WHERE polname <> 'search_reads'
        UNION ALL SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'
    """)
    assert len(found) > 20
    unsigned = set()
    for name, expression in found:
        rest = " ".join(expression.split())
        for signed in SIGNED:
            rest = rest.replace(signed, "")
        if "patchbay." in rest or "scope_holds" not in expression:
            unsigned.add((name, rest))
    assert unsigned == set()


def test_one_policy_more_lets_the_owner_alone_read_what_searches_look_into():
    """For the function `calls_found`, which checks the scope by itself (`tests/calls/test_search_isolation.py`)."""
    found = rows("""
        SELECT polrelid::regclass::text, polcmd, polroles::regrole[]::text[], pg_get_expr(polqual, polrelid)
        FROM pg_policy WHERE polname = 'search_reads' OR polcmd <> '*' OR polroles <> '{0}'
    """)
    assert found == [("calls_callsearch", "r", ["patchbay_owner"], "true")]


def test_every_table_with_a_tenant_is_protected():
    with_tenant = {
        name
        for (name,) in rows(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
    }
    assert len(with_tenant) >= 10
    assert not with_tenant & set(WITHOUT_TENANT)


def test_keys_between_tenants_tables_carry_the_tenant():
    found = rows("""
        SELECT DISTINCT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c
        WHERE c.contype = 'f'
          AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attname = 'tenant_id')
          AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'tenant_id')
          AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                          AND a.attname = 'tenant_id')
    """)
    assert set(found) == PLAIN_KEYS
    both = rows("""
        SELECT DISTINCT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c
        WHERE c.contype = 'f' AND EXISTS (SELECT 1 FROM pg_attribute a
          WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = 'tenant_id')
    """)
    assert set(both) >= PLAIN_KEYS


def test_the_app_is_no_owner_and_no_superuser():
    ((user, superuser, bypass, owns, inherits),) = rows("""
        SELECT current_user, r.rolsuper, r.rolbypassrls,
          (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid), pg_has_role('patchbay_auditor', 'usage')
        FROM pg_roles r WHERE r.rolname = current_user
    """)
    assert user == "patchbay_app"
    assert (superuser, bypass, owns, inherits) == (False, False, 0, False)


@pytest.mark.parametrize(
    ("table", "right"),
    [
        ("tenants_auditentry", "UPDATE"),
        ("tenants_auditentry", "DELETE"),
        ("tenants_auditentry", "TRUNCATE"),
        ("tenants_audithead", "INSERT"),
        ("tenants_audithead", "UPDATE"),
        ("tenants_numberdedication", "DELETE"),
        ("calls_call", "DELETE"),
    ],
)
def test_rights_the_app_does_not_have(table, right):
    assert rows(f"SELECT has_table_privilege('patchbay_app', '{table}', '{right}')") == [(False,)]


def test_auditors_read_a_list_of_tables_and_no_secret():
    readable = {
        name
        for oid, name in rows(TENANT_TABLES)
        if rows(f"SELECT has_table_privilege('patchbay_auditor', {oid}, 'SELECT')")[0][0]
    }
    assert not readable & {
        "tenants_connectionsecret",
        "tenants_user",
        "tenants_invitation",
        "django_session",
        "webhooks_delivery",
    }
    assert {"calls_call", "calls_receipt", "tenants_auditentry"} <= readable
    writable = [
        name
        for oid, name in rows(TENANT_TABLES)
        if rows(f"SELECT has_table_privilege('patchbay_auditor', {oid}, 'INSERT,UPDATE,DELETE')")[0][0]
    ]
    assert writable == []
