"""The activity lists of a client and of the reseller: the audit trail in sentences."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboard.activity.forms import ActivityFilter
from dashboard.ui import filters, pagination, phone_numbers, times
from tenants import time_zones
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.audit.messages import SENTENCES, sentence
from tenants.auditor_admin import bounded_lists
from tenants.models import AuditEntry, Tenant

KINDS: list[tuple[str, str, tuple[str, ...]]] = [  # value, label, prefixes of its actions
    ("call", "Calls and commands", ("call.", "do-not-call.")),
    ("campaign", "Campaigns", ("campaign.",)),
    ("number", "Numbers", ("number.",)),
    ("assistant", "Assistants", ("assistant.",)),
    ("person", "People", ("person.",)),
    ("visit", "Visits of staff", ("visit.", "shell.", "support.")),
    (
        "taken",
        "What was read and taken away",
        (
            "call.transcript-read",
            "call.recording-opened",
            "transcript.",
            "calls.",
            "campaign.exported",
            "campaign.report-shared",
            "campaign.report-opened",
            "campaign.report-revoked",
            "caller-id.",
            "list.",
            "evidence.",
        ),
    ),
    ("tenant", "Settings and limits", ("tenant.", "contact-rules.")),
]
STAFF_KINDS = [
    *KINDS,
    ("connection", "Connections", ("connection.", "organization.", "webhook.")),
    ("staff", "Staff", ("staff.",)),
    ("mail", "Mail", ("mail.",)),
]
ACTIONS = {kind: [action for action in SENTENCES if action.startswith(prefixes)] for kind, _, prefixes in STAFF_KINDS}


@require_GET
@tenant_view(Permission.SEE_ACTIVITY)
def client(request: TenantRequest) -> HttpResponse:
    form = ActivityFilter(request.GET, kinds=[kind[:2] for kind in KINDS])
    entries = AuditEntry.objects.select_related("tenant").filter(tenant=request.tenant)
    return _show(request, form, entries, request.tenant.zone)


@require_GET
@staff_view(Permission.SEE_ALL_ACTIVITY)
def staff(request: StaffRequest) -> HttpResponse:
    form = ActivityFilter(request.GET, kinds=[kind[:2] for kind in STAFF_KINDS], of_all=True)
    return _show(request, form, AuditEntry.objects.select_related("tenant"), times.here(), staff=True)


def _show(
    request: Any, form: ActivityFilter, entries: QuerySet[AuditEntry], zone: ZoneInfo, *, staff: bool = False
) -> HttpResponse:
    bar = filters.bar(request, form, label="Narrow the activity")
    matching, has_older = _filtered(entries, form.cleaned_data, zone) if form.is_valid() else (entries.none(), False)
    shown = pagination.page(matching, request.GET, moment="at")
    context = {
        "filters": bar,
        "filtered": bool(bar.clear_url) or bool(form.errors),
        "rows": [_row(entry, request.user) for entry in shown.rows],
        "page": shown,
        "searched": bounded_lists.SEARCHED if has_older else 0,
        "paged": "before" in request.GET or "after" in request.GET,
        "staff": staff,
        "zone_words": times.zone_words(zone),
    }
    return render(request, "activity/activity.html", context)


def _filtered(
    entries: QuerySet[AuditEntry], values: dict[str, Any], zone: ZoneInfo
) -> tuple[QuerySet[AuditEntry], bool]:
    """What the filters leave, and whether there is more in which the person was not looked for."""
    if values["kind"]:
        entries = entries.filter(action__in=ACTIONS[values["kind"]])
    if values.get("client"):
        entries = entries.filter(tenant=None if values["client"] == "-" else Tenant.key_of(values["client"]))
    if values["since"]:
        entries = entries.filter(at__gte=time_zones.start_of_day(values["since"], zone))
    if values["until"]:
        entries = entries.filter(at__lt=time_zones.start_of_day(values["until"] + timedelta(days=1), zone))
    person = values["q"].strip()
    found, has_older = bounded_lists.newest(entries) if person else (entries, False)
    return (found.filter(actor__icontains=person) if person else found), has_older


def _row(entry: AuditEntry, user: Any) -> dict[str, Any]:
    return {
        "entry": entry,
        "words": phone_numbers.within(sentence(entry)),
        "url": _subject_url(entry),
    }


def _subject_url(entry: AuditEntry) -> str:
    """The page of the subject, or "" if it has none."""
    kind, _, ref = entry.subject.partition(":")
    if entry.tenant is None or not ref:
        return ""
    if kind == "call":
        return reverse("call", args=[entry.tenant.slug, ref])
    if kind == "campaign" and ref.isdigit():
        return reverse("campaign", args=[entry.tenant.slug, ref])
    return ""
