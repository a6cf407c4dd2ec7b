"""The people of a campaign, what came of each and what its analysis says, as a file for spreadsheets, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import CharField, F, Func, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from dashboard.calls import labels, outcomes
from dashboard.calls.models import Call
from dashboard.campaigns import analysis_columns, campaign_calls, queries
from dashboard.campaigns.analysis_columns import Field
from dashboard.campaigns.models import Campaign, Lead
from dashboard.ui import states
from tenants import audit, spreadsheets
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope

CHUNK = 500
MOST_VARIABLES = 50  # columns
HEAD = ["Number", "State", "Outcome", "How it ended", "Attempts", "Last attempt", "Talked, seconds", "Call"]


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def results_export(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The people as the page is narrowed to them, oldest first; each part is read in a short scope of its own."""
    tenant, file = request.tenant, spreadsheets.chosen(request)
    asked = {name: request.GET.get(name, "")[: queries.MOST_TYPED] for name in ("show", "status", "q")}
    with scope.for_tenant(tenant):
        campaign = get_object_or_404(Campaign, tenant=tenant, pk=pk)
        leads = queries.leads(campaign, show=asked["show"], status=asked["status"], text=asked["q"])
        names, fields = _variables(campaign), analysis_columns.of_campaign(campaign)
        audit.record(request.user, tenant, "campaign.exported", campaign, name=campaign.name, file=file.kind)
    day = timezone.now().astimezone(tenant.zone)
    name = f"campaign-{slugify(campaign.name)[:40] or campaign.pk}-{day:%Y-%m-%d}"
    head = [*HEAD, *(variable.replace("_", " ").capitalize() for variable in names)]
    head += analysis_columns.heads(fields, head)
    return spreadsheets.response(name, head, _rows(request, campaign, leads, names, fields), file)


@scope.requires_scope
def _variables(campaign: Campaign) -> list[str]:
    """The names of the variables of all its people, the name first."""
    each = Func(F("variables"), function="jsonb_object_keys", output_field=CharField())
    found = Lead.objects.filter(campaign=campaign).order_by().annotate(key=each).values_list("key", flat=True)
    return sorted(found.distinct()[:MOST_VARIABLES], key=lambda name: (name != "name", name))


def _rows(
    request: TenantRequest, campaign: Campaign, leads: QuerySet[Lead], names: list[str], fields: Sequence[Field]
) -> Iterator[list[object]]:
    """With a call and its analysis for each; what is in memory at once does not depend on how many they are."""
    after = 0
    while True:
        with scope.for_tenant(request.tenant):
            found = list(leads.filter(pk__gt=after).order_by("pk")[:CHUNK])
            calls = campaign_calls.of_leads(campaign, found)
            analyses = analysis_columns.of_calls(calls.values()) if fields else {}
            rows = [_row(request, row, analyses, fields) for row in queries.rows(campaign, found, names, calls)]
        yield from rows  # outside of the scope: whoever reads it may be slow
        if len(found) < CHUNK:
            return
        after = found[-1].pk


def _row(
    request: TenantRequest, row: dict[str, Any], analyses: dict[object, object], fields: Sequence[Field]
) -> list[object]:
    lead: Lead = row["lead"]
    call: Call | None = row["call"]
    at = lead.last_attempt_at
    return [
        lead.phone_number,
        states.read(lead.status, "lead")[1],
        outcomes.read(row["outcome"]).label if row["outcome"] else "",
        labels.ending(call) if call and row["outcome"] else "",
        lead.attempts,
        at.astimezone(request.tenant.zone).isoformat(timespec="seconds") if at else "",
        call.duration_seconds if call and call.duration_seconds is not None else "",
        call.pk if call else "",
        *row["known"],
        *analysis_columns.cells(analyses.get(call.pk) if call else None, fields, request.tenant.zone),
    ]
