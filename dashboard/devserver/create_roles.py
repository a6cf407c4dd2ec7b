"""The three roles of the database and the database itself; for `up`, for tests and for a first day in production.

`python -m dashboard.devserver.create_roles` reads the addresses of the three log-ins, and DATABASE_ADMIN_URL:
a superuser, or on a managed PostgreSQL whoever may make roles and databases there.
"""

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from psycopg import Connection

OWNER, APP, AUDITOR = "patchbay_owner", "patchbay_app", "patchbay_auditor"
PATIENCE = {  # a killed client leaves its statement running in the server: the app's log-in carries the limits
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


LOGINS = {"DATABASE_OWNER_URL": OWNER, "DATABASE_URL": APP, "DATABASE_AUDITOR_URL": AUDITOR}


def create(
    server: str, *, owner_password: str, app_password: str, auditor_password: str, database: str | None = "patchbay"
) -> None:
    """Bring roles, limits and the empty database into the state they must be in; any number of times.

    `server` is the address of a superuser, or of one who may create roles and databases.
    """
    import psycopg
    from psycopg import sql

    passwords = {OWNER: owner_password, APP: app_password, AUDITOR: auditor_password}
    with psycopg.connect(server, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for name in [name for name in passwords if name not in there]:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        for name, password in passwords.items():
            inherits = sql.SQL("INHERIT" if name == OWNER else "NOINHERIT")  # the owner: what a database's owner may do
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(
                    sql.Identifier(name), inherits, sql.Literal(password)
                )
            )
        for name in (APP, AUDITOR):
            for setting, value in PATIENCE.items():
                connection.execute(f"ALTER ROLE {name} SET {setting} = '{value}'")
        connection.execute(f"ALTER ROLE {AUDITOR} SET default_transaction_read_only = on")
        if _is_member(connection, APP, AUDITOR):  # once auditors were served by a change of role
            connection.execute(f"REVOKE {AUDITOR} FROM {APP}")
        if database:
            _make(connection, database)


def _make(connection: "Connection", database: str) -> None:
    """The database, owned by our owner: who is no superuser must be able to act as that role for it."""
    from psycopg import sql

    found = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    if found == (OWNER,):
        return
    statement = "ALTER DATABASE {} OWNER TO {}" if found else "CREATE DATABASE {} OWNER {}"
    ((me, superuser),) = connection.execute(
        "SELECT quote_ident(rolname), rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    borrowed = not superuser and not _is_member(connection, None, OWNER)
    if borrowed:
        connection.execute(f"GRANT {OWNER} TO {me}")
    try:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, (database, OWNER))))
    finally:
        if borrowed:
            connection.execute(f"REVOKE {OWNER} FROM {me}")


def _is_member(connection: "Connection", who: str | None, role: str) -> bool:
    """Whether this role (None: ours) may act as that one; in PostgreSQL 16 that is a right of its own."""
    kind = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    found = connection.execute("SELECT pg_has_role(coalesce(%s, current_user), %s, %s)", [who, role, kind]).fetchone()
    return bool(found and found[0])


def main() -> None:
    missing = [name for name in ("DATABASE_ADMIN_URL", *LOGINS) if not os.environ.get(name)]
    if missing:
        sys.exit(f"Not set: {', '.join(missing)}. See deploy/README.md.")
    logins = {role: urlsplit(os.environ[name]) for name, role in LOGINS.items()}
    for role, login in logins.items():
        if unquote(login.username or "") != role or not login.password:
            sys.exit(f"The address of {role} must have the form postgresql://{role}:PASSWORD@HOST/DATABASE.")
    import psycopg

    try:
        create(
            os.environ["DATABASE_ADMIN_URL"],
            owner_password=unquote(logins[OWNER].password or ""),
            app_password=unquote(logins[APP].password or ""),
            auditor_password=unquote(logins[AUDITOR].password or ""),
            database=unquote(logins[APP].path.lstrip("/")),
        )
    except psycopg.Error as error:
        sys.exit(
            f"PostgreSQL refuses: {str(error).strip()}\nDATABASE_ADMIN_URL must be of one who may make roles and "
            "databases, and who made the patchbay_ roles where they are there already."
        )
    print("Roles and database are there.")


if __name__ == "__main__":
    main()
