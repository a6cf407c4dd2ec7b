"""Which browsers a person has signed in with before: a signed cookie that holds ids of people and nothing else."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "__Host-device" if settings.SECURE else "patchbay-device"
SALT = "known-device"
KEPT_FOR = 365 * 24 * 3600  # seconds
MOST = 10  # people of one browser


def is_known(request: HttpRequest, user_id: int) -> bool:
    return user_id in _people(request)


def remember(request: HttpRequest, user_id: int) -> None:
    """From the response on (`set_cookie`)."""
    people = [user_id, *(one for one in _people(request) if one != user_id)][:MOST]
    request.device_cookie = signing.dumps(people, salt=SALT)  # type: ignore[attr-defined]


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    if value := getattr(request, "device_cookie", ""):
        response.set_cookie(COOKIE, value, max_age=KEPT_FOR, secure=settings.SECURE, httponly=True, samesite="Lax")


def _people(request: HttpRequest) -> list[int]:
    try:
        return list(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_FOR))
    except signing.BadSignature:
        return []
