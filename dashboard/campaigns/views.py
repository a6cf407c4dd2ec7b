"""Campaigns: the lists, one campaign with its leads, and its actions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls import outcomes
from dashboard.calls.queries import ages, fresh_at
from dashboard.campaigns import (
    attestation,
    calendar,
    called,
    campaign_calls,
    control,
    figures,
    history_chart,
    outside_hours,
    pace,
    queries,
    ranks,
    schedule_runs,
    sync,
    taken_off,
    variables,
)
from dashboard.campaigns.calling_days import weekdays_in_words
from dashboard.campaigns.drafts import draft_list, earlier_retries, retry
from dashboard.campaigns.drafts.book import DraftRefused
from dashboard.campaigns.models import Campaign
from dashboard.campaigns.retry_form import RetryForm
from dashboard.sync.models import Kind
from dashboard.ui import filters, pagination, search_fields, times
from dashboard.ui.client_field import ClientField
from dashboard.ui.fragments import page_or_part
from tenants import audit, time_zones
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant
from tenants.names import isolate

RETRIED = "{name} is a new draft, for {days}. Nobody is called before it is sent and started."
ACTIONS: dict[str, Callable[..., control.ActionResult]] = {
    "start": schedule_runs.start,
    "resume": schedule_runs.start,
    "pause": schedule_runs.pause,
    "cancel": control.cancel,
}


STARTABLE = [Campaign.Status.DRAFT, Campaign.Status.PAUSED]


class CampaignFilter(forms.Form):
    q = search_fields.SearchField(required=False, label="Find a campaign")
    status = forms.ChoiceField(required=False, label="Status", choices=[("", "Any status"), *Campaign.Status.choices])
    client = ClientField(more=[("-", "Unassigned")])

    def __init__(self, query: QueryDict, *, of_all: bool = False) -> None:
        super().__init__(query)
        if of_all:
            self.fields["client"].choose(query.get("client", ""))  # type: ignore[attr-defined]
        else:
            del self.fields["client"]


@require_GET
@tenant_view(Permission.SEE_CAMPAIGNS, open_scope=False)
def listing(request: TenantRequest) -> HttpResponse:
    connection = request.tenant.home_connection_id
    form = CampaignFilter(request.GET)
    with scope.for_tenant(request.tenant):
        page = _narrowed_page(request, form, queries.listed(request.tenant))
    startable = [campaign.pk for campaign in page.rows if campaign.status in STARTABLE]
    blocked_actions = _blocked_actions(request, Campaign.objects.filter(tenant=request.tenant, pk__in=startable))
    with scope.for_tenant(request.tenant):
        may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
        context = {
            "may_run": may_run,
            "drafts": draft_list.of(request.tenant) if may_run and not request.GET else None,
            "ages": [(request.tenant.home_connection, fresh_at(connection, Kind.CAMPAIGNS))] if connection else [],
        }
        return _list(request, form, page, context, blocked_actions)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff_listing(request: StaffRequest) -> HttpResponse:
    context = {"staff": True, "ages": ages(Kind.CAMPAIGNS)}
    form = CampaignFilter(request.GET, of_all=True)
    return _list(request, form, _narrowed_page(request, form, queries.listed()), context, {})


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff_calendar(request: StaffRequest) -> HttpResponse:
    """The week of all campaigns, or of those of one client."""
    form = CampaignFilter(request.GET, of_all=True)
    for name in ("q", "status"):
        del form.fields[name]
    bar = filters.bar(request, form, label="Narrow the calendar")
    now, today = timezone.now(), timezone.localdate()
    found = _narrowed(queries.listed(), form.cleaned_data) if form.is_valid() else queries.listed().none()
    context = {
        "week": calendar.week(found, calendar.monday_of(request.GET.get("week", ""), today), now, today),
        "filters": bar,
        "zone": times.zone_words(times.here()),
    }
    return render(request, "campaigns/calendar.html", context)


def _blocked_actions(request: TenantRequest, campaigns: QuerySet[Campaign]) -> queries.BlockedActions:
    """For users who may run campaigns; others are offered no actions."""
    may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
    return control.blocked_actions(campaigns, by=request.user) if may_run else {}


def _narrowed_page(request: Any, form: CampaignFilter, found: QuerySet[Campaign]) -> pagination.Page:
    found = _narrowed(found, form.cleaned_data) if form.is_valid() else found.none()
    return pagination.page(found, request.GET, moment="made", size=queries.PAGE)


def _list(
    request: Any,
    form: CampaignFilter,
    page: pagination.Page,
    context: dict[str, Any],
    blocked_actions: queries.BlockedActions,
) -> HttpResponse:
    bar = filters.bar(request, form, label="Narrow the campaigns")
    rows = queries.campaign_rows(page.rows, timezone.now(), blocked_actions)
    context |= {
        "rows": rows,
        "page": page,
        "filters": bar,
        "filtered": bool(bar.clear_url) or bool(form.errors) or "before" in request.GET,
        "running": sum(row.status.is_calling for row in rows),
        "waiting": sum(row.status.waits for row in rows),
        "paused": sum(row.campaign.status == Campaign.Status.PAUSED for row in rows),
        "here": request.get_full_path(),
    }
    return page_or_part(request, "campaigns/list.html", "campaigns/_list.html", context)


def _narrowed(found: QuerySet[Campaign], wish: dict[str, Any]) -> QuerySet[Campaign]:
    if text := wish.get("q", "").strip():
        found = found.filter(name__icontains=text)
    if wish.get("status"):
        found = found.filter(status=wish["status"])
    if wish.get("client"):
        found = found.filter(tenant=None if wish["client"] == "-" else Tenant.key_of(wish["client"]))
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
def command(request: TenantRequest, pk: int, action: str) -> HttpResponse:
    """Sent to VoiceDock once, with no scope open; the page shows the outcome."""
    if action not in ACTIONS:
        raise Http404
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=pk)
    confirmed = {"confirmed": request.POST["risk"]} if "risk" in request.POST else {}
    try:
        result = ACTIONS[action](campaign, by=request.user, **confirmed)
    except control.CampaignActionRefused as error:
        refused = error.message
    else:
        if result.outcome == "accepted":
            messages.success(request, result.message)
            return HttpResponseRedirect(reverse("campaign", args=[request.tenant.slug, pk]))
        refused = result.message
    return _page(request, campaign, refused=refused, status=409)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def retry_people(request: TenantRequest, pk: int) -> HttpResponse:
    """A new draft of people of the campaign: the selected ones, or those to whom the address narrows the list."""
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=pk)
    form = RetryForm(request.POST)
    if not form.is_valid():
        return _page(request, campaign, refused=form.refusal, status=422)
    try:
        draft = retry.retry(campaign, form.chosen(_asked(request)), token=form.cleaned_data["token"], by=request.user)
    except DraftRefused as error:
        return _page(request, campaign, refused=error.message, status=409)
    messages.success(request, RETRIED.format(name=isolate(str(draft)), days=weekdays_in_words(draft.weekdays)))
    return HttpResponseRedirect(reverse("campaign-draft", args=[request.tenant.slug, draft.pk]), status=303)


def _page(request: TenantRequest, campaign: Campaign, *, refused: str = "", status: int = 200) -> HttpResponse:
    """The campaign as it is now. Opens scopes of its own."""
    blocked_actions = _blocked_actions(request, Campaign.objects.filter(pk=campaign.pk, tenant=request.tenant))
    risk = control.risk(campaign, by=request.user) if request.actor.may(Permission.RUN_CAMPAIGNS) else None
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(queries.listed(request.tenant), pk=campaign.pk)
        return _rendered(request, campaign, blocked_actions, {"risk": risk, "refused": refused}, status)


def _rendered(
    request: TenantRequest,
    campaign: Campaign,
    blocked_actions: queries.BlockedActions,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    now = timezone.now()
    row, listed = queries.campaign_row(campaign, now, blocked_actions)
    history = campaign_calls.history(campaign)
    is_ended = campaign.status in Campaign.OVER and not row.counts.calling
    may_see_calls = request.actor.may(Permission.SEE_CALLS)
    may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
    zone = time_zones.read(campaign.timezone)
    context |= _people(request, campaign) | {
        "row": row,
        "campaign": campaign,
        "outside_hours": outside_hours.words(campaign, row.schedule),
        "zone_time": f"{now.astimezone(zone):%H:%M}" if zone else "",
        "is_ended": is_ended,
        "figures": figures.strip_of_ended(row, history) if is_ended else figures.strip(row, now),
        "pace": pace.pace_in_words(pace.per_minute(campaign, row.counts, now)),
        "chips": figures.chips(row, listed, request.GET.get("show", "")[: queries.MOST_TYPED]),
        "known": sum(listed.values()),
        "calling": campaign_calls.calling_now(campaign) if row.counts.calling else [],
        "latest": campaign_calls.latest(campaign, summaries=request.actor.may(Permission.SEE_TRANSCRIPTS)),
        "ranks": ranks.ranked(row.results),
        "history": history,
        "chart": history_chart.of(campaign) if row.counts.dealt_with else None,
        "template": variables.parts(campaign.template),
        "may_run": may_run,
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
        "may_see_calls": may_see_calls,
        "may_see_list": request.actor.may(Permission.BLOCK_NUMBERS),
        "caller_id": attestation.figures_of(campaign) if is_ended and may_see_calls else None,
        "unfinished": row.results.figure(outcomes.UNFINISHED),
        "opted_out": row.results.figure(outcomes.DO_NOT_CALL),
        "left_uncalled": listed.get(called.PENDING, 0) if is_ended else 0,
        "retries": earlier_retries.of_campaign(campaign) if is_ended and may_run else [],
        "taken_off": taken_off.of(campaign, may_see_lists=request.actor.may(Permission.BLOCK_NUMBERS)),
        "here": request.get_full_path() if request.method == "GET" else campaign_url(request, campaign),
    }
    if any(one.has_summary for one in context["latest"]):
        audit.record_once(request.user, request.tenant, "calls.summaries-read", request.tenant)
    if request.method == "POST":
        return render(request, "campaigns/campaign.html", context, status=status)
    return page_or_part(request, "campaigns/campaign.html", "campaigns/_campaign.html", context, status=status)


def _people(request: TenantRequest, campaign: Campaign) -> dict[str, Any]:
    """A page of its people, narrowed as the address says."""
    asked = _asked(request)
    found, following = queries.page_of_leads(
        queries.leads(campaign, show=asked["show"], status=asked["status"], text=asked["q"]),
        request.GET.get("after", ""),
    )
    names = queries.variables(found)
    rows = queries.rows(campaign, found, names, campaign_calls.of_leads(campaign, found))
    selected = set(request.POST.getlist("person"))
    return {
        "show": asked["show"],
        "narrowed": any(asked.values()),
        "text": asked["q"],
        "text_is_cut": len(request.GET.get("q", "")) > queries.MOST_TYPED,
        "names": [name.replace("_", " ").capitalize() for name in names],
        "people": [row | {"is_selected": str(row["lead"].pk) in selected} for row in rows],
        "next": following,
        "paged": "after" in request.GET,
        "token": uuid.uuid4(),
    }


def _asked(request: TenantRequest) -> dict[str, str]:
    """To whom the address narrows the list of people."""
    return {name: request.GET.get(name, "")[: queries.MOST_TYPED] for name in ("show", "status", "q")}


def campaign_url(request: TenantRequest, campaign: Campaign) -> str:
    return reverse("campaign", args=[request.tenant.slug, campaign.pk])
