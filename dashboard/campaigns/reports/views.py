"""The report of a campaign as a page, its links, and the page that such a link opens without a sign-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from dashboard.campaigns import campaign_calls, queries
from dashboard.campaigns.models import Campaign, ReportLink
from dashboard.campaigns.reports import links, report
from dashboard.campaigns.reports.link_form import LinkForm
from tenants import audit
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.accounts.allauth_private import ratelimit
from tenants.isolation import scope

OPENINGS = {"shared-report": "60/m/ip"}  # of each address, or /64 of IPv6
REVOKED = "The link does not work any more."
PRIVATE = {  # headers: no search engine lists the page, no other site learns its address, nothing keeps it
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@require_GET
@tenant_view(Permission.SEE_CAMPAIGNS)
def page(request: TenantRequest, pk: int) -> HttpResponse:
    return _page(request, _campaign(request, pk), _form(request))


@require_POST
@tenant_view(links.NEEDED, confirm=Confirm.THEN_GO_ON)
def share(request: TenantRequest, pk: int) -> HttpResponse:
    """A link, which the answer shows, and shows again to the same form: nobody else can read it any more."""
    campaign, form = _campaign(request, pk), _form(request, request.POST)
    if not form.is_valid():
        return _page(request, campaign, form, status=422)
    try:
        facts = form.cleaned_data
        link, token = links.make(campaign, days=facts["days"], by=request.user, form_token=facts["token"])
    except links.LinkRefused as error:
        form.add_error("days", error.message)
        return _page(request, campaign, form, status=409)
    address = request.build_absolute_uri(reverse("shared-report", args=[token]))
    return _page(request, campaign, _form(request), made={"link": link, "address": address})


@require_POST
@tenant_view(links.NEEDED)
def revoke(request: TenantRequest, pk: int) -> HttpResponse:
    links_of_client = ReportLink.objects.select_related("campaign", "tenant").filter(tenant=request.tenant)
    link = get_object_or_404(links_of_client, pk=pk)
    links.revoke(link, by=request.user)
    messages.success(request, REVOKED)
    address = reverse("campaign-report", args=[request.tenant.slug, link.campaign_id])
    return HttpResponseRedirect(f"{address}#links", status=303)


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """For everybody who has the link. Expired, revoked and invented links get the same answer."""
    if not ratelimit.consume(request, app="patchbay", action="shared-report", config=OPENINGS, limit_get=True):
        return _private(render(request, "429.html", status=429))
    link = links.find(token)
    if link is None:
        return _private(render(request, "campaigns/report_gone.html", status=404))
    with scope.for_tenant(link.tenant_id):
        campaign = queries.listed().get(pk=link.campaign_id, tenant=link.tenant_id)
        assert campaign.tenant is not None  # a link belongs to a client
        with timezone.override(campaign.tenant.zone):
            context = {
                "campaign": campaign,
                "client": campaign.tenant,
                "report": report.of(campaign, shared=True),
                "until": link.expires_at,
                "now": timezone.now(),
            }
            answer = _private(render(request, "campaigns/report_shared.html", context))
        if request.method == "GET":
            links.note_opening(link, campaign)
    return answer


def _private(answer: HttpResponse) -> HttpResponse:
    for name, value in PRIVATE.items():
        answer[name] = value
    return answer


def _campaign(request: TenantRequest, pk: int) -> Campaign:
    request.nav_page = "campaigns"  # type: ignore[attr-defined]
    return get_object_or_404(queries.listed(request.tenant), pk=pk)


def _form(request: TenantRequest, data: Any = None) -> LinkForm:
    return LinkForm(data, until=_support_until(request))


def _support_until(request: TenantRequest) -> datetime | None:
    """When the access of support ends; None for all others."""
    allowed_by = request.actor.allowed_by
    return allowed_by.until if request.actor.is_support and allowed_by else None


def _page(
    request: TenantRequest, campaign: Campaign, form: LinkForm, *, made: Any = None, status: int = 200
) -> HttpResponse:
    actor = request.actor
    may_share = actor.may(links.NEEDED)
    latest = campaign_calls.latest(campaign, summaries=actor.may(Permission.SEE_TRANSCRIPTS))
    context = {
        "campaign": campaign,
        "client": request.tenant,
        "report": report.of(campaign),
        "latest": latest,
        "now": timezone.now(),
        "may_share": may_share,
        "links": links.newest(campaign) if may_share else [],
        "form": form,
        "made": made,
        "support_until": _support_until(request),
        "may_see_calls": actor.may(Permission.SEE_CALLS),
    }
    if any(one.has_summary for one in latest):
        audit.record_once(request.user, request.tenant, "calls.summaries-read", request.tenant)
    return render(request, "campaigns/report.html", context, status=status)
