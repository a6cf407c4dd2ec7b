"""Sync runs in the auditors' reading room."""

from django.contrib import admin

from dashboard.inventory.models import SyncRun
from tenants.admin import ReadOnly, site


@admin.register(SyncRun, site=site)
class SyncRunShelf(ReadOnly):
    list_display = ["started_at", "connection", "kind", "outcome", "requests", "seen", "changed", "error"]
    list_filter = ["connection", "kind", "outcome", "started_at"]
    list_select_related = ["connection"]
    search_fields = ["error", "connection__name"]
    date_hierarchy = "started_at"
