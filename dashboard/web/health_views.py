"""Whether this process lives, and whether it may be sent people; no secrets, no names, no sign-in.

`dashboard.asgi` answers both without these views, outside of the pages' threads; they serve under a plain WSGI server.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.web import readiness

SECURITY_TXT_DAYS = timedelta(days=180)  # RFC 9116 asks for less than a year


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


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell of a weakness. 404 where the deployment names nobody."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + SECURITY_TXT_DAYS
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, nl",
        f"Canonical: {settings.PUBLIC_URL}{reverse('security-txt')}",
    ]
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response
