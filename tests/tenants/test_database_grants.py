"""What the catalogue says of every function, trigger, view and right: nobody makes anything, nothing is called by a
name that somebody else could take. The lists may only shrink, or grow with a reason."""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.auditor_admin.site import site
from tenants.isolation import scope
from tenants.isolation.database_grants import APP, APP_REVOKED, AUDITOR, AUDITOR_READS

pytestmark = pytest.mark.django_db

RUN_AS_THE_OWNER = {  # SECURITY DEFINER functions, and why
    "audit_link": "the app may not write the heads of the audit chains, which an entry moves on",
    "hash_number_for_all": "neither the app nor an auditor may read the key of the hashes",
    "listed_for_all": "a client's scope may not read the reseller's do-not-call list, and nobody the key of its hashes",
    "reseller_blocks": "a client's scope may not read the reseller's do-not-call list",
    "scope_holds": "the app may not read the key that it compares signatures with",
    "enter_client": "the app may not read the key either; it signs the scope of a client that a member enters",
    "calls_found": "row-level security keeps the planner from an index of words; it checks the signed scope by itself",
}
CALLED_BY_POLICIES = {"scope_holds"}
CALLED_BY_TRIGGERS = {  # they run with the rights of whoever calls them
    "number_rings_in",  # reads nothing but its arguments
    "reseller_blocks",  # answers for one number
    "search_terms",  # reads nothing either
    "call_search_refresh",  # computes a row anew from what the caller's scope reads
}
CALLED_BY_SEARCHES = {"calls_found", "listed_for_all"}
CALLED_BY_SCOPES = {"enter_client"}  # needs the signature of the person, and reads under the policies
READ_AS_THE_OWNER = {  # views without security_invoker, and why
    "tenants_person": "names without the password hashes beside them; it filters rows by itself",
}
RIGHTS_ON_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
OURS = """
    p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    AND p.pronamespace::regnamespace::text !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def names(sql: str) -> set[str]:
    return {name for (name,) in rows(sql)}


def tables() -> set[str]:
    return names(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','p','v')"
    )


def test_every_function_names_its_tables_with_their_schema():
    found = rows(f"SELECT p.proname, p.prosrc FROM pg_proc p WHERE {OURS}")
    assert len(found) >= 4
    bare = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, tables()))})\b")
    assert {name: bare.findall(source) for name, source in found if bare.search(source)} == {}


def test_every_function_looks_into_temporary_tables_last_and_into_nothing_that_could_be_written():
    """Without `pg_temp` at the end PostgreSQL searches it first."""
    found = dict(rows(f"SELECT p.proname, p.proconfig FROM pg_proc p WHERE {OURS}"))
    assert {name for name, config in found.items() if "search_path=pg_catalog, pg_temp" not in (config or [])} == set()


def test_functions_are_the_owners_are_plain_and_nobody_else_may_call_them():
    found = rows(f"""
        SELECT p.proname, p.proowner::regrole::text, l.lanname, p.prosecdef, p.prosrc ~* '\\mexecute\\M',
          has_function_privilege('public', p.oid, 'EXECUTE'), p.proleakproof
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE {OURS}
    """)
    assert {name for name, owner, *_ in found if owner != "patchbay_owner"} == set()
    assert {name for name, _, language, *_ in found if language not in ("sql", "plpgsql")} == set()
    assert {name for name, _, _, definer, *_ in found if definer} == set(RUN_AS_THE_OWNER)
    assert [row for row in found if any(row[4:])] == []
    callable_by_the_app = names(
        f"SELECT p.proname FROM pg_proc p WHERE {OURS} AND has_function_privilege('{APP}', p.oid, 'EXECUTE')"
    )
    assert callable_by_the_app == CALLED_BY_POLICIES | CALLED_BY_TRIGGERS | CALLED_BY_SEARCHES | CALLED_BY_SCOPES


def test_every_trigger_is_on_and_calls_one_of_our_functions():
    found = rows(f"""
        SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled = 'O' AND EXISTS (
          SELECT 1 FROM pg_proc p WHERE p.oid = t.tgfoid AND p.pronamespace = 'public'::regnamespace AND {OURS})
        FROM pg_trigger t WHERE NOT t.tgisinternal
    """)
    assert {
        ("tenants_auditentry", "audit_link"),
        ("tenants_auditentry", "audit_stands"),
        ("tenants_numberdedication", "number_dedication_stands"),
        ("tenants_assistantdedication", "assistant_dedication_stands"),
        ("calls_call", "call_leaves"),
    } <= {(table, name) for table, name, _ in found}
    assert [row for row in found if not row[2]] == []
    assert names("SELECT tgname FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O'") == set()
    assert names("SELECT evtname FROM pg_event_trigger") == set()
    assert (
        names("""
        SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
        WHERE c.relnamespace = 'public'::regnamespace AND NOT (c.relkind = 'v' AND r.rulename = '_RETURN')
    """)
        == set()
    )


def test_every_view_shows_what_its_reader_may_see_or_has_a_reason():
    found = rows("""
        SELECT relname, relkind, relowner::regrole::text, coalesce(reloptions, '{}') FROM pg_class
        WHERE relkind IN ('v', 'm', 'f') AND relnamespace = 'public'::regnamespace
    """)
    assert {name for name, kind, owner, _ in found if (kind, owner) != ("v", "patchbay_owner")} == set()
    as_owner = {name for name, _, _, options in found if "security_invoker=true" not in options}
    assert as_owner == set(READ_AS_THE_OWNER)
    assert {name for name, *_, options in found if name in as_owner and "security_barrier=true" not in options} == set()


def test_nobody_but_the_owner_makes_anything_in_the_database():
    for role in ("public", APP, AUDITOR):
        assert rows(f"""
            SELECT has_database_privilege('{role}', current_database(), 'CREATE'),
              has_database_privilege('{role}', current_database(), 'TEMPORARY')
        """) == [(False, False)]
        assert names(f"SELECT nspname FROM pg_namespace WHERE has_schema_privilege('{role}', oid, 'CREATE')") == set()
        schemas = names(f"""
            SELECT nspname FROM pg_namespace WHERE has_schema_privilege('{role}', oid, 'USAGE')
            AND nspname !~ '^pg_(toast|temp)'
        """)
        assert schemas == {"pg_catalog", "information_schema", "public"}
    owners = "'patchbay_app'::regrole, 'patchbay_auditor'::regrole"
    assert names(f"SELECT relname FROM pg_class WHERE relowner IN ({owners})") == set()
    assert rows("SELECT * FROM pg_default_acl") == []


def rights(role: str) -> dict[str, set[str]]:
    """Table → what the role may do with it, as far as it may do anything."""
    asked = ", ".join(f"has_table_privilege('{role}', c.oid, '{right}')" for right in RIGHTS_ON_TABLES)
    found = {
        name: {right for right, has in zip(RIGHTS_ON_TABLES, row, strict=True) if has}
        for name, *row in rows(f"""
            SELECT c.relname, {asked} FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
        """)
    }
    return {name: held for name, held in found.items() if held}


def test_auditors_may_read_what_their_console_lists():
    assert {model._meta.db_table for model in site._registry} <= set(AUDITOR_READS)


def test_each_role_has_the_rights_that_are_listed_and_no_others():
    everything = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    less = {name: set(words.split(", ")) for name, words in APP_REVOKED.items()}
    expected = {name: everything - less.get(name, set()) for name in tables()}
    assert rights(APP) == {name: held for name, held in expected.items() if held}
    assert rights(AUDITOR) == {name: {"SELECT"} for name in AUDITOR_READS}
    assert rights("public") == {}
    assert (
        names("""
        SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL
    """)
        == set()
    )
    assert (
        names("""
        SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = 'public'::regnamespace AND a.is_grantable AND a.grantee <> c.relowner
    """)
        == set()
    )
    assert (
        names(f"""
        SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
          AND (has_sequence_privilege('{APP}', oid, 'UPDATE') OR has_sequence_privilege('{AUDITOR}', oid, 'USAGE'))
    """)
        == set()
    )


def test_roles_have_no_powers_and_are_members_of_nothing_but_what_is_listed():
    assert (
        rows("""
        SELECT rolname FROM pg_roles WHERE rolname IN ('patchbay_owner', 'patchbay_app', 'patchbay_auditor')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication OR rolcreatedb AND rolname <> 'patchbay_owner')
    """)
        == []
    )
    assert rows("""
        SELECT m.roleid::regrole::text, m.member::regrole::text FROM pg_auth_members m
        WHERE m.member IN (SELECT oid FROM pg_roles WHERE rolname ~ '^patchbay_') OR m.admin_option AND m.roleid IN
          (SELECT oid FROM pg_roles WHERE rolname ~ '^patchbay_')
    """) == [("patchbay_auditor", "patchbay_app")]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE tenants_audithead (chain text, seq bigint, hash bytea)",
        "CREATE FUNCTION pg_temp.run() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.own (id int)",
        "CREATE SCHEMA patchbay_app",
        "CREATE FUNCTION public.run() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_tenant DISABLE TRIGGER USER",
        "CREATE TRIGGER own BEFORE INSERT ON tenants_tenant FOR EACH ROW EXECUTE FUNCTION audit_link()",
        "CREATE POLICY own ON tenants_tenant USING (true)",
        "SET session_replication_role = replica",
        "SET ROLE patchbay_owner",
    ],
)
def test_what_the_app_cannot_do(bloom, statement):
    with (
        scope.for_tenant(bloom.tenant),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
