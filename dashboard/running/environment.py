"""What the processes of a local Patchbay find in their environment. What is set already always wins."""

import os
from collections.abc import Mapping

from dashboard.running.places import Places

ASKED_FOR = {"postgres": "DATABASE_URL", "valkey": "CELERY_BROKER_URL", "sandbox": "VOICEDOCK_API_URL"}


def embedded(given: Mapping[str, str] = os.environ) -> set[str]:
    """The services we start ourselves: those whose address nobody has given."""
    return {service for service, name in ASKED_FOR.items() if not given.get(name)}


def local(places: Places, *, web_port: int, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The whole environment of the web, the worker, the beat and of commands; without the owner's log-in."""
    ours, secrets, ports = embedded(given), places.secrets(), places.ports()
    url = f"http://127.0.0.1:{web_port}"
    made = {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PATCHBAY_DEMO": "1",
        "PATCHBAY_SECRET_KEY": secrets["secret_key"],
        "PATCHBAY_FIELD_KEYS": secrets["field_keys"],
        "PATCHBAY_AUDIT_KEY": secrets["audit_key"],
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
    if "sandbox" in ours:
        sandbox = f"http://127.0.0.1:{ports['sandbox']}"
        made |= {"VOICEDOCK_API_URL": f"{sandbox}/api/v1", "PATCHBAY_SANDBOX_URL": sandbox}
    else:
        made["PATCHBAY_STAFF_SECOND_STEP"] = "1"  # real phones ring
    everything = {**made, **{name: value for name, value in given.items() if value}}
    everything.pop("DATABASE_OWNER_URL", None)
    return everything


def owner(places: Places, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The log-in that migrates; for `migrate` alone."""
    if "postgres" in embedded(given):
        return {"DATABASE_OWNER_URL": _database("owner", places)}
    if not given.get("DATABASE_OWNER_URL"):
        raise SystemExit("DATABASE_URL is set, DATABASE_OWNER_URL is not: migrations need the owner's log-in.")
    return {"DATABASE_OWNER_URL": given["DATABASE_OWNER_URL"]}


def _database(who: str, places: Places) -> str:
    return f"postgresql://patchbay_{who}:{places.secrets()[who]}@127.0.0.1:{places.ports()['postgres']}/patchbay"
