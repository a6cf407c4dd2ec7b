"""Sign-in stays closed while nothing counts its attempts: everything else goes on without the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.access import own_pages

READS = {"GET", "HEAD", "OPTIONS"}
UNLIMITED = {"account_logout", "account_signup"}


class SignInLimitsMiddleware:
    """Passwords and codes can be guessed where attempts are not counted; the counts are in the cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        limited = name.startswith(("account_", "mfa_")) and name not in UNLIMITED
        if request.method in READS or not limited or _counting():
            return None
        own_pages.identify(request)
        return render(request, "sign_in_unavailable.html", status=503)


def _counting() -> bool:
    answers = getattr(cache, "answers", None)
    return answers is None or answers()
