"""Recognizes browsers that a user has signed in with before, by a signed cookie that has only user ids."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "__Host-device" if settings.SECURE else "patchbay-device"
SALT = "known-device"
KEPT_FOR = 365 * 24 * 3600  # seconds
MAX_USERS = 10  # of one browser


def is_known(request: HttpRequest, user_id: int) -> bool:
    return user_id in _users(request)


def remember(request: HttpRequest, user_id: int) -> None:
    """Remember the browser; `set_cookie` sends the cookie with the response."""
    users = [user_id, *(known for known in _users(request) if known != user_id)][:MAX_USERS]
    request.device_cookie = signing.dumps(users, salt=SALT)  # type: ignore[attr-defined]


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    if value := getattr(request, "device_cookie", ""):
        response.set_cookie(COOKIE, value, max_age=KEPT_FOR, secure=settings.SECURE, httponly=True, samesite="Lax")


def _users(request: HttpRequest) -> list[int]:
    try:
        return list(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_FOR))
    except signing.BadSignature:
        return []
