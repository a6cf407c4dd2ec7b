"""Database roles: migrations run as the owner of the tables, which grants the app and the auditors what they need."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from tenants import keyed_hashes
from tenants.isolation import scope_signature
from tenants.isolation.row_security import Policy

APP, AUDITOR = "patchbay_app", "patchbay_auditor"

APP_REVOKED = {  # privileges that the app does not get; row-level security restricts the others
    "tenants_auditentry": "UPDATE, DELETE",
    "tenants_audithead": "INSERT, UPDATE, DELETE",
    "tenants_hashkey": "INSERT, DELETE",
    "tenants_numberdedication": "DELETE",
    "tenants_assistantdedication": "DELETE",
    "tenants_tenant": "DELETE",
    "tenants_person": "INSERT, UPDATE, DELETE",
    "calls_call": "DELETE",
    "calls_receipt": "DELETE",
    "calls_calleridcorrection": "UPDATE, DELETE",
    "calls_alarmclearing": "UPDATE, DELETE",
    "django_migrations": "INSERT, UPDATE, DELETE",
    "django_content_type": "INSERT, UPDATE, DELETE",
    "django_admin_log": "INSERT, UPDATE",
    "auth_group": "INSERT, UPDATE, DELETE",
    "auth_group_permissions": "INSERT, UPDATE, DELETE",
    "auth_permission": "INSERT, UPDATE, DELETE",
    "tenants_user_groups": "INSERT, UPDATE",  # DELETE is needed when a user is deleted, also below
    "tenants_user_user_permissions": "INSERT, UPDATE",
}

AUDITOR_READS = [
    "tenants_person",
    "tenants_connection",
    "tenants_tenant",
    "tenants_number",
    "tenants_assistant",
    "tenants_numberdedication",
    "tenants_assistantdedication",
    "tenants_membership",
    "tenants_visit",
    "tenants_auditentry",
    "tenants_audithead",
    "calls_call",
    "calls_callreport",
    "calls_calleridcorrection",
    "calls_alarmclearing",
    "calls_action",
    "calls_callpreset",
    "calls_plannedcall",
    "campaigns_campaigndonotcallentry",
    "campaigns_campaigndraft",
    "campaigns_campaignschedule",
    "campaigns_draftlead",
    "calls_assistantdraft",
    "calls_assistantdraftversion",
    "calls_receipt",
    "contact_rules_donotcallentry",
    "contact_rules_contactsettings",
    "contact_rules_countrypreset",
    "campaigns_campaign",
    "campaigns_lead",
    "sync_syncrun",
    "django_content_type",
]

EXECUTABLE = {  # called in policies, by trigger functions, by scopes and by searches; every other one by triggers only
    "scope_holds()",
    "enter_client(bigint,text,text)",
    "number_rings_in(text,text)",
    "search_terms(text)",
    "call_search_refresh(uuid)",
    "calls_found(text,boolean,text[],boolean,bigint,timestamp with time zone,timestamp with time zone,uuid,integer)",
    "reseller_blocks(text)",
    "listed_for_all(text[])",
}
OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


@contextmanager
def as_owner(alias: str = "default") -> Iterator[None]:
    """Connect as the owner of the tables inside the block, and as the app again after it."""
    connection = connections[alias]
    before = {key: connection.settings_dict.get(key) for key in ("USER", "PASSWORD", "IS_OWNER")}
    connection.close()
    connection.settings_dict.update(settings.OWNER, IS_OWNER=True)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def install_prerequisites(alias: str = "default") -> None:
    """Install what the policies depend on; runs as the owner before each migration."""
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")  # for the exclusion constraints of dedications
        scope_signature.install(cursor)
        keyed_hashes.prepare(cursor)


def apply_policies_and_grants(alias: str = "default") -> None:
    """Update policies and grants to those in the code; runs as the owner after each migration, and is idempotent."""
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        )
        existing = {name for (name,) in cursor.fetchall()}
        keyed_hashes.install(cursor, existing)
        _update_policies(cursor)
        _grant(cursor, existing)
        _revoke_public_privileges(cursor)


def _update_policies(cursor: CursorWrapper) -> None:
    """Alter the policies whose conditions in the code have changed since they were made; a comment has their hash."""
    cursor.execute("SELECT polname, obj_description(oid, 'pg_policy') FROM pg_policy")
    hashes = dict(cursor.fetchall())
    for model in apps.get_models():
        for policy in model._meta.constraints:
            if not isinstance(policy, Policy) or policy.name not in hashes:
                continue
            table, statement = model._meta.db_table, policy.restatement(model._meta.db_table)
            if hashes[policy.name] != (digest := hashlib.sha256(statement.encode()).hexdigest()[:16]):
                cursor.execute(f'{statement}; COMMENT ON POLICY "{policy.name}" ON "{table}" IS \'{digest}\'')


def _grant(cursor: CursorWrapper, existing: set[str]) -> None:
    """Grant the app and the auditors exactly the privileges that they need."""
    cursor.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}; "
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}; "
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {AUDITOR}"
    )
    for table, privileges in APP_REVOKED.items():
        if table in existing:
            cursor.execute(f'REVOKE {privileges} ON "{table}" FROM {APP}')
    for table in AUDITOR_READS:
        if table in existing:
            cursor.execute(f'GRANT SELECT ON "{table}" TO {AUDITOR}')


def _revoke_public_privileges(cursor: CursorWrapper) -> None:
    """Only the owner creates anything in this database, temporary tables included, or calls our functions.

    A temporary table hides a real one of the same name where no schema is named, and its triggers run with the
    privileges of whoever uses it.
    """
    cursor.execute("SELECT quote_ident(current_database())")
    database = cursor.fetchone()[0]
    roles = f"PUBLIC, {APP}, {AUDITOR}"
    cursor.execute(
        f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM {roles}; "
        f"GRANT CONNECT ON DATABASE {database} TO {APP}, {AUDITOR}; "
        f"REVOKE CREATE ON SCHEMA public FROM {roles}; GRANT USAGE ON SCHEMA public TO {APP}, {AUDITOR}"
    )
    cursor.execute(OWN_FUNCTIONS)
    for (function,) in cursor.fetchall():
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM {roles}")
        if function in EXECUTABLE:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APP}, {AUDITOR}")
