"""Form values are kept when a form could not be processed: the session had ended, reauthentication was needed, or the
CSRF token was too old.

Every form has a signed field with the user who opened it (`opener_token`, written by the `csrf_token` tag). Its values
are kept in the session, encrypted, for an hour, and are shown on the page of the form to the same user only. Passwords,
keys, codes and tokens are never kept. `components/_unsent_form.html` shows them, `static/js/unsent_form.js` fills them
in.
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

PREVIEW = "X-Preview"  # a script's own request, which shows what a form would do; the form is sent afterwards
MARKER = "opened_by"
SESSION_KEY = "unsent-form"
PLACE = "unsent form"
LIFETIME = 60 * 60  # seconds
MAX_LENGTH = 100_000  # characters of one form
SECRET = re.compile(r"pass|secret|key|token|code|credential|otp|pin$", re.IGNORECASE)
INTERNAL = {MARKER, "next", "csrfmiddlewaretoken"}
REAUTHENTICATIONS = ("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn")
signer = signing.Signer(salt="who opened a form")


@dataclass(frozen=True)
class SavedForm:
    """`action` is the path the form was sent to, `page` the path it was shown on; `fields` are its values by name."""

    person: int
    action: str
    page: str
    fields: dict[str, list[str]]
    at: float

    @property
    def labelled_values(self) -> list[tuple[str, str]]:
        """For reading and copying where no script fills the form."""
        return [
            (name.replace("_", " ").capitalize(), value)
            for name, values in self.fields.items()
            for value in values
            if value.strip()
        ]


def opener_token(request: HttpRequest) -> str:
    """The user who opens the form, signed, so that nobody can put values into another user's form."""
    return signer.sign(str(_person(request)))


def save(request: HttpRequest) -> str:
    """Save the values of this form; returns the page that it was on."""
    page = referring_page(request)
    opened_by = _opened_by(request)
    if opened_by is None or opened_by != (_person(request) or opened_by):
        return page
    fields = {name: values for name, values in request.POST.lists() if not _is_left_out(name)}
    form = SavedForm(opened_by, request.path, urlsplit(page).path, fields, time.time())
    text = json.dumps(asdict(form))
    if fields and len(text) <= MAX_LENGTH:
        request.session[SESSION_KEY] = secrets.encrypt(text, PLACE)
    return page


def saved(request: HttpRequest) -> SavedForm | None:
    """The saved form of this user on this page, if there is one."""
    form = _read(request)
    if form is None or form.page != request.path or form.person != _person(request):
        return None
    return form


def discard(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def referring_page(request: HttpRequest) -> str:
    """The page that a form was on if it is one of this site, else the start page."""
    page = urlsplit(str(request.META.get("HTTP_REFERER", "")))
    if page.netloc != request.get_host():
        return "/"
    return page.path + (f"?{page.query}" if page.query else "")


class FormRecoveryMiddleware:
    """Saves a form whose response is the sign-in page, and redirects back to the page of the form after signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and MARKER in request.POST and PREVIEW not in request.headers:
            if _is_sign_in_redirect(request, response):
                response["Location"] = f"{reverse('account_login')}?{urlencode({'next': save(request)})}"
            elif response.status_code < 400 and not _is_reauthentication_redirect(response):
                self._discard_processed(request)
        elif request.method == "GET" and response.status_code == 405:
            return self._redirect_to_page(request) or response
        return response

    @staticmethod
    def _discard_processed(request: HttpRequest) -> None:
        """The form was processed this time."""
        form = _read(request)
        if form and form.action == request.path:
            discard(request)

    @staticmethod
    def _redirect_to_page(request: HttpRequest) -> HttpResponse | None:
        """A form that was shown in the response to a POST: its page becomes the nearest one above that GET can open."""
        form = _read(request)
        if form is None or form.page != request.path:
            return None
        page = _page_above(request.path)
        request.session[SESSION_KEY] = secrets.encrypt(json.dumps(asdict(form) | {"page": page}), PLACE)
        return HttpResponseRedirect(page)


def _is_sign_in_redirect(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the response sends an anonymous user to sign in; the sign-in form's own responses do not count."""
    target = urlsplit(response.get("Location", ""))
    next_url = parse_qs(target.query).get("next", [""])[0]
    return (
        response.status_code == 302 and target.path == reverse("account_login") and next_url == request.get_full_path()
    )


def _is_reauthentication_redirect(response: HttpResponse) -> bool:
    """Then allauth keeps the request and repeats it after the reauthentication."""
    path = urlsplit(response.get("Location", "")).path
    return bool(path) and path in {reverse(name) for name in REAUTHENTICATIONS}


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
def _discard_of_other_users(request: HttpRequest, user: Any, **_: Any) -> None:
    form = _read(request)
    if form and form.person not in (0, user.pk):
        discard(request)


def _read(request: HttpRequest) -> SavedForm | None:
    sealed = request.session.get(SESSION_KEY) if hasattr(request, "session") else None
    if not sealed:
        return None
    try:
        form = SavedForm(**json.loads(secrets.decrypt(sealed, PLACE)))
    except (secrets.Unreadable, ValueError, TypeError):
        return None
    return form if time.time() - form.at < LIFETIME else None


def _opened_by(request: HttpRequest) -> int | None:
    try:
        return int(signer.unsign(request.POST.get(MARKER, "")))
    except (signing.BadSignature, ValueError):
        return None


def _person(request: HttpRequest) -> int:
    """The id of the signed-in user, or 0."""
    user = getattr(request, "user", None)
    return user.pk if user is not None and user.is_authenticated else 0


def _is_left_out(name: str) -> bool:
    return name in INTERNAL or bool(SECRET.search(name))
