"""The do-not-call list of a client, and that of the reseller: shown, added to, exported, and taken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.contact_rules import entries, number_list
from dashboard.contact_rules.forms import FindForm, NumbersForm, RemoveForm
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.ui import pagination, phone_numbers, times
from tenants import audit, spreadsheets
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant

COUNTED = 1_000
FEWEST_DIGITS = 3  # of a part of a number
MOST_LINES = 50  # of a client, whose countries are tried
HEAD = ["Number", "Added at", "Added by", "From", "Why"]
ALL_KNOWN = "Nothing was added: all of it is on the list already."
FOR_STAFF = "the do-not-call list of the reseller"


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.BLOCK_NUMBERS, open_scope=False)
def client_list(request: TenantRequest) -> HttpResponse:
    request.nav_page = "calls"  # type: ignore[attr-defined]
    return _list(request, request.tenant)


@require_POST
@tenant_view(Permission.UNBLOCK_NUMBERS, open_scope=False)
def client_remove(request: TenantRequest, pk: int) -> HttpResponse:
    return _remove(request, request.tenant, pk)


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def client_export(request: TenantRequest) -> HttpResponseBase:
    return _export(request, request.tenant)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False)
def staff_list(request: StaffRequest) -> HttpResponse:
    request.nav_page = "staff-calls"  # type: ignore[attr-defined]
    return _list(request, None)


@require_POST
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False)
def staff_remove(request: StaffRequest, pk: int) -> HttpResponse:
    return _remove(request, None, pk)


@require_GET
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def staff_export(request: StaffRequest) -> HttpResponseBase:
    return _export(request, None)


def _scope(tenant: Tenant | None) -> AbstractContextManager[None]:
    return scope.for_system(FOR_STAFF) if tenant is None else scope.for_tenant(tenant)


def _url(tenant: Tenant | None, name: str, *args: Any) -> str:
    return (
        reverse(f"do-not-call{name}", args=[tenant.slug, *args])
        if tenant
        else reverse(f"staff-do-not-call{name}", args=args)
    )


def _list(request: Any, tenant: Tenant | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, tenant, NumbersForm(countries=_countries(tenant)))
    form = NumbersForm(request.POST, request.FILES, countries=_countries(tenant))
    if not form.is_valid():
        return _page(request, tenant, form, status=422)
    _add(request, tenant, form)
    if form.read.bad:
        form.show_bad_lines()
        return _page(request, tenant, form, status=422)
    return HttpResponseRedirect(_url(tenant, ""), status=303)


def _add(request: Any, tenant: Tenant | None, form: NumbersForm) -> None:
    numbers = list(form.read.numbers)
    is_one = len(numbers) == 1 and not form.cleaned_data["file"]
    with _scope(tenant):
        added = entries.add(
            tenant,
            numbers,
            source=entries.Source.BY_HAND if is_one else entries.Source.LIST,
            by=request.user,
            note=form.cleaned_data["note"],
        )
    if added:
        messages.success(request, _words(added, len(numbers) - len(added)))
    elif numbers:
        messages.info(request, ALL_KNOWN)


def _words(added: list[str], known: int) -> str:
    what = f"{phone_numbers.grouped(added[0])} is" if len(added) == 1 else f"{len(added):,} numbers are"
    rest = f" {known:,} {'was' if known == 1 else 'were'} on it already." if known else ""
    return f"{what} on the do-not-call list now.{rest}"


def _countries(tenant: Tenant | None) -> list[str]:
    """Where a number without a country code is read: in the client's country, and those of its lines."""
    if tenant is None:
        return []
    with scope.for_tenant(tenant):
        lines = NumberDedication.objects.open().filter(tenant=tenant).values_list("e164", flat=True).order_by("pk")
        found = [tenant.country, *map(phone_numbers.country_of, lines[:MOST_LINES])]
    return list(dict.fromkeys(filter(None, found)))


def _page(request: Any, tenant: Tenant | None, form: NumbersForm, *, status: int = 200) -> HttpResponse:
    find = FindForm(request.GET)
    wanted = find.cleaned_data["q"] if find.is_valid() else ""
    with _scope(tenant):
        found = _found(entries.of_list(tenant), wanted, form.countries)
        page = pagination.page(found, request.GET, moment="added_at")
        count = found.order_by()[: COUNTED + 1].count()
    context = {
        "client": tenant,
        "form": form,
        "find": find,
        "wanted": wanted,
        "rows": [_row(tenant, entry) for entry in page.rows],
        "page": page,
        "count": min(count, COUNTED),
        "more": count > COUNTED,
        "sentence": times.zone_words(tenant.zone) if tenant else times.zone_words(timezone.get_current_timezone()),
        "export_url": _url(tenant, "-export"),
        "may_export": tenant is None or request.actor.may(Permission.EXPORT_CALLS),
        "may_remove": tenant is None or request.actor.may(Permission.UNBLOCK_NUMBERS),
        "up_url": reverse("calls", args=[tenant.slug]) if tenant else reverse("staff-calls"),
    }
    return render(request, "contact_rules/do_not_call.html", context, status=status)


def _found(rows: QuerySet[DoNotCallEntry], wanted: str, countries: Sequence[str]) -> QuerySet[DoNotCallEntry]:
    """A whole number as one writes it, or a part of one."""
    if not wanted.strip():
        return rows
    if numbers := number_list.readings(wanted, countries):
        return rows.filter(number__in=numbers)
    digits = "".join(char for char in wanted if char.isascii() and char.isdigit())
    return rows.filter(number__contains=digits) if len(digits) >= FEWEST_DIGITS else rows.none()


def _row(tenant: Tenant | None, entry: DoNotCallEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "dialog": f"remove-{entry.pk}",
        "remove_url": _url(tenant, "-remove", entry.pk),
        "by": _by(entry),
        "call_url": reverse("call", args=[tenant.slug, entry.call_id]) if tenant and entry.call_id else "",
    }


def _by(entry: DoNotCallEntry) -> str:
    return str(entry.added_by) if entry.added_by else "Patchbay"


def _remove(request: Any, tenant: Tenant | None, pk: int) -> HttpResponse:
    form = RemoveForm(request.POST)
    with _scope(tenant):
        if not entries.of_list(tenant).filter(pk=pk).exists():
            raise Http404
    if not form.is_valid():
        messages.error(request, "Nothing was taken off. " + " ".join(map(str, form.errors["reason"])))
        return HttpResponseRedirect(_url(tenant, ""), status=303)
    with _scope(tenant):
        entry = entries.remove(tenant, pk, by=request.user, reason=form.cleaned_data["reason"])
    if entry is None:
        raise Http404
    messages.success(request, f"{phone_numbers.grouped(entry.number)} may be called again.")
    return HttpResponseRedirect(_url(tenant, ""), status=303)


def _export(request: Any, tenant: Tenant | None) -> HttpResponseBase:
    """Written down before the first line leaves."""
    file = spreadsheets.chosen(request)
    zone = tenant.zone if tenant else timezone.get_current_timezone()
    with _scope(tenant):
        audit.record(request.user, tenant, "do-not-call.exported", "do-not-call", file=file.kind)
    name = f"do-not-call-{tenant.slug if tenant else 'all'}-{timezone.now().astimezone(zone):%Y-%m-%d}"
    return spreadsheets.response(name, HEAD, _lines(tenant, zone), file)


def _lines(tenant: Tenant | None, zone: Any) -> Iterator[list[object]]:
    found = DoNotCallEntry.objects.filter(tenant=tenant).select_related("added_by")  # each page in a scope of its own
    for rows in pagination.in_chunks(found, 1000, lambda: _scope(tenant), moment="added_at"):
        for entry in rows:
            at = f"{entry.added_at.astimezone(zone):%Y-%m-%d %H:%M}"
            yield [entry.number, at, _by(entry), entry.get_source_display(), entry.note]
