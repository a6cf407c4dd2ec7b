"""A client's settings, and a style sheet with its two brand values."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.calls.models import Phrase
from dashboard.contact_rules import contact_settings, shown_settings
from dashboard.team import client_settings
from dashboard.team.forms import SettingsForm
from tenants import tenant_status, time_zones
from tenants.access import reauthentication
from tenants.access.decorators import TenantRequest, resolve_tenant, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.models import Tenant

ZONES = time_zones.choices()


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.MANAGE_SETTINGS)
def page(request: TenantRequest) -> HttpResponse:
    is_sent = request.method == "POST"
    tenant = tenant_status.lock_tenant(request.tenant) if is_sent else Tenant.objects.get(pk=request.tenant.pk)
    form = SettingsForm(
        request.POST if is_sent else None,
        instance=tenant,
        initial={"phrases": "\n".join(Phrase.objects.filter(tenant=tenant).values_list("text", flat=True))},
    )
    if is_sent and form.is_valid():
        if form.initial["requires_second_step"] and not form.cleaned_data["requires_second_step"]:
            reauthentication.require(request, Confirm.THEN_GO_ON)
        changed = client_settings.change(tenant, form.cleaned_data, by=request.user)
        messages.success(request, f"Saved: {', '.join(changed)}." if changed else "Nothing was different.")
        return HttpResponseRedirect(reverse("settings", args=[tenant.slug]))
    context = {
        "form": form,
        "zones": ZONES,
        "pauses": [(one, "") for one in shown_settings.of(contact_settings.of(tenant), shown_settings.PAUSES)],
        "pauses_title": shown_settings.PAUSES_TITLE,
        "pauses_note": shown_settings.BY_STAFF,
    }
    return render(request, "team/settings.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def brand_css(request: Any, slug: str) -> HttpResponse:
    """Hue and chroma as CSS variables; the URL changes with them, so browsers may cache it."""
    tenant, _ = resolve_tenant(request, slug)
    hue, chroma = int(tenant.brand_hue), float(tenant.brand_chroma)
    response = HttpResponse(
        f":root {{ --accent-hue: {hue}; --accent-chroma: {chroma:.3f}; }}\n", content_type="text/css; charset=utf-8"
    )
    response["Cache-Control"] = "private, max-age=86400" if request.GET.get("v") else "private, max-age=60"
    return response
