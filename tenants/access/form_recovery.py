"""What somebody typed into a form comes back when the form could not be taken: the session had ended, a confirmation
of the identity was needed, or the form's token was too old.

Every form says who opened it (`marker`, written by the `csrf_token` tag). What such a form held is kept in the session,
sealed, for an hour; it is shown on the page of the form, to the same person only. Passwords, keys, codes and tokens are
never kept. The template is `components/_unsent_form.html`, the fields are filled by `static/js/unsent_form.js`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from tenants import secrets

MARKER = "opened_by"
SESSION_KEY = "typed-again"
PLACE = "typed again"
KEPT = 60 * 60  # seconds
LARGEST = 100_000  # characters of one form
SECRET = re.compile(r"pass|secret|key|token|code|credential|otp|pin$", re.IGNORECASE)
PLUMBING = {MARKER, "next", "csrfmiddlewaretoken"}
signer = signing.Signer(salt="who opened a form")


@dataclass(frozen=True)
class Typed:
    """`action` is where the form was sent, `page` where it stood; `fields` are its values by name."""

    person: int
    action: str
    page: str
    fields: dict[str, list[str]]
    at: float

    @property
    def words(self) -> list[tuple[str, str]]:
        """To be read and copied where no script fills the form."""
        return [
            (name.replace("_", " ").capitalize(), value)
            for name, values in self.fields.items()
            for value in values
            if value.strip()
        ]


def marker(request: HttpRequest) -> str:
    """Who opens the form, signed, so that nobody else's words can be put into somebody's form."""
    return signer.sign(str(_person(request)))


def keep(request: HttpRequest) -> str:
    """Keep what was typed into this form; returns the page it stood on, to come back to."""
    page = came_from(request)
    opened_by = _opened_by(request)
    if opened_by is None or opened_by != (_person(request) or opened_by):
        return page
    fields = {name: values for name, values in request.POST.lists() if not _is_left_out(name)}
    typed = Typed(opened_by, request.path, urlsplit(page).path, fields, time.time())
    text = json.dumps(asdict(typed))
    if fields and len(text) <= LARGEST:
        request.session[SESSION_KEY] = secrets.encrypt(text, PLACE)
    return page


def kept(request: HttpRequest) -> Typed | None:
    """What this person typed on this page before, if it was kept."""
    typed = _read(request)
    if typed is None or typed.page != request.path or typed.person != _person(request):
        return None
    return typed


def drop(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def came_from(request: HttpRequest) -> str:
    """The page of ours that a form was on, or the start page."""
    page = urlsplit(request.META.get("HTTP_REFERER", ""))
    ours = page.netloc == request.get_host()
    return (page.path + (f"?{page.query}" if page.query else "")) if ours else "/"


class FormRecoveryMiddleware:
    """Middleware: keeps a form that was answered by the sign-in page, and leads back to the page it stood on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and MARKER in request.POST:
            if _asks_to_sign_in(request, response):
                response["Location"] = f"{reverse('account_login')}?{urlencode({'next': keep(request)})}"
            elif response.status_code < 400 and not _asks_to_confirm(response):
                self._forget(request)
        elif request.method == "GET" and response.status_code == 405:
            return self._climb(request) or response
        return response

    @staticmethod
    def _forget(request: HttpRequest) -> None:
        """The form was taken now."""
        typed = _read(request)
        if typed and typed.action == request.path:
            drop(request)

    @staticmethod
    def _climb(request: HttpRequest) -> HttpResponse | None:
        """A form that stood on the answer to another form: its page is the one above that can be read."""
        typed = _read(request)
        if typed is None or typed.page != request.path:
            return None
        page = _page_above(request.path)
        request.session[SESSION_KEY] = secrets.encrypt(json.dumps(asdict(typed) | {"page": page}), PLACE)
        return HttpResponseRedirect(page)


def _asks_to_sign_in(request: HttpRequest, response: HttpResponse) -> bool:
    """And the person is not signed in: a sign-in form's own answers are none of these."""
    to = urlsplit(response.get("Location", ""))
    wanted = parse_qs(to.query).get("next", [""])[0]
    return response.status_code == 302 and to.path == reverse("account_login") and wanted == request.get_full_path()


def _asks_to_confirm(response: HttpResponse) -> bool:
    """allauth keeps the request then, and does it once the identity is confirmed."""
    to = urlsplit(response.get("Location", "")).path
    return bool(to) and to in {reverse("account_reauthenticate"), reverse("mfa_reauthenticate")}


def _page_above(path: str) -> str:
    while path.strip("/"):
        path = path.rstrip("/").rsplit("/", 1)[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"


@receiver(user_logged_in)
def _forget_of_others(request: HttpRequest, user: Any, **_: Any) -> None:
    typed = _read(request)
    if typed and typed.person not in (0, user.pk):
        drop(request)


def _read(request: HttpRequest) -> Typed | None:
    sealed = request.session.get(SESSION_KEY) if hasattr(request, "session") else None
    if not sealed:
        return None
    try:
        typed = Typed(**json.loads(secrets.decrypt(sealed, PLACE)))
    except (secrets.Unreadable, ValueError, TypeError):
        return None
    return typed if time.time() - typed.at < KEPT else None


def _opened_by(request: HttpRequest) -> int | None:
    try:
        return int(signer.unsign(request.POST.get(MARKER, "")))
    except (signing.BadSignature, ValueError):
        return None


def _person(request: HttpRequest) -> int:
    """0 for somebody who is not signed in."""
    user = getattr(request, "user", None)
    return user.pk if user is not None and user.is_authenticated else 0


def _is_left_out(name: str) -> bool:
    return name in PLUMBING or bool(SECRET.search(name))
