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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.access import own_pages, reauthentication
from tenants.access.decorators import memberships_of
from tenants.access.reauthentication import Confirm
from tenants.accounts import email_change, mfa, notifications, profile, session_limits, sessions

PROFILE, EMAIL, PASSWORD, TWO_FACTOR, SESSIONS, NOTIFICATIONS = (  # anchors of the parts
    *("profile", "email", "password", "two-factor", "sessions", "notifications"),
)


CONFIRM_BY_MAIL = (
    "A mail went to {email}: open its link within an hour. Until then you sign in as before, and that address is told."
)


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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_email(request: HttpRequest) -> HttpResponse:
    """A mail to the new address asks to confirm it; until then nothing changes."""
    user: Any = request.user
    reauthentication.require(request, Confirm.THEN_GO_ON)
    form = email_change.EmailForm(request.POST, user=user) if request.method == "POST" else None
    if form is None or not form.is_valid():
        return show(request, email_form=form)
    if not email_change.ask(request, user, form.cleaned_data["email"]):
        form.add_error("email", email_change.TOO_MANY)
        return show(request, email_form=form)
    in_part(request, EMAIL, CONFIRM_BY_MAIL.format(email=form.cleaned_data["email"]))
    return HttpResponseRedirect(address_of(EMAIL))


change_email.confirm = Confirm.THEN_GO_ON  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the mailed link; the link is the right to it, in any browser. Opening it changes nothing."""
    change = email_change.read(token)
    if change is None:
        return render(request, "account/email_confirm.html", {"change": None}, status=410)
    if request.method != "POST":
        return render(request, "account/email_confirm.html", {"change": change})
    if not email_change.confirm(request, change):
        return render(request, "account/email_confirm.html", {"change": None, "taken": True}, status=409)
    if request.user == change.user:
        in_part(request, EMAIL, f"You sign in with {change.email} from now on.")
        return HttpResponseRedirect(address_of(EMAIL))
    messages.success(request, f"Sign in with {change.email} from now on.")
    return HttpResponseRedirect(reverse("account_login"))


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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose_mails(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if request.method != "POST":
        return show(request)
    form = notifications.NotificationsForm(request.POST, memberships=memberships_of(user))
    if not form.is_valid():
        return show(request, notifications_form=form)
    changed = notifications.save(user, form)
    in_part(request, NOTIFICATIONS, "Saved." if changed else "Nothing was different.")
    return HttpResponseRedirect(address_of(NOTIFICATIONS))


def show(request: HttpRequest, **forms: Any) -> HttpResponse:
    """The page, with the forms that could not be taken as they were typed."""
    wrong = any(form is not None and form.errors for form in forms.values())
    return render(request, "account/account.html", context_of(request, **forms), status=422 if wrong else 200)


def context_of(
    request: HttpRequest,
    *,
    profile_form: Any = None,
    email_form: Any = None,
    password_form: Any = None,
    notifications_form: Any = None,
) -> dict[str, Any]:
    own_pages.identify(request)
    user: Any = request.user
    since = request.session.get(session_limits.SIGNED_IN_AT)
    return {
        "profile_form": profile_form or profile.ProfileForm(user=user),
        "email_form": email_form or email_change.EmailForm(user=user),
        "password_form": password_form or ChangePasswordForm(user=user),
        "signed_in_at": datetime.fromtimestamp(since, UTC) if since else None,
        "asked_by": mfa.required_by(user),
        "through": mfa.session_has_mfa(request, user),
        "factors": mfa.factors_of(user),
        "sessions": sessions.of(user),
        "notifications_form": notifications_form or notifications.NotificationsForm(memberships=memberships_of(user)),
    }
