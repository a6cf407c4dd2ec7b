"""Campaigns: where each stands, how far it is, and starting and stopping it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls.queries import ages, fresh_at
from dashboard.campaigns import control, queries, sync
from dashboard.campaigns.models import Campaign
from dashboard.sync.models import Kind
from dashboard.ui import filters, pagination, search_fields, states
from dashboard.ui.fragments import page_or_part
from tenants import time_zones
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant

DEEDS: dict[str, Callable[..., control.Answer]] = {
    "start": control.start,
    "resume": control.resume,
    "pause": control.pause,
    "cancel": control.cancel,
}


STARTABLE = [Campaign.Status.DRAFT, Campaign.Status.PAUSED]


class CampaignFilter(forms.Form):
    q = search_fields.SearchField(required=False, label="Find a campaign")
    status = forms.ChoiceField(required=False, label="Status", choices=[("", "Any status"), *Campaign.Status.choices])
    client = forms.ChoiceField(required=False, label="Client")

    def __init__(self, *args: Any, clients: list[tuple[str, str]] | None = None) -> None:
        super().__init__(*args)
        if clients is None:
            del self.fields["client"]
        else:
            self.fields["client"].choices = [("", "Every client"), ("-", "Of nobody"), *clients]  # type: ignore[attr-defined]


@require_GET
@tenant_view(Permission.SEE_CAMPAIGNS, open_scope=False)
def listing(request: TenantRequest) -> HttpResponse:
    connection = request.tenant.home_connection_id
    form = CampaignFilter(request.GET)
    with scope.for_tenant(request.tenant):
        page = _narrowed_page(request, form, queries.listed(request.tenant))
    startable = [campaign.pk for campaign in page.rows if campaign.status in STARTABLE]
    hindrances = _hindrances(request, Campaign.objects.filter(tenant=request.tenant, pk__in=startable))
    with scope.for_tenant(request.tenant):
        context = {
            "may_run": request.actor.may(Permission.RUN_CAMPAIGNS),
            "ages": [(request.tenant.home_connection, fresh_at(connection, Kind.CAMPAIGNS))] if connection else [],
        }
        return _list(request, form, page, context, hindrances)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff_listing(request: StaffRequest) -> HttpResponse:
    clients = list(Tenant.objects.order_by("name").values_list("slug", "name"))
    context = {"staff": True, "ages": ages(Kind.CAMPAIGNS)}
    form = CampaignFilter(request.GET, clients=clients)
    return _list(request, form, _narrowed_page(request, form, queries.listed()), context, {})


def _hindrances(request: TenantRequest, campaigns: QuerySet[Campaign]) -> queries.Hindrances:
    """For whoever may run campaigns; others are offered nothing."""
    may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
    return control.hindrances(campaigns, by=request.user) if may_run else {}


def _narrowed_page(request: Any, form: CampaignFilter, found: QuerySet[Campaign]) -> pagination.Page:
    found = _narrowed(found, form.cleaned_data) if form.is_valid() else found.none()
    return pagination.page(found, request.GET, moment="made", size=queries.PAGE)


def _list(
    request: Any,
    form: CampaignFilter,
    page: pagination.Page,
    context: dict[str, Any],
    hindrances: queries.Hindrances,
) -> HttpResponse:
    bar = filters.bar(request, form, label="Narrow the campaigns")
    rows = queries.shown(page.rows, timezone.now(), hindrances)
    context |= {
        "rows": rows,
        "page": page,
        "filters": bar,
        "filtered": bool(bar.clear_url) or bool(form.errors) or "before" in request.GET,
        "running": sum(one.standing.is_calling for one in rows),
        "waiting": sum(one.standing.waits for one in rows),
        "paused": sum(one.campaign.status == Campaign.Status.PAUSED for one in rows),
        "here": request.get_full_path(),
    }
    return page_or_part(request, "campaigns/list.html", "campaigns/_list.html", context)


def _narrowed(found: QuerySet[Campaign], wish: dict[str, Any]) -> QuerySet[Campaign]:
    if text := wish["q"].strip():
        found = found.filter(name__icontains=text)
    if wish["status"]:
        found = found.filter(status=wish["status"])
    if wish.get("client"):
        found = found.filter(tenant=None) if wish["client"] == "-" else found.filter(tenant__slug=wish["client"])
    return found


@require_GET
@tenant_view(Permission.SEE_CAMPAIGNS, open_scope=False)
def page(request: TenantRequest, pk: int) -> HttpResponse:
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=pk)
        sync.watch(campaign)
    return _page(request, campaign)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def command(request: TenantRequest, pk: int, deed: str) -> HttpResponse:
    """Asked of VoiceDock once, with nothing open; what came of it is told as it was."""
    if deed not in DEEDS:
        raise Http404
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=pk)
    confirmed = {"confirmed": request.POST["risk"]} if "risk" in request.POST else {}
    try:
        answer = DEEDS[deed](campaign, by=request.user, **confirmed)
    except control.Refusal as no:
        refused = no.words
    else:
        if answer.outcome == "accepted":
            messages.success(request, answer.words)
            return HttpResponseRedirect(reverse("campaign", args=[request.tenant.slug, pk]))
        refused = answer.words
    return _page(request, campaign, refused=refused, status=409)


def _page(request: TenantRequest, campaign: Campaign, *, refused: str = "", status: int = 200) -> HttpResponse:
    """The campaign as it is now. Opens scopes of its own."""
    hindrances = _hindrances(request, Campaign.objects.filter(pk=campaign.pk, tenant=request.tenant))
    risk = control.risk(campaign, by=request.user) if request.actor.may(Permission.RUN_CAMPAIGNS) else None
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=campaign.pk)
        return _rendered(request, campaign, hindrances, {"risk": risk, "refused": refused}, status)


def _rendered(
    request: TenantRequest,
    campaign: Campaign,
    hindrances: queries.Hindrances,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    now = timezone.now()
    shown, by_state = queries.one(campaign, now, hindrances)
    wanted, text = request.GET.get("status", ""), request.GET.get("q", "")[:100]
    found, following = queries.page_of_leads(
        queries.leads(campaign, status=wanted, text=text), request.GET.get("after", "")
    )
    names = queries.variables(found)
    zone = time_zones.read(campaign.timezone)
    context |= {
        "one": shown,
        "campaign": campaign,
        "there": f"{now.astimezone(zone):%H:%M}" if zone else "",
        "chips": [(state, states.read(state, "lead")[1], by_state[state]) for state in _ordered(by_state)],
        "known": sum(by_state.values()),
        "wanted": wanted,
        "text": text,
        "names": [name.replace("_", " ").capitalize() for name in names],
        "rows": queries.rows(found, names, queries.calls_of(campaign, found)),
        "next": following,
        "paged": "after" in request.GET,
        "may_run": request.actor.may(Permission.RUN_CAMPAIGNS),
        "here": request.get_full_path() if request.method == "GET" else campaign_url(request, campaign),
    }
    if request.method == "POST":
        return render(request, "campaigns/campaign.html", context, status=status)
    return page_or_part(request, "campaigns/campaign.html", "campaigns/_campaign.html", context, status=status)


def campaign_url(request: TenantRequest, campaign: Campaign) -> str:
    return reverse("campaign", args=[request.tenant.slug, campaign.pk])


def _ordered(by_state: Any) -> list[str]:
    known = list(states.STATES["lead"])
    return sorted(by_state, key=lambda state: (known.index(state) if state in known else len(known), state))
