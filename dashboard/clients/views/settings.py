"""The settings of a client that staff change: its limits, its countries, how long its data is kept; one at a time."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from dashboard.clients.forms import CountriesForm, KindsForm, LimitsForm, RetentionForm, TransientCallsForm
from dashboard.clients.views.client import back, show
from dashboard.ui import phone_numbers
from dashboard.ui.countries import words as country_words
from tenants import dedications, names, tenant_status
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.models import Tenant


@require_POST
@staff_view(Permission.SET_LIMITS)
def limits(request: StaffRequest, slug: str) -> HttpResponse:
    """The limits that were sent; the others stay."""
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    form = LimitsForm(request.POST, instance=tenant, only=set(request.POST))
    if not form.is_valid():
        return show(request, Tenant.objects.get(pk=tenant.pk), status=422, setting_form=form)
    dedications.change_limits(tenant, by=request.user, **form.cleaned_data)
    return _saved(request, tenant, "Saved. It counts from the next call.")


@require_POST
@staff_view(Permission.SET_COUNTRIES)
def countries(request: StaffRequest, slug: str) -> HttpResponse:
    """The country, the countries that may be called, or both: what was not sent stays."""
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    form = CountriesForm(request.POST, tenant=tenant, only=set(request.POST))
    if not form.is_valid():
        return show(request, tenant, status=422, setting_form=form)
    tenant = tenant_status.lock_tenant(tenant)  # what was not sent may have been changed since it was read
    country = form.cleaned_data.get("country", tenant.country)
    allowed = form.cleaned_data.get("allowed", tenant.allowed_countries)
    dedications.change_countries(
        tenant,
        country=country,
        allowed=allowed,
        by=request.user,
        country_words=phone_numbers.country(country) or "no country",
        allowed_words=country_words(allowed),
    )
    return _saved(request, tenant, "Saved. It counts from the next call.")


@require_POST
@staff_view(Permission.SET_COSTLY_KINDS)
def kinds(request: StaffRequest, slug: str) -> HttpResponse:
    """Which kinds of numbers that cost extra may be called."""
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    form = KindsForm(request.POST, tenant=tenant)
    if not form.is_valid():
        return show(request, Tenant.objects.get(pk=tenant.pk), status=422, setting_form=form)
    dedications.change_kinds(tenant, form.cleaned_data["kinds"], by=request.user)
    return _saved(request, tenant, "Saved. It counts from the next call.")


@require_POST
@staff_view(Permission.ALLOW_TRANSIENT_CALLS)
def transient_calls(request: StaffRequest, slug: str) -> HttpResponse:
    """Whether it may place calls with one-time assistants."""
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    form = TransientCallsForm(request.POST, instance=tenant)
    if not form.is_valid():
        return show(request, Tenant.objects.get(pk=tenant.pk), status=422, setting_form=form)
    dedications.change_transient_calls(tenant, form.cleaned_data["transient_calls"], by=request.user)
    return _saved(request, tenant, "Saved. It counts from the next call.")


@require_POST
@staff_view(Permission.SET_RETENTION)
def retention(request: StaffRequest, slug: str) -> HttpResponse:
    """How long the personal data of its calls is kept once it is closed."""
    tenant = tenant_status.lock_tenant(get_object_or_404(Tenant, slug=slug))
    form = RetentionForm(request.POST, instance=tenant)
    if not form.is_valid():
        return show(request, Tenant.objects.get(pk=tenant.pk), status=422, setting_form=form)
    try:
        tenant_status.change_retention(tenant, form.cleaned_data["retention_days"], by=request.user)
    except tenant_status.StatusChangeRefused as error:
        return show(request, Tenant.objects.get(pk=tenant.pk), status=409, refused=("limits", error.message))
    days = f"{tenant.retention_days} day{'' if tenant.retention_days == 1 else 's'}"
    words = f"The personal data of {names.isolate(tenant.name)}’s calls is kept {days} after closing."
    return _saved(request, tenant, words)


def _saved(request: StaffRequest, tenant: Tenant, words: str) -> HttpResponse:
    messages.success(request, words, extra_tags="limits")
    return back(tenant, "limits")
