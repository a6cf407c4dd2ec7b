"""Grant and withdraw the pass with which a client lets the reseller's support act in it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.live_updates import publish
from dashboard.team.forms import PassForm
from tenants.access import support_access
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm


@require_POST
@tenant_view(Permission.GIVE_SUPPORT_ACCESS, confirm=Confirm.THEN_GO_ON)
def grant(request: TenantRequest) -> HttpResponse:
    form = PassForm(request.POST)
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        publish.access_changed(tenant=request.tenant)
        support_access.grant(request.tenant, hours, by=request.user)
        messages.success(
            request,
            f"Support may act here for {support_access.PASS_HOURS[hours]}. What it does is recorded with both names.",
        )
    else:
        messages.error(request, "Choose for how long.")
    return _back(request)


@require_POST
@tenant_view(Permission.GIVE_SUPPORT_ACCESS)
def withdraw(request: TenantRequest) -> HttpResponse:
    publish.access_changed(tenant=request.tenant)
    if support_access.revoke(request.tenant, by=request.user):
        messages.success(request, "Support access is ended: support can only read, from its next click on.")
    return _back(request)


def _back(request: TenantRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("team", args=[request.tenant.slug]) + "#support")
