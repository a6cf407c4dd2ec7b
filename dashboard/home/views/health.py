"""Whether this process lives, and whether it may be sent people; no secrets, no names, no sign-in.

`dashboard.asgi` answers both without these views, outside of the pages' threads; they serve under a plain WSGI server.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.web import readiness


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    status, parts = readiness.ask()
    return JsonResponse(parts, status=status)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
    response["Cache-Control"] = "public, max-age=86400"
    return response
