"""Calling hours and attempts of countries, for all clients: changed by staff, and put back to ours."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.contact_rules import country_presets, shown_settings
from dashboard.contact_rules.country_form import CountryForm
from dashboard.contact_rules.country_hours import COUNTRY_HOURS
from dashboard.contact_rules.models import CountryPreset
from dashboard.ui import phone_numbers
from dashboard.ui.country_field import CountryField
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission

SAVED = "The calling hours of {country} are saved. They count for all clients that use those of countries."
RESET = "{country} has the hours of Patchbay again."
TAKEN_AWAY = "{country} has no hours of its own any more: those of each client count."
NOTHING = "Nothing was different."


class ChosenCountry(forms.Form):
    """Which country is opened."""

    country = CountryField(
        required=True,
        label="Country",
        help_text="",
        choices=lambda: [("", "Choose one"), *phone_numbers.countries().items()],
    )


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def listing(request: StaffRequest) -> HttpResponse:
    """Those that have hours of their own; a country that is chosen is opened."""
    may_edit = request.actor.may(Permission.SET_COUNTRY_RULES)
    form = ChosenCountry(request.GET if "country" in request.GET else None)
    if may_edit and form.is_bound and form.is_valid():
        return HttpResponseRedirect(reverse("staff-country-rule", args=[form.cleaned_data["country"]]), status=303)
    request.nav_page = "staff-clients"  # type: ignore[attr-defined]
    context = {
        "countries": shown_settings.countries(country_presets.known()),
        "form": form,
        "may_edit": may_edit,
    }
    return render(request, "contact_rules/countries.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(Permission.SET_COUNTRY_RULES)
def edit(request: StaffRequest, code: str) -> HttpResponse:
    country = _country(code)
    if request.method == "POST":
        CountryPreset.objects.select_for_update(of=("self",)).filter(country=code).first()
    now = country_presets.known().get(code)
    form = CountryForm(request.POST if request.method == "POST" else None, preset=now)
    if form.is_bound and form.is_valid():
        if form.has_changed():
            country_presets.change(code, form.preset(), by=request.user)
            messages.success(request, SAVED.format(country=country))
        else:
            messages.info(request, NOTHING)
        return HttpResponseRedirect(reverse("staff-country-rules"), status=303)
    request.nav_page = "staff-clients"  # type: ignore[attr-defined]
    ours = COUNTRY_HOURS.get(code)
    context = {
        "code": code,
        "country": country,
        "form": form,
        "by_staff": now is not None and now.by_staff,
        "ours": country_presets.words(ours) if ours else "",
        "our_source": ours.source if ours else "",
    }
    return render(request, "contact_rules/country.html", context, status=422 if form.errors else 200)


@require_POST
@staff_view(Permission.SET_COUNTRY_RULES)
def reset(request: StaffRequest, code: str) -> HttpResponse:
    country = _country(code)
    if country_presets.reset(code, by=request.user):
        words = RESET if code in COUNTRY_HOURS else TAKEN_AWAY
        messages.success(request, words.format(country=country))
    else:
        messages.info(request, NOTHING)
    return HttpResponseRedirect(reverse("staff-country-rules"), status=303)


def _country(code: str) -> str:
    name = phone_numbers.countries().get(code)
    if name is None:
        raise Http404
    return name
