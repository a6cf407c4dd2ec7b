"""The owner of the tables at work: migrations run as it, nothing else does; and what it grants to the others."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from tenants.isolation import scope_signature
from tenants.isolation.row_security import Policy

APP, AUDITOR = "patchbay_app", "patchbay_auditor"

APP_MAY_NOT = {  # beside what row-level security forbids
    "tenants_auditentry": "UPDATE, DELETE",
    "tenants_audithead": "INSERT, UPDATE, DELETE",
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
    "tenants_user_groups": "INSERT, UPDATE",  # DELETE goes with a user that is deleted, as for the next
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
    "calls_receipt",
    "campaigns_campaign",
    "campaigns_lead",
    "sync_syncrun",
    "django_content_type",
]

ANYBODY_MAY_CALL = {"scope_holds()"}  # functions that policies call; all others are for triggers
OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


@contextmanager
def as_owner(alias: str = "default") -> Iterator[None]:
    """Reconnect as the owner for the time of the block; the app's log-in comes back afterwards."""
    connection = connections[alias]
    before = {key: connection.settings_dict.get(key) for key in ("USER", "PASSWORD", "OWNER_AT_WORK")}
    connection.close()
    connection.settings_dict.update(settings.OWNER, OWNER_AT_WORK=True)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def prepare(alias: str = "default") -> None:
    """What the policies need before the first of them is made; runs as the owner before each migration."""
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")  # for the exclusion constraints of dedications
        scope_signature.install(cursor)


def finish(alias: str = "default") -> None:
    """Bring policies and rights to what the code says; runs as the owner after each migration, any number of times."""
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        )
        there = {name for (name,) in cursor.fetchall()}
        _state_policies(cursor)
        _grant(cursor, there)
        _close_the_database(cursor)


def _state_policies(cursor: CursorWrapper) -> None:
    """A policy keeps the conditions it was made with; those whose conditions in the code have changed are restated."""
    cursor.execute("SELECT polname, obj_description(oid, 'pg_policy') FROM pg_policy")
    known = dict(cursor.fetchall())
    for model in apps.get_models():
        for policy in model._meta.constraints:
            if not isinstance(policy, Policy) or policy.name not in known:
                continue
            table, statement = model._meta.db_table, policy.restatement(model._meta.db_table)
            if known[policy.name] != (mark := hashlib.sha256(statement.encode()).hexdigest()[:16]):
                cursor.execute(f'{statement}; COMMENT ON POLICY "{policy.name}" ON "{table}" IS \'{mark}\'')


def _grant(cursor: CursorWrapper, there: set[str]) -> None:
    """Give the app and the auditors exactly what they need."""
    cursor.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}; "
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}; "
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {AUDITOR}"
    )
    for table, rights in APP_MAY_NOT.items():
        if table in there:
            cursor.execute(f'REVOKE {rights} ON "{table}" FROM {APP}')
    for table in AUDITOR_READS:
        if table in there:
            cursor.execute(f'GRANT SELECT ON "{table}" TO {AUDITOR}')


def _close_the_database(cursor: CursorWrapper) -> None:
    """Nobody but the owner makes anything in this database, temporary tables included, or calls our functions.

    A temporary table can take the place of a real one in a name without a schema, and its triggers run as whoever
    uses it.
    """
    cursor.execute("SELECT quote_ident(current_database())")
    database = cursor.fetchone()[0]
    everybody = f"PUBLIC, {APP}, {AUDITOR}"
    cursor.execute(
        f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM {everybody}; "
        f"GRANT CONNECT ON DATABASE {database} TO {APP}, {AUDITOR}; "
        f"REVOKE CREATE ON SCHEMA public FROM {everybody}; GRANT USAGE ON SCHEMA public TO {APP}, {AUDITOR}"
    )
    cursor.execute(OWN_FUNCTIONS)
    for (function,) in cursor.fetchall():
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM {everybody}")
        if function in ANYBODY_MAY_CALL:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APP}, {AUDITOR}")
