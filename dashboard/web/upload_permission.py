"""Whether a body larger than a form is read at all: only from a person who may use its view, asked before its first
byte is taken."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connections
from django.http import Http404, HttpRequest

from dashboard.web.request_bodies import Refused
from dashboard.web.request_kinds import Route
from tenants.access.decorators import resolve_tenant
from tenants.access.permissions import Permission

executor = ThreadPoolExecutor(1, thread_name_prefix="uploads")


async def is_given(headers: dict[bytes, bytes], route: Route) -> bool:
    """Raises `Refused` while the database does not answer."""
    session_key = _session_key(headers.get(b"cookie", b"").decode("latin-1"))
    if not session_key or route.permission is None:
        return False
    asked = asyncio.get_running_loop().run_in_executor(executor, _may, session_key, route.client, route.permission)
    try:
        return await asked
    except DatabaseError:
        raise Refused(503) from None


def _session_key(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _may(session_key: str, slug: str, permission: Permission) -> bool:
    """By the same checks as on a page."""
    request: Any = HttpRequest()
    try:
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        request.user = get_user(request)
        if not request.user.is_authenticated:
            return False
        _, actor = resolve_tenant(request, slug)
        return actor.may(permission)
    except (Http404, PermissionDenied):
        return False
    finally:
        connections.close_all()
