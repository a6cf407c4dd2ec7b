"""The page on which a campaign is followed on its way to VoiceDock, and what a person does there."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending import begin, progress
from dashboard.ui.fragments import page_or_part
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import User


@require_GET
@tenant_view(Permission.SEE_CAMPAIGNS)
def sending(request: TenantRequest, pk: int) -> HttpResponse:
    """Of a draft that is not sent yet there is nothing to follow: its own page is shown to whoever may write it."""
    draft = _find(request, pk)
    may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
    if draft.state == CampaignDraft.State.DRAFT:
        own = reverse("campaign-draft", args=[request.tenant.slug, pk])
        return HttpResponseRedirect(own if may_run else reverse("campaigns", args=[request.tenant.slug]))
    request.nav_page = "campaigns"  # type: ignore[attr-defined]
    context = {
        "draft": draft,
        "sending": progress.of(draft),
        "may_run": may_run,
    }
    return page_or_part(request, "campaigns/sending.html", "campaigns/_sending.html", context)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def send(request: TenantRequest, pk: int) -> HttpResponse:
    version = request.POST.get("version", "")[:20]
    return _change(request, pk, lambda draft, by: begin.begin(draft, by, version))


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def stop(request: TenantRequest, pk: int) -> HttpResponse:
    return _change(request, pk, begin.stop)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def resume(request: TenantRequest, pk: int) -> HttpResponse:
    return _change(request, pk, begin.resume)


def _change(
    request: TenantRequest, pk: int, change: Callable[[CampaignDraft, User], CampaignDraft]
) -> HttpResponseRedirect:
    with scope.for_tenant(request.tenant):
        draft = _find(request, pk)
    try:
        draft = change(draft, request.user)
    except begin.SendingRefused as error:
        messages.error(request, error.message)
        if draft.state == CampaignDraft.State.DRAFT:
            return HttpResponseRedirect(reverse("campaign-draft-review", args=[request.tenant.slug, pk]), status=303)
    return HttpResponseRedirect(reverse("campaign-draft-sending", args=[request.tenant.slug, pk]), status=303)


def _find(request: TenantRequest, pk: int) -> CampaignDraft:
    rows = CampaignDraft.objects.select_related("campaign", "tenant", "begun_by", "assistant_dedication__assistant")
    return get_object_or_404(rows, tenant=request.tenant, pk=pk)
