"""Expiry of sessions: an absolute limit after sign-in and an idle limit after the last use.

It is the session's expiry date in the database, so pages, event streams and the cookie all end with it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

HOUR = 3600
ABSOLUTE = {"staff": 12 * HOUR, "client": 7 * 24 * HOUR}  # seconds after sign-in
IDLE = {"staff": 2 * HOUR, "client": 24 * HOUR}  # seconds after the last use
SIGNED_IN_AT = "signed-in-at"  # keys of the session
PERSON_KIND = "person-kind"
EXPIRY = "_session_expiry"  # Django's own key


def begin(request: HttpRequest, user: Any) -> None:
    """Set the limits at sign-in."""
    is_staff = hasattr(user, "staff") or hasattr(user, "auditor")
    request.session[PERSON_KIND] = "staff" if is_staff else "client"
    request.session[SIGNED_IN_AT] = int(time.time())
    extend(request)


def extend(request: HttpRequest) -> None:
    """At each use: the idle limit starts again, the absolute limit stays."""
    session, now = request.session, time.time()
    kind = session.get(PERSON_KIND, "client")
    end = min(session.setdefault(SIGNED_IN_AT, int(now)) + ABSOLUTE[kind], now + IDLE[kind])
    session.set_expiry(datetime.fromtimestamp(end, UTC))


def keep(request: HttpRequest) -> None:
    """Restore the expiry before the response is sent: allauth gives a new session one without an absolute limit."""
    if SIGNED_IN_AT in request.session and not isinstance(request.session.get(EXPIRY), str):
        extend(request)


def require_staff_limits(request: HttpRequest) -> None:
    """For pages of staff and auditors: a user who joined the staff while signed in gets the shorter limits."""
    if request.session.get(PERSON_KIND) != "staff":
        request.session[PERSON_KIND] = "staff"
        extend(request)


def is_use(request: HttpRequest) -> bool:
    """Whether a person opened a page or sent a form; htmx also refreshes fragments by itself."""
    if request.method not in ("GET", "HEAD"):
        return True
    return "HX-Request" not in request.headers or "HX-Boosted" in request.headers
