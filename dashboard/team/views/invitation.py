"""The page of an invitation's link, which works once; a new user joins with the mailed link."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard.team import invitation_mail
from dashboard.team.forms import JoinForm
from tenants import names
from tenants.accounts import members
from tenants.accounts.allauth_private import ratelimit, record_authentication
from tenants.models import Invitation, User

MAIL_RATE = "3/10m/key"  # links mailed again for one invitation
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Used, expired, withdrawn and invented links get the same response."""
    invitation = members.find_invitation(token)
    if invitation is None:
        return _gone(request)
    if request.user.is_authenticated:
        return _signed_in(request, invitation, token)
    if User.objects.filter(email__iexact=invitation.email).exists():
        return render(request, "team/invitation_known.html", {"invitation": invitation})
    _, by_mail = members.read_token(token)
    if not by_mail:
        return _send_link(request, invitation, token)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        initial={"name": invitation.name},
        email=invitation.email,
    )
    if request.method == "POST" and form.is_valid():
        user = members.accept(token, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
        if user is None:
            return _gone(request)
        login(request, user, backend=BACKEND)
        record_authentication(request, user, method="password")
        return _welcome(request, invitation)
    return render(
        request, "team/invitation.html", {"invitation": invitation, "form": form}, status=422 if form.errors else 200
    )


def _send_link(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """A copied link does not prove the address of whoever opens it, so a link is mailed to that address."""
    context: dict[str, object] = {"invitation": invitation}
    if request.method == "POST":
        usage = ratelimit.consume(
            request, app="patchbay", action="invitation", config={"invitation": MAIL_RATE}, key=str(invitation.pk)
        )
        context["wait"] = usage is None
        context["sent"] = usage is not None and invitation_mail.deliver(invitation, token).mailed
        context["late"] = not context["sent"] and not context["wait"]
    status = 429 if context.get("wait") else 200
    return render(request, "team/invitation_mail.html", context, status=status)


def _signed_in(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The invited user joins with one click; another user has to sign out first."""
    user: User = request.user  # type: ignore[assignment]
    if user.email.lower() != invitation.email.lower():
        return render(request, "team/invitation_other.html", {"invitation": invitation, "me": user}, status=409)
    if request.method != "POST":
        return render(request, "team/invitation_join.html", {"invitation": invitation, "me": user})
    if members.accept(token, name=user.name, password=None, user=user) is None:
        return _gone(request)
    return _welcome(request, invitation)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    messages.success(
        request,
        f"You are in {names.isolate(invitation.tenant)} now, as {invitation.get_role_display().lower()}.",
    )
    return HttpResponseRedirect(reverse("client-home", args=[invitation.tenant.slug]))


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "team/invitation_gone.html", status=410)
