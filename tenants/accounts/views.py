"""Views of the user's own account that replace or extend allauth's: second factors, sessions, downloads."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.views import PasswordResetDoneView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_GET, require_POST

from tenants.access import reauthentication
from tenants.accounts import mfa, sessions
from tenants.mail import queue


class PasswordResetDone(PasswordResetDoneView):  # type: ignore[misc]  # allauth has no types
    """Shows when mail is not being sent, whether the address is known or not."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"mail_trouble": bool(queue.current_error())}


class SecondStep(IndexView):  # type: ignore[misc]  # allauth has no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        more = {"asked_by": mfa.required_by(user), "through": mfa.session_has_mfa(self.request, user)}
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | more


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """allauth's view would remove the last second factor of a user who needs one; this one refuses."""

    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"may_go": get_adapter().can_delete_authenticator(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.object):
            refused: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=409)
            return refused
        done: HttpResponse = super().form_valid(form)
        return done


class Sessions(ListUserSessionsView):  # type: ignore[misc]  # allauth has no types
    """GET lists the user's sessions; POST ends all but the current one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["sessions"].sort(key=lambda item: (not item.is_current(), -item.last_seen_at.timestamp()))
        for user_session in context["sessions"]:
            user_session.browser = sessions.browser_of(user_session.user_agent)
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        user: Any = self.request.user
        others = [session for session in UserSession.objects.filter(user=user) if not session.is_current()]
        sessions.end(user, others)
        messages.success(self.request, "Every other browser is signed out.")
        return HttpResponseRedirect(str(self.success_url))


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the user's other sessions; the current one is ended by signing out."""
    user: Any = request.user
    user_session = get_object_or_404(UserSession, pk=pk, user=user)
    if not user_session.is_current():
        sessions.end(user, [user_session])
        messages.success(request, f"{sessions.browser_of(user_session.user_agent)} is signed out.")
    return HttpResponseRedirect(str(Sessions.success_url))


@require_GET
@login_required
def fetch(request: HttpRequest) -> HttpResponse:
    """Starts a download after the reauthentication that it needed."""
    file = request.GET.get("file", "")
    if not reauthentication.is_internal(request, file):
        raise Http404
    path, _, query = file.partition("?")
    page = re.sub(r"(?:/export)?(?:\.csv|/)$", "/", path)
    return render(request, "account/download.html", {"file": file, "back": f"{page}?{query}" if query else page})
