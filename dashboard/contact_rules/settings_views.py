"""What the calls of a client are held to: changed by staff, and shown to the client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.contact_rules import contact_settings, country_presets, shown_settings
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.settings_form import ContactSettingsForm
from dashboard.contact_rules.shown_settings import Row, ShownRow
from dashboard.contact_rules.verdict import VERSION
from tenants import tenant_status
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.models import Tenant

SAVED = (
    "Saved. It counts from the next call, and for campaigns from the next time that people are sent. "
    "Those who are with VoiceDock already stay there."
)


@require_GET
@tenant_view(Permission.SEE_CALLS)
def client_page(request: TenantRequest) -> HttpResponse:
    request.nav_page = "calls"  # type: ignore[attr-defined]  # of those who have no settings
    tenant = request.tenant
    return _page(request, tenant, contact_settings.of(tenant), up=reverse("calls", args=[tenant.slug]))


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def staff_page(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    return _staff_page(request, tenant, contact_settings.of(tenant))


@require_POST
@staff_view(Permission.SET_CONTACT_RULES)
def change(request: StaffRequest, slug: str, key: str) -> HttpResponse:
    """The fields of one row; the others stay."""
    row = shown_settings.BY_KEY.get(key)
    if row is None:
        raise Http404
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    settings = contact_settings.lock(tenant)
    form = ContactSettingsForm(request.POST, instance=settings, only=row.fields)
    if not form.is_valid():
        now = ContactSettings.objects.get(tenant=tenant)
        return _staff_page(request, tenant, now, sent=form, status=422)
    what = f"{row.label}: {row.words(settings)}"
    contact_settings.change(settings, form.cleaned_data, by=request.user, what=what)
    messages.success(request, SAVED)
    return HttpResponseRedirect(reverse("staff-contact-rules", args=[tenant.slug]), status=303)


def _staff_page(
    request: StaffRequest,
    tenant: Tenant,
    settings: ContactSettings,
    *,
    sent: ContactSettingsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    request.nav_page = "staff-clients"  # type: ignore[attr-defined]
    up = reverse("staff-client", args=[tenant.slug])
    may_edit = request.actor.may(Permission.SET_CONTACT_RULES)
    return _page(request, tenant, settings, up=up, is_staff=True, may_edit=may_edit, sent=sent, status=status)


def _page(
    request: Any,
    tenant: Tenant,
    settings: ContactSettings,
    *,
    up: str,
    is_staff: bool = False,
    may_edit: bool = False,
    sent: ContactSettingsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    def shown(rows: Sequence[Row]) -> list[tuple[ShownRow, str]]:
        found = shown_settings.of(settings, rows, may_edit=may_edit, sent=sent)
        return [(one, reverse("staff-contact-rules-change", args=[tenant.slug, one.key])) for one in found]

    context = {
        "client": tenant,
        "lists": [
            {
                "id": "rules-title",
                "title": shown_settings.RULES_TITLE,
                "rows": shown(shown_settings.ROWS),
                "words": shown_settings.RULES_WORDS,
            },
            {"id": "pauses-title", "title": shown_settings.PAUSES_TITLE, "rows": shown(shown_settings.PAUSES)},
        ],
        "group": "contact-rule",
        "note": "" if may_edit else shown_settings.BY_STAFF,
        "countries": shown_settings.countries(country_presets.known()) if settings.uses_country_hours else [],
        "is_staff": is_staff,
        "may_edit": may_edit,
        "up_url": up,
        "version": f"{date.fromisoformat(VERSION):%-d %B %Y}",
    }
    return render(request, "contact_rules/settings.html", context, status=status)
