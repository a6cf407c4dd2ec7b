"""A page for people who open an address that only takes forms; Django answers 405 with an empty body."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.access import own_pages


class MethodNotAllowedMiddleware:
    """Reloading a page that a form led to, or its address from the history, opens such an address with GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code != 405 or request.method != "GET" or not request.accepts("text/html"):
            return answer
        own_pages.identify(request)
        page = render(request, "405.html", status=405)
        page["Allow"] = answer.get("Allow", "")
        return page
