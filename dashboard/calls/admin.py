"""Calls and receipts in the auditors' admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from dashboard.calls import analysis_words, labels, outcomes
from dashboard.calls.caller_id import report as caller_id
from dashboard.calls.caller_id.views import answer, written_down
from dashboard.calls.forms import CallerIdFilter
from dashboard.calls.history import search
from dashboard.calls.models import (
    Action,
    Alarm,
    AssistantDraft,
    AssistantDraftVersion,
    Call,
    CallPreset,
    CallReport,
    PlannedCall,
    Receipt,
    State,
)
from dashboard.calls.placing.changes import Changes
from dashboard.contact_rules import rules_version
from dashboard.contact_rules.verdict import Rule as ContactRule
from dashboard.ui import pagination, phone_numbers, states
from dashboard.voicedock import CommandType, capabilities, commands
from tenants.access.reauthentication import Confirm
from tenants.admin import ClientFilter, ConnectionFilter, ReadOnlyModelAdmin, choice_filter, person_link, row_link, site
from tenants.auditor_admin.bounded_lists import month_filter
from tenants.auditor_admin.read_only_admin import MAX_SEARCH_LENGTH, ReadOnlyInline, column, format_facts, in_words
from tenants.auditor_admin.site import Subject
from tenants.isolation import scope
from tenants.models import Person, Tenant

STATES = choice_filter("state", State.choices)
ROLES = {"assistant": "Assistant:", "user": "Person:"}
DIRECTIONS = choice_filter("direction", [("outbound", "Out"), ("inbound", "In"), ("web", "Web")])
ORIGIN = choice_filter("origin", [("placed", "In Patchbay"), ("adopted", "Outside of Patchbay")], "placed")
ALARMS = choice_filter("alarm", Alarm.choices)
COMMANDS = choice_filter("command", [(command.value, command.label) for command in CommandType])


def _content(payload: dict[str, Any]) -> str:
    """What a command says; its name stands beside it."""
    return format_facts({name: value for name, value in payload.items() if name != "type"})


class ReceiptsOfCall(ReadOnlyInline):
    model = Receipt
    verbose_name_plural = "Commands sent into it"
    fields: ClassVar[list[Any]] = [
        column("asked_at", "Asked for"),
        column("command", "Command", commands.label),
        column("payload", "Content", _content),
        column("outcome", "VoiceDock’s answer"),
        column("answered_at", "Answered"),
        column("effect", "What became of it"),
        column("note", "Note"),
    ]
    readonly_fields = fields


def _number(e164: str) -> str:
    return phone_numbers.grouped(e164) or "—"


def _state(state: str) -> str:
    return states.read(state)[1]


def _contact_rule(rule: str) -> str:
    words = ContactRule.words(rule)
    return words[:1].upper() + words[1:] or "—"


def _alarm(alarm: str) -> str:
    return str(Alarm(alarm).label) if alarm else "—"


ORIGINS = {"placed": "In Patchbay", "adopted": "Outside of Patchbay"}


class FindsNumbers(ReadOnlyModelAdmin):
    """Also finds a part of a person's number in calls of any age: by the index that searches of calls use.

    `call_path` leads from a row to its call.
    """

    call_path = "call"

    def get_search_results(self, request: Any, queryset: QuerySet[Any], search_term: str) -> Any:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term or getattr(request, "reads_all", False):
            return found, may_repeat
        calls = search.find(search.Wish(search_term[:MAX_SEARCH_LENGTH], with_words=False)).ids
        of_calls = queryset.filter(**{f"{self.call_path}__in": calls})
        keys = {pk for rows in (found, of_calls) for pk in rows.values_list("pk", flat=True)[: search.MOST]}
        return queryset.filter(pk__in=keys), False


@admin.register(Call, site=site)
class CallAdmin(FindsNumbers):
    call_path = "pk"
    records = "Calls"
    subject = Subject.CALLS
    is_main = True
    list_display = [
        column("created_at", "Time"),
        column("tenant", "Client"),
        column("direction", "Direction", in_words),
        column("counterpart", "Person", _number),
        column("line", "Number of the client", _number),
        column("reported_line", "VoiceDock reported", _number),
        column("assistant_name", "Assistant"),
        column("state", "State", _state),
    ]
    page = [
        *list_display,
        column("outcome", "Outcome", lambda slug: outcomes.read(slug).label if slug else "—"),
        column("origin", "Placed", lambda origin: ORIGINS.get(origin, origin)),
        "requested_by_name",
        column("number_dedication", "Assignment of the number"),
        column("assistant_dedication", "Assignment of the assistant"),
        column("preset_name", "Made with the preset", lambda name: name or "—"),
        column("rules_version", "Contact rules of", lambda version: rules_version.words(version) or "—"),
        column("overridden_rule", "Contact rule set aside", _contact_rule),
        column("override_reason", "Why", lambda reason: reason or "—"),
        column("asked_line", "Number asked for", _number),
        column("sent_at", "Sent to VoiceDock"),
        column("answered_status", "VoiceDock’s answer", lambda status: in_words(status) or "—"),
        column("started_at", "Answered"),
        column("ended_at", "Ended"),
        column("duration_seconds", "Seconds talked"),
        column(
            "end_reason", "VoiceDock’s reason of the end", lambda reason: in_words(labels.end_reason(reason)) or "—"
        ),
        column("error", "Error"),
        column("alarm", "Alarm", _alarm),
        column("alarm_at", "Alarm since"),
        column("remote_id", "VoiceDock’s id"),
        column("id", "Patchbay’s id"),
        "reading",
    ]
    list_filter = [
        ClientFilter,
        ConnectionFilter,
        "created_at",
        month_filter("created_at"),
        STATES,
        DIRECTIONS,
        ORIGIN,
        ALARMS,
    ]
    list_select_related = ["tenant", "number_dedication", "assistant_dedication__assistant"]
    search_fields = ["counterpart", "line", "remote_id", "id", "assistant_name"]
    person_columns = ["requested_by"]
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

    @admin.display(description="Requested by")
    def requested_by_name(self, call: Call) -> str:
        return person_link(call, "requested_by")

    @admin.display(description="Who read or heard it")
    def reading(self, call: Call) -> str:
        if call.tenant_id is None:
            return "—"
        url = f"{reverse('admin:reading_answer')}?client={call.tenant_id}&call={call.pk}"
        return format_html('<a href="{}">Read the answer</a>', url)


def _client(request: Any) -> Tenant | None:
    chosen = request.GET.get("client", "")
    return Tenant.objects.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 19 else None


def _report(tenant: Tenant, form: CallerIdFilter) -> Any:
    return caller_id.within(caller_id.listed(tenant, people=Person), **form.wish(), zone=tenant.zone)


@admin.register(CallReport, site=site)
class ReportAdmin(FindsNumbers):
    """Transcripts and summaries; that one was read is an entry of its own."""

    records = "Transcripts"
    subject = Subject.CALLS
    list_display = [
        column("call", "Call", str),
        column("tenant", "Client"),
        column("first_seen_at", "First reported"),
        column("updated_at", "Last reported"),
    ]
    page = [
        column("call", "Call"),
        column("tenant", "Client"),
        column("summary", "Summary"),
        "transcript",
        "analysed",
        column("first_seen_at", "First reported"),
        column("updated_at", "Last reported"),
    ]
    list_filter = [ClientFilter, "updated_at", month_filter("updated_at")]
    list_select_related = ["tenant", "call"]
    ordering = ["-call__created_at", "-call"]
    search_fields = ["call__counterpart", "call__remote_id"]
    audit_action = "transcript.read"

    @admin.display(description="Transcript")
    def transcript(self, report: CallReport) -> str:
        messages = [
            (ROLES.get(line.get("role", ""), line.get("role", "")), line.get("content", ""))
            for line in report.messages
            if isinstance(line, dict)
        ]
        return format_html_join("", "<p><b>{}</b> {}</p>", messages) if messages else "—"

    @admin.display(description="Analysis")
    def analysed(self, report: CallReport) -> str:
        rows = analysis_words.rows(report.analysis, timezone.get_current_timezone())
        return format_html('<dl class="facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))


def _families(families: list[str]) -> str:
    return ", ".join(capabilities.badge(family).label for family in families) or "Every assistant"


@admin.register(Action, site=site)
class ActionAdmin(ReadOnlyModelAdmin):
    records = "Actions of the live panel"
    subject = Subject.CALLS
    list_display = [
        column("name", "Action"),
        column("tenant", "Client"),
        column("key", "Key"),
        column("command", "Command", commands.label),
        column("text", "Text", lambda text: text or "—"),
    ]
    page = [
        *list_display,
        column("fields", "Fields to fill in", lambda fields: fields or "—"),
        column("trigger_response", "The assistant answers right away"),
        column("end_after", "The call ends afterwards"),
        column("families", "With these assistants", _families),
    ]
    list_filter = [ClientFilter, COMMANDS]
    list_select_related = ["tenant"]
    search_fields = ["name", "text"]
    extra_export_columns = ["fields"]


def _changes(changes: dict[str, Any]) -> str:
    return "; ".join(Changes.from_json(changes).words()) or "—"


@admin.register(CallPreset, site=site)
class CallPresetAdmin(ReadOnlyModelAdmin):
    records = "Presets of calls"
    subject = Subject.CALLS
    list_display = [
        column("name", "Preset"),
        column("tenant", "Client"),
        column("key", "Name in call links"),
        column("assistant_dedication", "Assignment of the assistant"),
        column("number_dedication", "Assignment of the number"),
    ]
    page = [
        *list_display,
        column("changes", "Changes of the assistant", _changes),
        column("position", "Place in the row"),
    ]
    list_filter = [ClientFilter]
    list_select_related = ["tenant", "assistant_dedication__assistant", "number_dedication__number"]
    search_fields = ["name", "key"]
    extra_export_columns = ["assistant_dedication_id", "number_dedication_id"]


@admin.register(PlannedCall, site=site)
class PlannedCallAdmin(ReadOnlyModelAdmin):
    """What it changes of the assistant is shown in words alone: the contents are with the call that it became."""

    records = "Planned calls"
    subject = Subject.CALLS
    list_display = [
        column("due_at", "Planned for"),
        column("tenant", "Client"),
        column("destination", "Person", _number),
        column("state", "State"),
        column("latest_at", "Not later than"),
    ]
    page = [
        *list_display,
        column("zone", "Time zone", lambda name: name),
        column("number_dedication", "Assignment of the number"),
        column("assistant_dedication", "Assignment of the assistant"),
        column("assistant_name", "One-time assistant", lambda name: name or "—"),
        column("changes", "Changes to the assistant", _changes),
        column("reason", "Why it was not placed", lambda reason: reason or "—"),
        column("overridden_rule", "Contact rule set aside", _contact_rule),
        column("override_reason", "Why it is set aside", lambda reason: reason or "—"),
        column("call", "The call that it became", str),
        "planned_by_name",
        "changed_by_name",
        column("created_at", "Planned at"),
        column("id", "Patchbay’s id"),
    ]
    list_filter = [ClientFilter, "due_at", month_filter("due_at"), "state"]
    list_select_related = ["tenant", "number_dedication", "assistant_dedication__assistant", "call"]
    search_fields = ["destination", "id"]
    person_columns = ["planned_by", "changed_by"]
    extra_export_columns = ["zone", "reason", "planned_by_name", "changed_by_name", "id"]

    @admin.display(description="Planned by")
    def planned_by_name(self, planned: PlannedCall) -> str:
        return person_link(planned, "planned_by")

    @admin.display(description="Changed by")
    def changed_by_name(self, planned: PlannedCall) -> str:
        return person_link(planned, "changed_by")


@admin.register(AssistantDraft, site=site)
class AssistantDraftAdmin(ReadOnlyModelAdmin):
    records = "One-time assistants"
    subject = Subject.CALLS
    list_display = [
        column("name", "Name"),
        column("tenant", "Client"),
        column("created_at", "Made"),
    ]
    list_filter = [ClientFilter, "created_at"]
    list_select_related = ["tenant"]
    search_fields = ["name"]


@admin.register(AssistantDraftVersion, site=site)
class AssistantDraftVersionAdmin(ReadOnlyModelAdmin):
    records = "Versions of one-time assistants"
    subject = Subject.CALLS
    list_display = [
        column("draft", "One-time assistant", str),
        column("number", "Version"),
        column("tenant", "Client"),
        column("made_at", "Saved"),
    ]
    page = [*list_display, "made_by_name", column("configuration", "Configuration", format_facts)]
    list_filter = [ClientFilter, "made_at", month_filter("made_at")]
    list_select_related = ["tenant", "draft"]
    search_fields = ["draft__name"]
    person_columns = ["made_by"]

    @admin.display(description="Saved by")
    def made_by_name(self, version: AssistantDraftVersion) -> str:
        return person_link(version, "made_by")


@admin.register(Receipt, site=site)
class ReceiptAdmin(FindsNumbers):
    records = "Commands"
    subject = Subject.CALLS
    is_main = True
    list_display = [
        column("asked_at", "Asked for"),
        column("tenant", "Client"),
        "into",
        column("command", "Command", commands.label),
        column("outcome", "VoiceDock’s answer"),
        column("effect", "What became of it"),
        column("answered_at", "Answered"),
    ]
    page = [
        *list_display,
        "asked_by_name",
        column("action", "With the action", lambda name: name or "—"),
        column("remark", "Confirmed by who sent it", lambda remark: remark or "—"),
        column("payload", "Content", _content),
        column("effect_at", "When it was seen"),
        column("note", "Note"),
    ]
    list_filter = [ClientFilter, "asked_at", month_filter("asked_at"), COMMANDS, "outcome", "effect"]
    list_select_related = ["tenant", "call"]
    ordering = ["-asked_at", "-id"]
    search_fields = ["call__counterpart", "command", "note"]
    person_columns = ["asked_by"]
    extra_export_columns = ["action", "remark", "payload", "asked_by_name", "note"]

    @admin.display(description="Call")
    def into(self, receipt: Receipt) -> str:
        return row_link(receipt.call)

    @admin.display(description="Asked by")
    def asked_by_name(self, receipt: Receipt) -> str:
        return person_link(receipt, "asked_by")
