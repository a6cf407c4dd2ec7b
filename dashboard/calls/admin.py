"""Calls and receipts in the auditors' reading room."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from dashboard.calls.models import Call, CallReport, Receipt
from tenants.admin import ReadOnly, name_of, site


class ReceiptsOfCall(admin.TabularInline):
    model = Receipt
    fields = ["asked_at", "command", "payload", "outcome", "answered_at", "effect", "effect_at", "note"]
    readonly_fields = ["asked_at", "command", "payload", "outcome", "answered_at", "effect", "effect_at", "note"]
    can_delete = False
    extra = 0

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True


@admin.register(Call, site=site)
class CallShelf(ReadOnly):
    list_display = ["created_at", "tenant", "direction", "party", "line", "reported_line", "assistant_name", "state"]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "created_at", "state", "direction", "origin", "alarm"]
    list_select_related = ["tenant"]
    search_fields = ["party", "line", "remote_id", "id", "assistant_name"]
    date_hierarchy = "created_at"
    exclude = ["requested_by"]
    readonly_fields = ["requested_by_name", "audit_entries"]
    inlines = [ReceiptsOfCall]

    @admin.display(description="requested by")
    def requested_by_name(self, call: Call) -> str:
        return name_of(call.requested_by_id)

    def audit_entries(self, call: Call) -> str:
        return format_html('<a href="../../../../tenants/auditentry/?q={}">Entries about this call</a>', call.pk)


@admin.register(CallReport, site=site)
class ReportShelf(ReadOnly):
    list_display = ["call", "tenant", "summary", "updated_at"]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "updated_at"]
    list_select_related = ["tenant", "call"]
    search_fields = ["summary"]


@admin.register(Receipt, site=site)
class ReceiptShelf(ReadOnly):
    list_display = ["asked_at", "tenant", "call", "command", "outcome", "effect", "answered_at"]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "asked_at", "command", "outcome", "effect"]
    list_select_related = ["tenant", "call"]
    search_fields = ["call__party", "command", "note"]
    exclude = ["asked_by"]
    readonly_fields = ["asked_by_name"]

    @admin.display(description="asked by")
    def asked_by_name(self, receipt: Receipt) -> str:
        return name_of(receipt.asked_by_id)
