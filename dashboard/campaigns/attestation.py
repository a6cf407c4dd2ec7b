"""From which number each call of a campaign left, and whether it is the client's: as a page and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from dashboard.calls.caller_id import report
from dashboard.calls.caller_id.report import ReportRow
from dashboard.campaigns import queries
from dashboard.campaigns.models import CallVerdict, Campaign, Lead
from tenants import audit, spreadsheets
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope

CHUNK = 500
HEAD = [
    "Person called",
    "Attempts",
    "Last attempt",
    "Call",
    "VoiceDock’s id",
    "Number of the client",
    "Number VoiceDock reported",
    "Verdict",
]
FIGURES = ("agrees", "differs", "not_reported")
MARKS = {report.AGREES: "live", report.DIFFERS: "wrong"}
NOT_KNOWN = "Its call is not known here"
OF_ANOTHER = "Made for another client, or with another assistant"


@dataclass(frozen=True)
class AttestedCall:
    """The last call to a person: VoiceDock names no earlier one. `row` is None where it is not this client's."""

    lead: Lead
    row: ReportRow | None

    @property
    def verdict(self) -> str:
        if self.row is None:
            return report.DIFFERS if self.lead.call_verdict == CallVerdict.DIFFERS else report.NOT_REPORTED
        return self.row.verdict

    @property
    def words(self) -> str:
        if self.row is None:
            return OF_ANOTHER if self.lead.call_verdict == CallVerdict.DIFFERS else NOT_KNOWN
        return self.row.words

    @property
    def mark(self) -> str:
        """The CSS name of the verdict."""
        return MARKS.get(self.verdict, "waiting")

    @property
    def reported(self) -> str:
        return self.row.call.reported_line if self.row else ""


@dataclass(frozen=True)
class CallerIdFigures:
    """Of the calls of a campaign, at most the newest `report.COUNTED`: how many left from a number of the client."""

    calls: int
    agrees: int
    differs: int
    not_reported: int


@scope.requires_scope
def figures_of(campaign: Campaign) -> CallerIdFigures:
    found = report.figures(_calls(campaign))
    return CallerIdFigures(found["reported"] + found["not_reported"], *(found[name] for name in FIGURES))


@require_GET
@tenant_view(Permission.SEE_CALLS)
def page(request: TenantRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, tenant=request.tenant, pk=pk)
    leads, following = queries.page_of_leads(_called(campaign), request.GET.get("after", ""))
    request.nav_page = "campaigns"  # type: ignore[attr-defined]
    context = {
        "campaign": campaign,
        "calls": _attested(campaign, leads),
        "next": following,
        "paged": "after" in request.GET,
        "figures": report.figures(_calls(campaign)),
        "counted": report.COUNTED,
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
    }
    return render(request, "campaigns/caller_id.html", context)


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def export(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Of all its calls, the oldest lead first; each part is read in a short scope of its own."""
    tenant, file = request.tenant, spreadsheets.chosen(request)
    with scope.for_tenant(tenant):
        campaign = get_object_or_404(Campaign, tenant=tenant, pk=pk)
        audit.record(request.user, tenant, "campaign.attested", campaign, name=campaign.name, file=file.kind)
    day = timezone.now().astimezone(tenant.zone)
    name = f"caller-id-{slugify(campaign.name)[:40] or campaign.pk}-{day:%Y-%m-%d}"
    return spreadsheets.response(name, HEAD, _rows(request, campaign), file)


def _called(campaign: Campaign) -> QuerySet[Lead]:
    return Lead.objects.filter(campaign=campaign).exclude(call_remote_id="")


def _calls(campaign: Campaign) -> QuerySet[Any]:
    """Calls of this client alone: one that was made for another client is not among them."""
    assert campaign.tenant is not None  # read through the client
    calls = report.listed(campaign.tenant).filter(connection=campaign.connection_id).exclude(remote_id="")
    return calls.filter(remote_id__in=_called(campaign).values("call_remote_id"))


def _attested(campaign: Campaign, leads: list[Lead]) -> list[AttestedCall]:
    wanted = [lead.call_remote_id for lead in leads]
    calls = {call.remote_id: call for call in _calls(campaign).filter(remote_id__in=wanted)}
    found = [(lead, calls.get(lead.call_remote_id)) for lead in leads]
    return [AttestedCall(lead, report.row_of(call) if call else None) for lead, call in found]


def _rows(request: TenantRequest, campaign: Campaign) -> Iterator[list[object]]:
    after = 0
    while True:
        with scope.for_tenant(request.tenant):
            leads = list(_called(campaign).filter(pk__gt=after).order_by("pk")[:CHUNK])
            rows = [_cells(request, attested) for attested in _attested(campaign, leads)]
        yield from rows  # outside of the scope: whoever reads it may be slow
        if len(leads) < CHUNK:
            return
        after = leads[-1].pk


def _cells(request: TenantRequest, attested: AttestedCall) -> list[object]:
    lead, call = attested.lead, attested.row.call if attested.row else None
    at = lead.last_attempt_at
    return [
        lead.phone_number,
        lead.attempts,
        at.astimezone(request.tenant.zone).isoformat(timespec="seconds") if at else "",
        call.pk if call else "",
        lead.call_remote_id,
        call.line if call else "",
        attested.reported,
        attested.words,
    ]
