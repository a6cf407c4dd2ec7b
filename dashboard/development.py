"""The development mode: settings that tools and editors import with nothing set, and DEBUG beside `manage.py up`.

It is on when `PATCHBAY_DEVELOPMENT` is 1, and when nothing is configured at all. Its keys are random and forgotten with
the process: they open no stored secret and sign no scope that a database accepts. `dashboard/production.py` refuses to
serve in this mode, and the settings refuse it for any address but this machine's own.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

CONFIGURED_BY = (
    "PATCHBAY_SECRET_KEY",
    "PATCHBAY_FIELD_KEYS",
    "PATCHBAY_URL",
    "PATCHBAY_DEMO",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
)
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def is_on(environment: Mapping[str, str]) -> bool:
    if asked := environment.get("PATCHBAY_DEVELOPMENT"):
        return asked == "1"
    return not any(environment.get(name) for name in CONFIGURED_BY)


def is_on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in THIS_MACHINE


def defaults() -> dict[str, str]:
    """For what is not set."""
    return {
        "PATCHBAY_SECRET_KEY": secrets.token_urlsafe(50),
        "PATCHBAY_FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "postgresql:///patchbay",
    }
