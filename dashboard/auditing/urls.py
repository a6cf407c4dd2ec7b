"""The pages of the questions on the auditors' admin site; the first one is its start page."""

from __future__ import annotations

from django.urls import URLPattern, path

from dashboard.auditing import views
from tenants.access.reauthentication import Confirm
from tenants.auditor_admin.site import site


def pages() -> list[URLPattern]:
    page = site.admin_view
    download = site.restricted_view(views.evidence_export, views.evidence, Confirm.THEN_FETCH)
    return [
        path("", page(views.questions), name="questions"),
        path("questions/caller-id/", page(views.caller_id_answer), name="caller_id_answer"),
        path("questions/reading/", page(views.reading_answer), name="reading_answer"),
        path("questions/trail/", page(views.trail_answer), name="trail_answer"),
        path("questions/access/", page(views.access_answer), name="access_answer"),
        path("evidence/", page(views.evidence), name="evidence_answer"),
        path("evidence/download/", download, name="evidence_export"),
    ]
