"""Error pages that say what happened and what to do, in the frame of the app for whoever is signed in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from dashboard.web import responses
from tenants.access import form_recovery, own_pages
from tenants.access.decorators import ReadOnlySupport, VisitRequired
from tenants.access.forms import VisitForm
from tenants.accounts.mfa import SecondFactorRequired


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):  # whatever asks for the host once more would raise once more
        title, words = responses.WORDS[400]
        return HttpResponse(loader.render_to_string("refused.html", {"title": title, "words": words}), status=400)
    return show(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not allowed; or staff who have not said yet that they enter this client; or a second step is asked for."""
    page = form_recovery.save(request) if request.method == "POST" else request.get_full_path()
    if isinstance(exception, VisitRequired):
        context = {"client": exception.tenant, "next": page} | ({"form": VisitForm()} if exception.asks_reason else {})
        return show(request, "enter_client.html", context, status=403)
    if isinstance(exception, SecondFactorRequired):
        context = {"asked_by": exception.who, "next": page}
        return show(request, "second_step_required.html", context, status=403)
    read_only = exception.tenant if isinstance(exception, ReadOnlySupport) else None
    return show(request, "403.html", {"read_only": read_only}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, "404.html", status=404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Called by allauth, which limits attempts to sign in and to confirm one's identity."""
    return show(request, "429.html", status=429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the layout, which may be what failed."""
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """The form is too old or the session has ended: nothing was done, and what was typed comes back."""
    return show(request, "403_csrf.html", {"page": form_recovery.save(request)}, status=403)


def show(request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int) -> HttpResponse:
    """An error page in the frame that the user knows."""
    own_pages.identify(request)
    return render(request, template, context or {}, status=status)
