"""Browsers' reports about the content security policy: received from anybody, shown to staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from dashboard.csp_reports import reports
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.accounts.allauth_private import ratelimit

MAX_BYTES = 16 * 1024  # bytes
LIMITS = {"report": "30/m/ip", "new-kind": "10/h/ip"}  # of each address, or /64 of IPv6


@csrf_exempt
@require_POST
def receive_report(request: HttpRequest) -> HttpResponse:
    """A browser sends these without a CSRF token; the answer is the same whatever it sends."""
    raw = request.read(MAX_BYTES + 1)
    if len(raw) <= MAX_BYTES and _allowed(request, "report"):
        reports.record(raw, may_add=lambda: _allowed(request, "new-kind"))
    return HttpResponse(status=204)


def _allowed(request: HttpRequest, action: str) -> bool:
    return bool(ratelimit.consume(request, app="patchbay", action=action, config=LIMITS))


@require_GET
@staff_view(Permission.MANAGE_STAFF, open_scope=False)
def list_reports(request: StaffRequest) -> HttpResponse:
    return render(request, "csp_reports/browser_reports.html", {"reports": reports.recent()})
