"""Calls and receipts in the auditors' admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join

from dashboard.calls.caller_id import report as caller_id
from dashboard.calls.caller_id.views import answer, written_down
from dashboard.calls.forms import CallerIdFilter
from dashboard.calls.models import Call, CallReport, Receipt, State
from dashboard.ui import pagination
from dashboard.voicedock import CommandType
from tenants.access.reauthentication import Confirm
from tenants.admin import ClientFilter, ConnectionFilter, ReadOnlyModelAdmin, choice_filter, person_link, row_link, site
from tenants.auditor_admin.read_only_admin import ReadOnlyInline, format_json
from tenants.isolation import scope
from tenants.models import Person, Tenant

STATES = choice_filter("state", State.choices)
DIRECTIONS = choice_filter("direction", [("outbound", "Out"), ("inbound", "In"), ("web", "Web")])
COMMANDS = choice_filter("command", [(command.value, command.replace("-", " ")) for command in CommandType])


class ReceiptsOfCall(ReadOnlyInline):
    model = Receipt
    fields = ["asked_at", "command", "payload", "outcome", "answered_at", "effect", "effect_at", "note"]


@admin.register(Call, site=site)
class CallAdmin(ReadOnlyModelAdmin):
    list_display = [
        "created_at",
        "tenant",
        "direction",
        "counterpart",
        "line",
        "reported_line",
        "assistant_name",
        "state",
    ]
    list_filter = [ClientFilter, ConnectionFilter, "created_at", STATES, DIRECTIONS, "origin", "alarm"]
    list_select_related = ["tenant"]
    search_fields = ["counterpart", "line", "remote_id", "id", "assistant_name"]
    date_hierarchy = "created_at"
    exclude = person_columns = ["requested_by"]
    readonly_fields = ["requested_by_name"]
    inlines = [ReceiptsOfCall]
    extra_export_columns = [
        "number_dedication_id",
        "assistant_dedication_id",
        "started_at",
        "ended_at",
        "remote_id",
        "id",
    ]

    change_list_template = "admin/call_list.html"

    def get_urls(self) -> list[URLPattern]:
        """The caller-ID report of one client, beside the list."""
        report, export = (
            site.admin_view(self.caller_id),
            site.restricted_view(self.caller_id_export, self.caller_id, Confirm.THEN_FETCH),
        )
        return [
            path("caller-id/", report, name="calls_call_proof"),
            path("caller-id/export/", export, name="calls_call_proof_export"),
            *super().get_urls(),
        ]

    def caller_id(self, request: Any) -> TemplateResponse:
        """Of the client asked for; else which there are."""
        tenant, form = _client(request), CallerIdFilter(request.GET)
        context = site.each_context(request) | {"title": "Caller-ID report", "opts": self.opts, "form": form}
        if tenant is None:
            context["clients"] = Tenant.objects.order_by("name")
            return TemplateResponse(request, "admin/caller_id.html", context)
        found = _report(tenant, form)
        shown = pagination.page(found if form.is_valid() else found.none(), request.GET)
        context |= {"client": tenant, "page": shown, "rows": [caller_id.row_of(call) for call in shown.rows]}
        context |= {"figures": caller_id.figures(found), "reading": True, "query": request.GET.urlencode()}
        return TemplateResponse(request, "admin/caller_id.html", context)

    def caller_id_export(self, request: Any) -> HttpResponseBase:
        """Written down in the client's trail before the first line leaves; each page in a scope of the auditor."""
        with scope.for_auditor(request.auditor):
            tenant, form = _client(request), CallerIdFilter(request.GET)
            if tenant is None or not form.is_valid():
                return HttpResponseRedirect(reverse("admin:calls_call_proof"))
            found = _report(tenant, form)
        with scope.for_system("an export is written down"):
            written_down(request, tenant, form)
        return answer(request, tenant, caller_id.rows(found, tenant.zone, lambda: scope.for_auditor(request.auditor)))

    @admin.display(description="requested by")
    def requested_by_name(self, call: Call) -> str:
        return person_link(call, "requested_by")


def _client(request: Any) -> Tenant | None:
    chosen = request.GET.get("client", "")
    return Tenant.objects.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 19 else None


def _report(tenant: Tenant, form: CallerIdFilter) -> Any:
    return caller_id.within(caller_id.listed(tenant, people=Person), **form.wish(), zone=tenant.zone)


@admin.register(CallReport, site=site)
class ReportAdmin(ReadOnlyModelAdmin):
    """Transcripts and summaries; that one was read is an entry of its own."""

    list_display = ["call", "tenant", "first_seen_at", "updated_at"]
    list_filter = [ClientFilter, "updated_at"]
    list_select_related = ["tenant", "call"]
    search_fields = ["call__counterpart", "call__remote_id"]
    date_hierarchy = "updated_at"
    exclude = ["messages", "analysis"]
    readonly_fields = ["transcript", "analysed"]
    audit_action = "transcript.read"

    def transcript(self, report: CallReport) -> str:
        messages = [
            (line.get("role", ""), line.get("content", "")) for line in report.messages if isinstance(line, dict)
        ]
        return format_html_join("", "<p><b>{}</b> {}</p>", messages) if messages else "—"

    @admin.display(description="analysis")
    def analysed(self, report: CallReport) -> str:
        return format_json(report.analysis)


@admin.register(Receipt, site=site)
class ReceiptAdmin(ReadOnlyModelAdmin):
    list_display = ["asked_at", "tenant", "into", "command", "outcome", "effect", "answered_at"]
    list_filter = [ClientFilter, "asked_at", COMMANDS, "outcome", "effect"]
    list_select_related = ["tenant", "call"]
    search_fields = ["call__counterpart", "command", "note"]
    date_hierarchy = "asked_at"
    exclude = person_columns = ["asked_by"]
    readonly_fields = ["asked_by_name"]
    extra_export_columns = ["payload", "asked_by_name", "note"]

    @admin.display(description="call")
    def into(self, receipt: Receipt) -> str:
        return row_link(receipt.call)

    @admin.display(description="asked by")
    def asked_by_name(self, receipt: Receipt) -> str:
        return person_link(receipt, "asked_by")
