"""The settings pages of transfer targets and actions, and for staff what was measured of commands."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.calls.control import action_book, action_forms, composer, measured, target_forms, transfer_book
from dashboard.voicedock import CommandType
from tenants import time_zones
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission

ZONES = time_zones.choices()


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.MANAGE_TRANSFER_TARGETS)
def targets(request: TenantRequest) -> HttpResponse:
    return _edit_list(request, target_forms, transfer_book.save, "transfer targets", {"zones": ZONES})


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.MANAGE_ACTIONS)
def actions(request: TenantRequest) -> HttpResponse:
    """With `preview` nothing is saved: a row as it is typed (in the address its prefix), or the page (in the form)."""
    if request.method == "POST" and (prefix := request.GET.get("preview")):
        return _previewed_row(request, prefix)
    return _edit_list(request, action_forms, action_book.save, "actions")


def _previewed_row(request: TenantRequest, prefix: str) -> HttpResponse:
    form = next((form for form in action_forms.form_set(request.tenant, request.POST) if form.prefix == prefix), None)
    if form is None:
        raise Http404
    return render(request, "calls/_action_preview.html", {"form": form})


def _edit_list(
    request: TenantRequest, forms: ModuleType, save: Callable[..., bool], what: str, more: dict[str, Any] | None = None
) -> HttpResponse:
    """A page with the whole list as a form set of `forms`; 409 where somebody else changed the list meanwhile."""
    name = what.replace(" ", "-")
    rows = forms.form_set(request.tenant, request.POST if request.method == "POST" else None)
    is_previewed = "preview" in request.POST
    status = 422 if rows.is_bound and not is_previewed else 200
    if request.method == "POST" and not is_previewed and rows.is_valid():
        try:
            changed = save(request.tenant, rows.rows, made_from=rows.made_from, by=request.user)
        except transfer_book.ListChanged as error:
            forms.mark_stale(rows, request.tenant, error.message)
            status = 409
        else:
            messages.success(request, f"The {what} are saved." if changed else "Nothing was different.")
            return HttpResponseRedirect(reverse(name, args=[request.tenant.slug]))
    template = f"calls/{name.replace('-', '_')}.html"
    return render(request, template, {"rows": rows} | (more or {}), status=status)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def measured_commands(request: StaffRequest) -> HttpResponse:
    """What each model does with each command, as VoiceDock documents it and as receipts of all clients show it."""
    request.nav_page = "live"  # type: ignore[attr-defined]
    families = [
        (family, [composer.tab(family, command, here) for command in CommandType])
        for family, here in measured.of_all_clients().items()
    ]
    context = {"families": families, "days": measured.DAYS, "most": measured.MOST}
    return render(request, "calls/measured.html", context)
