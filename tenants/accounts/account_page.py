"""The page of one's own account: name, password, two-factor authentication and sessions.

Each part is a form or a list with an address of its own; each address shows the whole page, so a form with an error and
a bookmark of one part show it too. What a part did is said in that part (`in_part`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.account.forms import ChangePasswordForm
from allauth.account.views import PasswordChangeView
from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.access import own_pages
from tenants.accounts import mfa, profile, session_limits, sessions

PROFILE, PASSWORD, TWO_FACTOR, SESSIONS = "profile", "password", "two-factor", "sessions"  # parts, and their anchors


def address_of(part: str) -> str:
    return f"{reverse('account')}#{part}"


def in_part(request: HttpRequest, part: str, text: str) -> None:
    """Say what was done in the part of the page where it was done; other messages are toasts."""
    messages.success(request, text, extra_tags=part)


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    return show(request)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_profile(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = profile.ProfileForm(request.POST, user=user) if request.method == "POST" else None
    if form is None or not form.is_valid():
        return show(request, profile_form=form)
    changed = profile.rename(user, form.cleaned_data["name"])
    in_part(request, PROFILE, f"Saved: you are {user.name} here." if changed else "Nothing was different.")
    return HttpResponseRedirect(address_of(PROFILE))


class ChangePassword(PasswordChangeView):  # type: ignore[misc]  # allauth has no types
    """The other sessions of the user end; this one stays."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return context_of(self.request, password_form=kwargs.get("form"))

    def get_template_names(self) -> list[str]:
        return ["account/account.html"]

    def form_valid(self, form: Any) -> HttpResponse:
        sessions.end_others(self.request)
        super().form_valid(form)
        return HttpResponseRedirect(address_of(PASSWORD))

    def form_invalid(self, form: Any) -> HttpResponse:
        return show(self.request, password_form=form)


class TwoFactor(IndexView):  # type: ignore[misc]  # allauth has no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return context_of(self.request)

    def get_template_names(self) -> list[str]:
        return ["account/account.html"]


class Sessions(ListUserSessionsView):  # type: ignore[misc]  # allauth has no types
    """POST ends all sessions but the current one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return context_of(self.request)

    def get_template_names(self) -> list[str]:
        return ["account/account.html"]

    def form_valid(self, form: Any) -> HttpResponse:
        sessions.end_others(self.request)
        in_part(self.request, SESSIONS, "Every other browser is signed out.")
        return HttpResponseRedirect(address_of(SESSIONS))


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the user's other sessions; the current one is ended by signing out."""
    user: Any = request.user
    user_session = get_object_or_404(UserSession, pk=pk, user=user)
    if not user_session.is_current():
        sessions.end(user, [user_session])
        in_part(request, SESSIONS, f"{sessions.browser_of(user_session.user_agent)} is signed out.")
    return HttpResponseRedirect(address_of(SESSIONS))


def show(request: HttpRequest, **forms: Any) -> HttpResponse:
    """The page, with the forms that could not be taken as they were typed."""
    wrong = any(form is not None and form.errors for form in forms.values())
    return render(request, "account/account.html", context_of(request, **forms), status=422 if wrong else 200)


def context_of(request: HttpRequest, *, profile_form: Any = None, password_form: Any = None) -> dict[str, Any]:
    own_pages.identify(request)
    user: Any = request.user
    since = request.session.get(session_limits.SIGNED_IN_AT)
    return {
        "profile_form": profile_form or profile.ProfileForm(user=user),
        "password_form": password_form or ChangePasswordForm(user=user),
        "signed_in_at": datetime.fromtimestamp(since, UTC) if since else None,
        "asked_by": mfa.required_by(user),
        "through": mfa.session_has_mfa(request, user),
        "factors": mfa.factors_of(user),
        "sessions": sessions.of(user),
    }
