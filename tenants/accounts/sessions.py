"""Where a person is signed in: each session is listed with where it came from and when it was last used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.dispatch import Signal, receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants import audit
from tenants.accounts import known_devices, session_limits
from tenants.isolation import scope
from tenants.models import User

SEEN = "seen"  # the session's key: when its last use was written down, in Unix seconds
SELDOM = 5 * 60  # seconds: how exact "last used" is
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")  # in this order: each names itself after those behind it
NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"}

ended = Signal()  # (user): sessions of this person are no more, its open streams are to notice


@receiver(user_logged_in)
def _list(request: HttpRequest, user: User, **_: Any) -> None:
    """Every way in, an invitation's too. allauth lists its own sign-ins by itself, a second time does no harm."""
    request.session[SEEN] = int(time.time())
    session_limits.begin(request, user)
    known_devices.remember(request, user.pk)
    if request.META.get("REMOTE_ADDR"):
        UserSession.objects.create_from_request(request)


class SessionActivityMiddleware:
    """Middleware: writes down when a session was last used, every five minutes at most, and moves its idle end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and session_limits.is_use(request) and self._is_due(request) and request.user.is_authenticated:
            request.session[SEEN] = int(time.time())
            session_limits.extend(request)
            UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())
        response = self.get_response(request)
        session_limits.keep(request)
        known_devices.set_cookie(request, response)
        return response

    def _is_due(self, request: HttpRequest) -> bool:
        return bool(request.session.get(SEEN, 0) < time.time() - SELDOM)


def end(user: User, those: Iterable[UserSession]) -> None:
    """Whoever sits there is signed out with their next request, and hears nothing more."""
    gone = list(those)
    for one in gone:
        one.end()
    if gone:
        with scope.for_system("sessions were ended"):
            audit.record(user, None, "person.sessions-ended", f"user:{user.pk}", sessions=len(gone))
        ended.send(sender=None, user=user)


def prune() -> int:
    """Drop sessions that have ended, and what lists them; how many."""
    gone = Session.objects.filter(expire_date__lt=Now()).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return gone


def browser_of(user_agent: str) -> str:
    """In words, as far as a browser says what it is: "Firefox on Windows"."""
    name = next((one for one in BROWSERS if f"{one}/" in user_agent), "")
    system = next((words for mark, words in SYSTEMS.items() if mark in user_agent), "")
    system = system or ("Linux" if "Linux" in user_agent else "")
    return f"{NAMES.get(name, name) or 'A browser'}{f' on {system}' if system else ''}"
