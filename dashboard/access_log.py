"""One line for each page: what was asked, by whom, how it came out, under an id that its other log lines carry too."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

log = structlog.get_logger("patchbay.access")

SECRET_PARTS = frozenset({"token", "key", "uidb36", "uidb64"})  # of an address, by the names of the URL patterns
PLAIN_PARTS = frozenset(
    {"slug", "pk", "call_id", "planned_id", "action", "object_id", "url", "app_label", "content_type_id", "code"}
)
CHECKS = frozenset({"/healthz", "/readyz"})  # asked every few seconds; told only when they fail
GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class AccessLog:
    """Query strings are never logged: they hold what people search for, and tokens. Static files are not pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        request_id = _id(request)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if request.path not in CHECKS or response.status_code >= 400:
                log.info(
                    "request",
                    method=request.method,
                    path=path_for_logs(request),
                    status=response.status_code,
                    milliseconds=round((time.monotonic() - began) * 1000),
                    person=_person(request),
                )
        response["X-Request-ID"] = request_id
        return response


def path_for_logs(request: HttpRequest) -> str:
    """The path, with its secret parts struck out; of an address that leads nowhere, its first part only."""
    match: ResolverMatch | None = getattr(request, "resolver_match", None)
    if match is None:
        first = request.path.lstrip("/").partition("/")
        return f"/{first[0][:40]}" + ("/…" if first[2] else "")
    path = request.path
    for name, value in match.kwargs.items():
        if name not in PLAIN_PARTS:
            path = path.replace(str(value), "[secret]")
    return path


def _id(request: HttpRequest) -> str:
    """The proxy's, so that its log and ours can be read together; or a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def _person(request: HttpRequest) -> int | None:
    """The id, never the name; only when the page has asked who it is, since a log line is no reason to ask."""
    user = request.__dict__.get("_cached_user")
    return user.pk if user is not None else None
