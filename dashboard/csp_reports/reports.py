"""Record what browsers report about the content security policy: kinds with their counts, without personal data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F
from django.db.models.functions import Now
from django.urls import Resolver404, resolve

from dashboard.csp_reports.models import BrowserReport
from tenants.isolation import scope

MAX_KINDS = 200  # kinds; of more, those that were not reported for the longest time make way
RETENTION = timedelta(days=30)
MAX_PER_REQUEST = 20  # reports of one request


def record(body: bytes, may_add: Callable[[], bool]) -> int:
    """Count the reports of one request; returns how many were recorded. Anybody may send them: nothing is trusted.

    `may_add` is asked before each kind that is new: whether the sender may still add one.
    """
    kinds = [kind for report in _reports(body)[:MAX_PER_REQUEST] if (kind := _kind(report))]
    with scope.for_system("what browsers report"):
        return sum(_count(*kind, may_add) for kind in kinds)


@scope.opens_scope
def recent() -> list[BrowserReport]:
    with scope.for_system("what browsers reported"):
        return list(BrowserReport.objects.filter(last_at__gte=Now() - RETENTION)[:MAX_KINDS])


@scope.opens_scope
def prune() -> None:
    """Delete the kinds that were not reported for `RETENTION`."""
    with scope.for_system("old reports of browsers"):
        BrowserReport.objects.filter(last_at__lt=Now() - RETENTION).delete()


def _count(directive: str, blocked: str, page: str, may_add: Callable[[], bool]) -> bool:
    known = BrowserReport.objects.filter(directive=directive, blocked=blocked, page=page)
    if known.update(count=F("count") + 1, last_at=Now()):
        return True
    if not may_add():
        return False
    row = BrowserReport(directive=directive, blocked=blocked, page=page)
    BrowserReport.objects.bulk_create([row], ignore_conflicts=True)
    _make_way()
    return True


def _make_way() -> None:
    BrowserReport.objects.filter(last_at__lt=Now() - RETENTION).delete()
    beyond = list(BrowserReport.objects.order_by("-last_at", "-id").values_list("pk", flat=True)[MAX_KINDS:])
    if beyond:
        BrowserReport.objects.filter(pk__in=beyond).delete()


def _reports(body: bytes) -> list[dict[str, Any]]:
    """Both formats: `report-uri` sends one object, the Reporting API a list."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(payload, dict):
        payload = [{"body": payload.get("csp-report")}]
    found = [report.get("body") for report in payload if isinstance(report, dict)] if isinstance(payload, list) else []
    return [report for report in found if isinstance(report, dict)]


def _kind(report: dict[str, Any]) -> tuple[str, str, str] | None:
    """Directive, blocked origin and page, or None when it is no violation."""
    directive = _text(report, "effective-directive", "effectiveDirective", "violated-directive").split(" ")[0][:60]
    if not directive:
        return None
    blocked = _text(report, "blocked-uri", "blockedURL")
    return directive, _origin(blocked), _pattern(_text(report, "document-uri", "documentURL"))


def _text(report: dict[str, Any], *names: str) -> str:
    found = next((report[name] for name in names if isinstance(report.get(name), str)), "")
    return "".join(char for char in found if char.isprintable())


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "unknown"
    return f"{parts.scheme}://{parts.hostname or ''}"[:200] if parts.scheme else parts.path[:40]


def _pattern(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).route[:200]
    except (Resolver404, ValueError):
        return "unknown"
