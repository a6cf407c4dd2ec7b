"""The address of a PostgreSQL database, read whole: every part percent-decoded, every option known or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

OPTIONS = {  # of libpq, passed on as they are
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "channel_binding",
    "require_auth",
    "gssencmode",
    "krbsrvname",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "target_session_attrs",
    "load_balance_hosts",
    "application_name",
}
DEFAULTS = {"connect_timeout": "5", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
OF_DJANGO = {"pool", "server_side_binding", "isolation_level", "assume_role"}


def read(address: str, name: str) -> dict[str, Any]:
    """Django's settings for it, read by dj-database-url; refused where that would lose something.

    `name` is the setting it comes from, for the sentence that says what is wrong.
    """
    try:
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        if parts.scheme not in ("postgres", "postgresql"):
            raise ImproperlyConfigured(f"{name} must be a postgresql:// address.")
        found = dj_database_url.parse(address)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} cannot be read: write it like postgresql://user:password@host:5432/patchbay?sslmode=verify-full, "
            "with special characters of the password percent-encoded."
        ) from None
    host, port = query.pop("host", found["HOST"]), query.pop("port", str(found["PORT"]))
    if unknown := sorted(set(query) - OPTIONS):
        known = ", ".join(sorted(OPTIONS))
        raise ImproperlyConfigured(f"{name} has an option that is not known: {', '.join(unknown)}. Known are {known}.")
    login = {"NAME": found["NAME"], "USER": found["USER"], "PASSWORD": found["PASSWORD"]}
    return {**login, "HOST": host, "PORT": port, "OPTIONS": DEFAULTS | query}  # libpq takes text


def connection_arguments(database: Mapping[str, Any]) -> dict[str, Any]:
    """For a connection of one's own, what Django's connections of `database` (its settings) are made with."""
    options = {name: value for name, value in database.get("OPTIONS", {}).items() if name not in OF_DJANGO}
    return {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"] or None,
        "host": database["HOST"] or None,
        "port": database["PORT"] or None,
        **options,
    }
