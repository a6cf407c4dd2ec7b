"""Whether this process lives, and whether it may be sent people; no secrets, no names, no sign-in."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.celery import app as celery


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 without the database or with tables of another version. The broker is only told: pages work without it."""
    said = {"database": "ok", "migrations": "ok", "broker": _broker()}
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            said["migrations"] = "behind"
    except DatabaseError:
        said |= {"database": "silent", "migrations": "unknown"}
    ready = said["database"] == said["migrations"] == "ok"
    return JsonResponse(said, status=200 if ready else 503)


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("memory:"):
        return "in memory"
    try:
        with celery.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
    except Exception:  # whatever a broker's client raises, it is silent
        return "silent"
    return "ok"


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
    response["Cache-Control"] = "public, max-age=86400"
    return response
