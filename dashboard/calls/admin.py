"""Calls and receipts in the auditors' reading room."""

from django.contrib import admin
from django.utils.html import format_html_join

from dashboard.calls import steering
from dashboard.calls.models import Call, CallReport, Receipt, State
from tenants.admin import ByClient, ByConnection, Shelf, linked, one_of, person_of, site
from tenants.shelves import RowsBelow, pretty

STATES = one_of("state", State.choices)
DIRECTIONS = one_of("direction", [("outbound", "Out"), ("inbound", "In"), ("web", "Web")])
COMMANDS = one_of("command", [(name, name.replace("-", " ")) for name in steering.TABS] + [("end-call", "end call")])


class ReceiptsOfCall(RowsBelow):
    model = Receipt
    fields = ["asked_at", "command", "payload", "outcome", "answered_at", "effect", "effect_at", "note"]


@admin.register(Call, site=site)
class CallShelf(Shelf):
    list_display = ["created_at", "tenant", "direction", "party", "line", "reported_line", "assistant_name", "state"]
    list_filter = [ByClient, ByConnection, "created_at", STATES, DIRECTIONS, "origin", "alarm"]
    list_select_related = ["tenant"]
    search_fields = ["party", "line", "remote_id", "id", "assistant_name"]
    date_hierarchy = "created_at"
    exclude = people = ["requested_by"]
    readonly_fields = ["requested_by_name"]
    inlines = [ReceiptsOfCall]
    also_exported = ["number_dedication_id", "assistant_dedication_id", "started_at", "ended_at", "remote_id", "id"]

    @admin.display(description="requested by")
    def requested_by_name(self, call: Call) -> str:
        return person_of(call, "requested_by")


@admin.register(CallReport, site=site)
class ReportShelf(Shelf):
    """Transcripts and summaries; that one was read is an entry of its own."""

    list_display = ["call", "tenant", "first_seen_at", "updated_at"]
    list_filter = [ByClient, "updated_at"]
    list_select_related = ["tenant", "call"]
    search_fields = ["call__party", "call__remote_id"]
    date_hierarchy = "updated_at"
    exclude = ["messages", "analysis"]
    readonly_fields = ["transcript", "analysed"]
    noted = "transcript.read"

    def transcript(self, report: CallReport) -> str:
        said = [(one.get("role", ""), one.get("content", "")) for one in report.messages if isinstance(one, dict)]
        return format_html_join("", "<p><b>{}</b> {}</p>", said) if said else "—"

    @admin.display(description="analysis")
    def analysed(self, report: CallReport) -> str:
        return pretty(report.analysis)


@admin.register(Receipt, site=site)
class ReceiptShelf(Shelf):
    list_display = ["asked_at", "tenant", "into", "command", "outcome", "effect", "answered_at"]
    list_filter = [ByClient, "asked_at", COMMANDS, "outcome", "effect"]
    list_select_related = ["tenant", "call"]
    search_fields = ["call__party", "command", "note"]
    date_hierarchy = "asked_at"
    exclude = people = ["asked_by"]
    readonly_fields = ["asked_by_name"]
    also_exported = ["payload", "asked_by_name", "note"]

    @admin.display(description="call")
    def into(self, receipt: Receipt) -> str:
        return linked(receipt.call)

    @admin.display(description="asked by")
    def asked_by_name(self, receipt: Receipt) -> str:
        return person_of(receipt, "asked_by")
