"""What the processes of a local Patchbay find in their environment. What is set already always wins."""

import os
from collections.abc import Mapping

from dashboard.devserver.paths import Places
from tenants import signing_keys

ASKED_FOR = {"postgres": "DATABASE_URL", "valkey": "CELERY_BROKER_URL", "sandbox": "VOICEDOCK_API_URL"}


def embedded(given: Mapping[str, str] = os.environ) -> set[str]:
    """The services we start ourselves: those whose address nobody has given."""
    return {service for service, name in ASKED_FOR.items() if not given.get(name)}


def local(places: Places, *, web_port: int, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of the web, the workers, the beat and of commands; without the log-ins of owner and auditors, and
    without the key that signs the audit trail."""
    ours, secrets, ports = embedded(given), places.secrets(), places.ports()
    url = f"http://localhost:{web_port}"
    made = {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PATCHBAY_DEMO": "1",
        "PATCHBAY_SECRET_KEY": secrets["secret_key"],
        "PATCHBAY_FIELD_KEYS": secrets["field_keys"],
        "PATCHBAY_AUDIT_PUBLIC_KEYS": signing_keys.public_half(signer(places, given)["PATCHBAY_AUDIT_KEY"]),
        "PATCHBAY_AUDIT_HEADS": str(places.data / "audit"),
        "PATCHBAY_URL": url,
        "PATCHBAY_HOSTS": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }
    if "postgres" in ours:
        made["DATABASE_URL"] = _database("app", places)
    if "valkey" in ours:
        valkey = f"redis://:{secrets['valkey']}@127.0.0.1:{ports['valkey']}"
        made |= {"CELERY_BROKER_URL": f"{valkey}/0", "CACHE_URL": f"{valkey}/1"}
    if given.get("PATCHBAY_DEVELOPMENT") != "1":  # where edited files are served as they are
        made["PATCHBAY_STATIC"] = str(places.static)
    if "sandbox" in ours:
        sandbox = f"http://127.0.0.1:{ports['sandbox']}"
        made |= {"VOICEDOCK_API_URL": f"{sandbox}/api/v1", "PATCHBAY_SANDBOX_URL": sandbox}
    else:
        made["PATCHBAY_STAFF_SECOND_STEP"] = "1"  # real phones ring
    everything = {**made, **{name: value for name, value in given.items() if value}}
    for name in ("DATABASE_OWNER_URL", "DATABASE_AUDITOR_URL", "DATABASE_ADMIN_URL", "PATCHBAY_AUDIT_KEY"):
        everything.pop(name, None)
    return everything


def owner(places: Places, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The log-in that migrates; for `migrate` alone."""
    if "postgres" in embedded(given):
        return {"DATABASE_OWNER_URL": _database("owner", places)}
    if not given.get("DATABASE_OWNER_URL"):
        raise SystemExit("DATABASE_URL is set, DATABASE_OWNER_URL is not: migrations need the owner's log-in.")
    return {"DATABASE_OWNER_URL": given["DATABASE_OWNER_URL"]}


def auditor(places: Places, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The auditors' log-in, for the web alone; with a PostgreSQL of somebody's own, the one that was given."""
    if "postgres" in embedded(given):
        return {"DATABASE_AUDITOR_URL": _database("auditor", places)}
    return {name: given[name] for name in ("DATABASE_AUDITOR_URL",) if given.get(name)}


def signer(places: Places, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The key that signs the audit trail, for the one worker that does."""
    return {"PATCHBAY_AUDIT_KEY": given.get("PATCHBAY_AUDIT_KEY") or places.secrets()["audit_key"]}


def _database(who: str, places: Places) -> str:
    return f"postgresql://patchbay_{who}:{places.secrets()[who]}@127.0.0.1:{places.ports()['postgres']}/patchbay"
