"""Sync runs in the auditors' admin site."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from dashboard.sync.models import SyncRun
from tenants.admin import ConnectionFilter, ReadOnlyModelAdmin, site
from tenants.auditor_admin.bounded_lists import month_filter
from tenants.auditor_admin.read_only_admin import column, visible_connections


@admin.register(SyncRun, site=site)
class SyncRunAdmin(ReadOnlyModelAdmin):
    records = "Sync runs"
    list_display = [
        column("started_at", "Time"),
        column("connection", "Connection"),
        column("kind", "What"),
        column("outcome", "Outcome"),
        column("requests", "Requests"),
        column("seen", "Listed"),
        column("changed", "Changed"),
        column("error", "Error"),
    ]
    page = [*list_display, column("finished_at", "Finished")]
    list_filter = [ConnectionFilter, "kind", "outcome", "started_at", month_filter("started_at")]
    list_select_related = ["connection"]
    search_fields = ["error", "connection__name"]

    def get_queryset(self, request: Any) -> QuerySet[SyncRun]:
        return super().get_queryset(request).filter(connection__in=visible_connections(request))
