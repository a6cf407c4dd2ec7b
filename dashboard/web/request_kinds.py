"""Which kind of work a request is, before a thread is taken for it: from its address, its method and its body."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from django.urls import Resolver404, resolve

from dashboard.voicedock import CommandType
from tenants.access.decorators import permission_of, runs_in_scope
from tenants.access.permissions import Permission

SAFE = {"GET", "HEAD", "OPTIONS"}
FORM, HOOK = 256 * 1024, 512 * 1024  # bytes
UPLOAD = 26 * 1024 * 1024  # bytes: a file of 25 MB and the rest of its form
FORM_WITHIN, HOOK_WITHIN, UPLOAD_WITHIN = 20.0, 10.0, 120.0  # seconds for the whole body
UPLOADS = {"campaign-draft-people", "campaign-retry"}  # views that take a file, or make one of people


class Kind(StrEnum):
    """Each kind has threads of its own (`thread_pools.py`)."""

    PAGE = "page"  # never waits for VoiceDock
    COMMAND = "command"  # may wait for VoiceDock: placing, control, campaigns, connections
    ENDING = "ending"  # ends a call
    EXPORT = "export"  # streams a file, as fast as its reader takes it
    UPLOAD = "upload"  # takes a file, and reads it
    HOOK = "hook"  # what VoiceDock sends: needs no thread, unless it is sent to HTTPS first


@dataclass(frozen=True)
class Route:
    kind: Kind
    client: str = ""  # the slug in the address
    largest: int = FORM
    within: float = FORM_WITHIN
    may_end: bool = False  # whether its body says if it ends a call
    permission: Permission | None = None  # whoever has it may send as much as `UPLOAD`


def route_of(method: str, path: str) -> Route:
    """Views that may ask VoiceDock hold no scope (`tenant_view(open_scope=False)`): by that they are known here."""
    try:
        match = resolve(path)
    except Resolver404:
        return Route(Kind.PAGE)
    if match.url_name == "voicedock-webhook" and method == "POST":
        return Route(Kind.HOOK, largest=HOOK, within=HOOK_WITHIN)
    if method in SAFE:
        return Route(Kind.EXPORT if (match.url_name or "").endswith("export") else Kind.PAGE)
    client = str(match.kwargs.get("slug", ""))
    if match.url_name in UPLOADS:
        return Route(Kind.UPLOAD, client, permission=permission_of(match.func))
    if runs_in_scope(match.func):
        return Route(Kind.PAGE)
    return Route(Kind.COMMAND, client, may_end=match.url_name == "live-command")


def ends_a_call(body: bytes, content_type: str) -> bool:
    """Whether this is the form of `End call`. Only which threads serve it depends on it: the view reads it again."""
    if not content_type.startswith("application/x-www-form-urlencoded"):
        return False
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=50))  # the last one counts, as in Django
    except ValueError:
        return False
    return fields.get("type") == CommandType.END_CALL
