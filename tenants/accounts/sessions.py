"""The list of a user's sessions, with browser and last use; ending and pruning sessions."""

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

SEEN = "seen"  # key of the session: when its last use was saved, in Unix seconds
LAST_USE_PRECISION = 5 * 60  # seconds
BROWSERS = (
    "Edg",
    "OPR",
    "Firefox",
    "Chrome",
    "Safari",
)  # each user agent also has the names of those after it
NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"}
PHONES = ("iPhone", "iPad", "Android")

ended = Signal()  # (user): some sessions of this user have ended, and their open streams must close


@receiver(user_logged_in)
def _record_session(request: HttpRequest, user: User, **_: Any) -> None:
    """For every sign-in, also by invitation. allauth records its own sign-ins as well, which does no harm."""
    request.session[SEEN] = int(time.time())
    session_limits.begin(request, user)
    known_devices.remember(request, user.pk)
    if request.META.get("REMOTE_ADDR"):
        UserSession.objects.create_from_request(request)


class SessionActivityMiddleware:
    """Saves the last use of a session, at most every five minutes, and extends its idle expiry."""

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
        return bool(request.session.get(SEEN, 0) < time.time() - LAST_USE_PRECISION)


def end(user: User, user_sessions: Iterable[UserSession]) -> None:
    """End sessions: the next request is anonymous, and open streams close."""
    to_end = list(user_sessions)
    for user_session in to_end:
        user_session.end()
    if to_end:
        with scope.for_system("record ended sessions"):
            audit.record(user, None, "person.sessions-ended", f"user:{user.pk}", sessions=len(to_end))
        ended.send(sender=None, user=user)


def end_others(request: HttpRequest) -> None:
    """End every session of the user but the current one."""
    user: Any = request.user
    end(user, [user_session for user_session in UserSession.objects.filter(user=user) if not user_session.is_current()])


def of(user: User) -> list[UserSession]:
    """The sessions of a user with their browsers: the current one, then those used last."""
    found = UserSession.objects.purge_and_list(user)
    for user_session in found:
        user_session.browser = browser_of(user_session.user_agent)
        user_session.is_phone = any(name in user_session.browser for name in PHONES)
    return sorted(found, key=lambda item: (not item.is_current(), -item.last_seen_at.timestamp()))


def prune() -> int:
    """Delete expired sessions and their entries in the list; how many."""
    count = Session.objects.filter(expire_date__lt=Now()).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return count


def browser_of(user_agent: str) -> str:
    """A name such as "Firefox on Windows", as far as the user agent has one."""
    name = next((browser for browser in BROWSERS if f"{browser}/" in user_agent), "")
    system = next((label for token, label in SYSTEMS.items() if token in user_agent), "")
    system = system or ("Linux" if "Linux" in user_agent else "")
    return f"{NAMES.get(name, name) or 'A browser'}{f' on {system}' if system else ''}"
