"""The three roles of the database and the database itself; for `up`, for tests and for a first day in production."""

import os
import sys
from urllib.parse import unquote, urlsplit

OWNER, APP, AUDITOR = "patchbay_owner", "patchbay_app", "patchbay_auditor"
PATIENCE = {  # a killed client leaves its statement running in the server: the app's log-in carries the limits
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


def furnish(server: str, *, owner_password: str, app_password: str, database: str | None = "patchbay") -> None:
    """Bring roles, limits and the empty database into the state they must be in; any number of times.

    `server` is the address of a superuser, or of one who may create roles and databases.
    """
    import psycopg
    from psycopg import sql

    with psycopg.connect(server, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for name in {OWNER, APP, AUDITOR} - there:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        # CREATEDB is for the databases of tests. NOINHERIT: else every right of the auditor would be the app's too.
        for name, rights, password in (
            (OWNER, "LOGIN CREATEDB", owner_password),
            (APP, "LOGIN NOINHERIT", app_password),
        ):
            connection.execute(
                sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(
                    sql.Identifier(name), sql.SQL(rights), sql.Literal(password)
                )
            )
        connection.execute(f"ALTER ROLE {AUDITOR} NOLOGIN")
        connection.execute(f"GRANT {AUDITOR} TO {APP}")
        for setting, value in PATIENCE.items():
            connection.execute(f"ALTER ROLE {APP} SET {setting} = '{value}'")
        if database and not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*map(sql.Identifier, (database, OWNER))))


if __name__ == "__main__":  # python -m dashboard.running.roles postgresql://superuser@host/postgres
    logins = {name: urlsplit(os.environ[name]) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    furnish(
        sys.argv[1],
        owner_password=unquote(logins["DATABASE_OWNER_URL"].password or ""),
        app_password=unquote(logins["DATABASE_URL"].password or ""),
        database=logins["DATABASE_URL"].path.lstrip("/"),
    )
    print("Roles and database are there.")
