"""The do-not-call list of a client, and that of the reseller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.contact_rules import entries, list_page, number_list
from dashboard.contact_rules.list_page import ListPage
from dashboard.contact_rules.models import DoNotCallEntry
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope

FOR_STAFF = "the do-not-call list of the reseller"


class EntryListPage(ListPage):
    """A list of `DoNotCallEntry`: without a client, that of the reseller."""

    def rows(self) -> QuerySet[DoNotCallEntry]:
        return entries.of_list(self.tenant)

    def add(self, notes: Mapping[str, str], source: DoNotCallEntry.Source) -> list[str]:
        return entries.add(self.tenant, list(notes), source=source, by=self.request.user, notes=notes)

    def remove(self, pk: int, reason: str) -> DoNotCallEntry | None:
        return entries.remove(self.tenant, pk, by=self.request.user, reason=reason)

    def record_export(self, file_kind: str) -> None:
        audit.record(self.request.user, self.tenant, "do-not-call.exported", "do-not-call", file=file_kind)


class ClientListPage(EntryListPage):
    kind, url_name = "client", "do-not-call"

    def __init__(self, request: TenantRequest) -> None:
        super().__init__(request, request.tenant, request.tenant.slug)
        request.nav_page = "calls"  # type: ignore[attr-defined]  # of those who have no settings

    @property
    def up_url(self) -> str:
        return reverse("calls", args=self.url_args)

    @property
    def file_name(self) -> str:
        return f"do-not-call-{self.url_args[0]}"


class ResellerListPage(EntryListPage):
    """The list has keyed hashes alone: a number is asked for, and no number is given back."""

    kind, url_name = "reseller", "staff-do-not-call"
    head: ClassVar[list[str]] = ["Fingerprint", "Added at", "Added by", "From", "Why"]
    keeps_words = False  # of a line: a name beside a hash would say whose it is
    asked = ""  # the number that was looked for, where it is on the list
    may_remove = may_export = True  # of all who may open it

    def __init__(self, request: StaffRequest) -> None:
        super().__init__(request, None)
        request.nav_page = "staff-calls"  # type: ignore[attr-defined]

    @property
    def up_url(self) -> str:
        return reverse("staff-calls")

    @property
    def file_name(self) -> str:
        return "do-not-call-all"

    def scope(self) -> AbstractContextManager[None]:
        return scope.for_system(FOR_STAFF)

    def found(self, wanted: str, countries: Sequence[str]) -> QuerySet[DoNotCallEntry]:
        """By a whole number: there are no parts of one."""
        if not wanted.strip():
            return self.rows()
        listed = entries.listed_for_all(number_list.readings(wanted, countries))
        self.asked = next(iter(listed), "")
        return self.rows().filter(pk__in=listed.values())

    def number_of(self, entry: DoNotCallEntry) -> str:
        return self.asked


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.BLOCK_NUMBERS, open_scope=False)
def client_list(request: TenantRequest) -> HttpResponse:
    return list_page.answer(ClientListPage(request))


@require_POST
@tenant_view(Permission.UNBLOCK_NUMBERS, open_scope=False)
def client_remove(request: TenantRequest, pk: int) -> HttpResponse:
    return list_page.remove(ClientListPage(request), pk)


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def client_export(request: TenantRequest) -> HttpResponseBase:
    return list_page.export(ClientListPage(request))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False)
def staff_list(request: StaffRequest) -> HttpResponse:
    return list_page.answer(ResellerListPage(request))


@require_POST
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False)
def staff_remove(request: StaffRequest, pk: int) -> HttpResponse:
    return list_page.remove(ResellerListPage(request), pk)


@require_GET
@staff_view(Permission.MANAGE_DO_NOT_CALL, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def staff_export(request: StaffRequest) -> HttpResponseBase:
    return list_page.export(ResellerListPage(request))
