"""Views with which users confirm their identity: a page of its own, and a dialog over the form that asked for it.

After the page, allauth repeats the request that was kept in the session. The dialog leaves the form where it is: its
script (static/js/confirm_identity.js) sends the form itself once the answer is 204.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.views import BaseReauthenticateView, ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_GET

from tenants.access import reauthentication
from tenants.access.reauthentication import ASKED_EARLY, MAX_AGE, Confirm

CONFIRMED = 204
LABELS = {  # of allauth's ways, by their ids
    "reauthenticate": "Password",
    "mfa_reauthenticate": "Code from the app",
    "mfa_reauthenticate:webauthn": "Passkey",
}
KEEPS_ITS_FORM = (Confirm.THEN_GO_ON, Confirm.THEN_AGAIN)


@require_GET
@login_required
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """Whether a form may be sent to the path `for` now: 204, or a redirect to the dialog's first way to confirm.

    `always` asks even where the view confirms some requests only, because the form knows that this is one of them.
    """
    user: Any = request.user
    asked = "always" in request.GET or _confirms(request.GET.get("for", ""))
    methods = get_adapter().get_reauthentication_methods(user)
    if not asked or not methods or reauthentication.is_recent(request, MAX_AGE - ASKED_EARLY):
        return HttpResponse(status=CONFIRMED)
    return HttpResponseRedirect(methods[0]["url"])


def _confirms(address: str) -> bool:
    """Whether the view of this address confirms the identity of whoever sends it a form."""
    try:
        view = resolve(urlsplit(address).path).func
    except (Resolver404, ValueError):
        return False
    return getattr(view, "confirm", Confirm.NO) in KEEPS_ITS_FORM


class InDialog(BaseReauthenticateView):  # type: ignore[misc]  # allauth has no types
    """What a request of htmx gets, which comes from the dialog."""

    way = ""  # the method shown; the others are offered beside it

    def get_template_names(self) -> list[str]:
        return ["account/_confirm_identity.html" if self._in_dialog else "account/confirm_identity.html"]

    def get_form_kwargs(self) -> dict[str, Any]:
        """The page behind the dialog may have a field of the same name."""
        arguments: dict[str, Any] = super().get_form_kwargs()
        return arguments | {"auto_id": "confirm_%s"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        methods = get_adapter().get_reauthentication_methods(self.request.user)
        ways = [
            {
                "label": LABELS.get(method["id"], method["description"]),
                "url": self.passthrough_next_url(method["url"]),
                "current": method["url"] == self.request.path,
            }
            for method in methods
        ]
        return context | {"way": self.way, "ways": ways}

    def form_valid(self, form: Any) -> HttpResponse:
        if self._in_dialog:
            return HttpResponse(status=CONFIRMED)
        done: HttpResponse = super().form_valid(form)
        return done

    @property
    def _in_dialog(self) -> bool:
        return bool(getattr(self.request, "htmx", False))


class StaysOpen:
    """A wrong answer is shown where it was given; allauth's view of passkeys would lead to the sign-in page."""

    def form_invalid(self: Any, form: Any) -> HttpResponse:
        status = 422 if self._in_dialog else 200
        shown: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=status)
        return shown


class ConfirmByPassword(StaysOpen, ReauthenticateView, InDialog):  # type: ignore[misc]  # allauth has no types
    way = "password"


class ConfirmByCode(StaysOpen, ReauthenticateByCodeView, InDialog):  # type: ignore[misc]  # allauth has no types
    way = "code"


class ConfirmByPasskey(StaysOpen, ReauthenticateWebAuthnView, InDialog):  # type: ignore[misc]  # allauth has no types
    way = "passkey"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """allauth's view drops what it is given, the form with its error too."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | kwargs
