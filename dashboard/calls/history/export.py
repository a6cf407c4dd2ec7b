"""The calls of a client as a file for spreadsheets, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls import labels, outcomes, queries
from dashboard.calls.history.filters import CallFilter
from dashboard.calls.history.views import filter_form
from dashboard.calls.models import Call
from dashboard.calls.updates.voicemail import Source
from dashboard.ui import filters, pagination
from tenants import audit, spreadsheets
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Tenant

CHUNK = 500
DIRECTIONS = {"outbound": "Out", "inbound": "In", "web": "From the browser"}
HEAD = [
    "Call",
    "Direction",
    "Person",
    "Name",
    "Line",
    "Line name",
    "Assistant",
    "Started by",
    "State",
    "Outcome",
    "How it ended",
    "Began",
    "Answered",
    "Ended",
    "Talked, seconds",
    "Reported line",
    "Error",
    "Voicemail",
]


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def calls_export(request: TenantRequest) -> HttpResponseBase:
    """The list as its filters leave it, newest first; each page is read in a short scope of its own."""
    tenant = request.tenant
    with scope.for_tenant(tenant):
        form = filter_form(request)
        if not form.is_valid() or not _can_be_searched(form):
            return HttpResponseRedirect(f"{reverse('calls', args=[tenant.slug])}?{request.GET.urlencode()}")
        calls = queries.with_relations(form.narrow(Call.objects.filter(tenant=tenant)))
        facts = {
            "filters": [chip.words for chip in filters.bar(request, form, label="", search_chip=True).chips],
            "file": spreadsheets.chosen(request).kind,
        }
        audit.record(request.user, tenant, "calls.exported", tenant, **facts)
    day = timezone.now().astimezone(tenant.zone)
    name = f"calls-{tenant.slug}-{day:%Y-%m-%d}"
    return spreadsheets.response(name, HEAD, _rows(tenant, calls, form), spreadsheets.chosen(request))


def _can_be_searched(form: CallFilter) -> bool:
    if form.text:
        form.found()
    return not form.is_too_broad


def _rows(tenant: Tenant, calls: QuerySet[Call], form: CallFilter) -> Iterator[list[object]]:
    for chunk in _searched(tenant, calls, form) if form.text else _all(tenant, calls):
        for call in chunk:
            yield _row(call, tenant.zone)


def _all(tenant: Tenant, calls: QuerySet[Call]) -> Iterator[list[Call]]:
    return pagination.in_chunks(calls, CHUNK, lambda: scope.for_tenant(tenant))


def _searched(tenant: Tenant, calls: QuerySet[Call], form: CallFilter) -> Iterator[list[Call]]:
    """A search that takes too long breaks the file off, so that nobody takes a part of it for the whole."""
    last = None
    while True:
        with scope.for_tenant(tenant):
            found = form.find(last, most=CHUNK)
            rows = list(calls.filter(pk__in=found.ids).order_by("-created_at", "-pk"))
        yield rows
        if (last := found.last) is None:
            return


def _row(call: Call, zone: ZoneInfo) -> list[object]:
    def moment(at: Any) -> str:
        return at.astimezone(zone).isoformat(timespec="seconds") if at else ""

    talked = call.duration_seconds if call.duration_seconds is not None else ""
    return [
        call.pk,
        DIRECTIONS.get(call.direction, call.direction),
        call.counterpart,
        labels.person(call),
        call.line,
        labels.line(call),
        labels.assistant(call),
        labels.started_by(call),
        labels.state(call),
        outcomes.read(call.outcome).label if call.outcome else "",
        labels.ending(call),
        moment(call.created_at),
        moment(call.started_at),
        moment(call.ended_at),
        talked,
        call.reported_line,
        call.error,
        f"Yes, {Source(call.machine_source).label} says so" if call.machine_source else "",
    ]
