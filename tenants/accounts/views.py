"""Views that replace or extend allauth's: resetting a password, removing a passkey; and downloads after confirming."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.views import PasswordResetDoneView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_GET

from tenants.access import reauthentication
from tenants.mail import queue


class PasswordResetDone(PasswordResetDoneView):  # type: ignore[misc]  # allauth has no types
    """Shows when mail is not being sent, whether the address is known or not."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"mail_trouble": bool(queue.current_error())}


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """allauth's view would remove the last second factor of a user who needs one; this one refuses."""

    success_url = reverse_lazy("account")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"may_go": get_adapter().can_delete_authenticator(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.object):
            refused: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=409)
            return refused
        done: HttpResponse = super().form_valid(form)
        return done


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
