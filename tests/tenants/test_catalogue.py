"""P2 at the foot: what the database's own catalogue says of every table. The allow-lists may only shrink."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

WITHOUT_TENANT = {  # tables that hold no client's rows, and why
    "tenants_user": "people belong to no client; their memberships do",
    "tenants_user_groups": "unused by us, part of Django's user",
    "tenants_user_user_permissions": "unused by us, part of Django's user",
    "tenants_staffmember": "the reseller's people",
    "tenants_auditor": "the reseller's auditors",
    "inventory_syncstate": "counts and times of connections",
    "django_admin_log": "Django; nothing is written there, the reading room changes nothing",
    "django_content_type": "Django",
    "django_migrations": "Django",
    "django_session": "Django",
    "auth_group": "Django",
    "auth_group_permissions": "Django",
    "auth_permission": "Django",
    "account_emailaddress": "allauth: people's addresses",
    "account_emailconfirmation": "allauth",
    "mfa_authenticator": "allauth: people's second steps, their seeds sealed",
    "usersessions_usersession": "allauth: where people are signed in",
}
PLAIN_KEYS = {  # foreign keys between two tables of tenants that do not carry the tenant, beside one that does
    ("calls_callreport", "calls_call"),
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
        "hooks_delivery",
    }
    assert {"calls_call", "calls_receipt", "tenants_auditentry"} <= readable
    writable = [
        name
        for oid, name in rows(TENANT_TABLES)
        if rows(f"SELECT has_table_privilege('patchbay_auditor', {oid}, 'INSERT,UPDATE,DELETE')")[0][0]
    ]
    assert writable == []
