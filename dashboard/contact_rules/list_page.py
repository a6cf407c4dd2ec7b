"""A do-not-call list as a page: shown, added to, exported, and taken off. Each list says what is its own of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from dashboard.contact_rules import number_list
from dashboard.contact_rules.models import DoNotCallEntry, ListedNumber
from dashboard.contact_rules.number_forms import FindForm, NumbersForm, RemoveForm
from dashboard.ui import pagination, phone_numbers, times
from tenants import spreadsheets
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant

COUNTED = 1_000
LONGEST_NOTE = 200
FEWEST_DIGITS = 3  # of a part of a number
MOST_LINES = 50  # of a client, whose countries are tried
ALL_KNOWN = "Nothing was added: all of it is on the list already."
Source = DoNotCallEntry.Source


class ListPage(ABC):
    """What one list is: its rows, who may do what with them, and its address.

    `kind` chooses the words of the page. Methods run inside `scope()`, unless they only make addresses or words.
    """

    kind: ClassVar[str]
    url_name: str  # those of removing and of the export begin with it
    head: ClassVar[list[str]] = ["Number", "Added at", "Added by", "From", "Why"]
    keeps_words = True  # beside a number, such as a name

    def __init__(self, request: Any, tenant: Tenant | None, *url_args: Any) -> None:
        self.request, self.tenant, self.url_args = request, tenant, url_args

    @abstractmethod
    def rows(self) -> QuerySet[Any]: ...

    @abstractmethod
    def add(self, notes: Mapping[str, str], source: DoNotCallEntry.Source) -> list[str]:
        """Those that were not on it yet, of the numbers (E.164) with these notes."""

    @abstractmethod
    def remove(self, pk: int, reason: str) -> ListedNumber | None: ...

    @abstractmethod
    def record_export(self, file_kind: str) -> None: ...

    @property
    @abstractmethod
    def up_url(self) -> str: ...

    @property
    @abstractmethod
    def file_name(self) -> str: ...

    @property
    def may_remove(self) -> bool:
        return bool(self.request.actor.may(Permission.UNBLOCK_NUMBERS))

    @property
    def may_export(self) -> bool:
        return bool(self.request.actor.may(Permission.EXPORT_CALLS))

    @property
    def zone(self) -> ZoneInfo:
        return self.tenant.zone if self.tenant else times.here()

    def context(self) -> dict[str, Any]:
        """What its page has besides."""
        return {}

    def number_of(self, entry: Any) -> str:
        """As far as it is known."""
        return str(entry.number)

    def follow_up(self) -> None:
        """After the list has changed, and outside of its scope."""
        return None

    def scope(self) -> AbstractContextManager[None]:
        assert self.tenant is not None
        return scope.for_tenant(self.tenant)

    def url(self, name: str = "", *args: Any) -> str:
        return reverse(f"{self.url_name}{name}", args=[*self.url_args, *args])

    def countries(self) -> list[str]:
        """Where a number without a country code is read: in the client's country, and those of its lines."""
        if self.tenant is None:
            return []
        lines = NumberDedication.objects.open().filter(tenant=self.tenant).values_list("e164", flat=True).order_by("pk")
        found = [self.tenant.country, *map(phone_numbers.country_of, lines[:MOST_LINES])]
        return list(dict.fromkeys(filter(None, found)))

    def found(self, wanted: str, countries: Sequence[str]) -> QuerySet[Any]:
        """By a whole number as one writes it, or a part of one."""
        rows = self.rows()
        if not wanted.strip():
            return rows
        if numbers := number_list.readings(wanted, countries):
            return rows.filter(number__in=numbers)
        digits = "".join(char for char in wanted if char.isascii() and char.isdigit())
        return rows.filter(number__contains=digits) if len(digits) >= FEWEST_DIGITS else rows.none()


def answer(page: ListPage) -> HttpResponse:
    """The page; of a form that was sent, what became of it."""
    with page.scope():
        countries = page.countries()
    if page.request.method != "POST":
        return _shown(page, NumbersForm(countries=countries))
    form = NumbersForm(page.request.POST, page.request.FILES, countries=countries)
    if not form.is_valid():
        return _shown(page, form, status=422)
    _add(page, form)
    if form.read.bad:
        form.show_bad_lines()
        return _shown(page, form, status=422)
    return _back(page)


def remove(page: ListPage, pk: int) -> HttpResponse:
    form = RemoveForm(page.request.POST)
    with page.scope():
        if not page.rows().filter(pk=pk).exists():
            raise Http404
    if not form.is_valid():
        messages.error(page.request, "Nothing was taken off. " + " ".join(map(str, form.errors["reason"])))
        return _back(page)
    with page.scope():
        entry = page.remove(pk, form.cleaned_data["reason"])
    if entry is None:
        raise Http404
    page.follow_up()
    what = phone_numbers.grouped(entry.number) if entry.number else "This number"
    messages.success(page.request, f"{what} may be called again.")
    return _back(page)


def export(page: ListPage) -> HttpResponseBase:
    """Written down before the first line leaves."""
    file = spreadsheets.chosen(page.request)
    with page.scope():
        page.record_export(file.kind)
    name = f"{page.file_name}-{timezone.now().astimezone(page.zone):%Y-%m-%d}"
    return spreadsheets.response(name, page.head, _lines(page), file)


def added_by(entry: ListedNumber) -> str:
    return str(entry.added_by) if entry.added_by else "Patchbay"


def _back(page: ListPage) -> HttpResponse:
    return HttpResponseRedirect(page.url(), status=303)


def _add(page: ListPage, form: NumbersForm) -> None:
    numbers, why = form.read.numbers, form.cleaned_data["note"]
    is_one = len(numbers) == 1 and not form.cleaned_data["file"]
    notes = {number: _note(words if page.keeps_words else "", why) for number, words in numbers.items()}
    with page.scope():
        added = page.add(notes, Source.BY_HAND if is_one else Source.LIST)
    if added:
        page.follow_up()
        messages.success(page.request, _words(added, len(numbers) - len(added)))
    elif numbers:
        messages.info(page.request, ALL_KNOWN)


def _note(words: str, why: str) -> str:
    return ", ".join(filter(None, (words, why)))[:LONGEST_NOTE]


def _words(added: list[str], known: int) -> str:
    what = f"{phone_numbers.grouped(added[0])} is" if len(added) == 1 else f"{len(added):,} numbers are"
    rest = f" {known:,} {'was' if known == 1 else 'were'} on it already." if known else ""
    return f"{what} on the do-not-call list now.{rest}"


def _shown(page: ListPage, form: NumbersForm, *, status: int = 200) -> HttpResponse:
    find = FindForm(page.request.GET)
    wanted = find.cleaned_data["q"] if find.is_valid() else ""
    with page.scope():
        found = page.found(wanted, form.countries)
        part = pagination.page(found, page.request.GET, moment="added_at")
        count = found.order_by()[: COUNTED + 1].count()
        context = page.context()
    context |= {
        "kind": page.kind,
        "client": page.tenant,
        "form": form,
        "find": find,
        "wanted": wanted,
        "rows": [_row(page, entry) for entry in part.rows],
        "page": part,
        "count": min(count, COUNTED),
        "more": count > COUNTED,
        "sentence": times.zone_words(page.zone),
        "export_url": page.url("-export"),
        "may_export": page.may_export,
        "may_remove": page.may_remove,
        "up_url": page.up_url,
    }
    return render(page.request, "contact_rules/do_not_call.html", context, status=status)


def _row(page: ListPage, entry: Any) -> dict[str, Any]:
    call_id = getattr(entry, "call_id", None)
    return {
        "entry": entry,
        "number": page.number_of(entry),
        "dialog": f"remove-{entry.pk}",
        "remove_url": page.url("-remove", entry.pk),
        "by": added_by(entry),
        "call_url": reverse("call", args=[page.tenant.slug, call_id]) if page.tenant and call_id else "",
    }


def _lines(page: ListPage) -> Iterator[list[object]]:
    with page.scope():
        found = page.rows()  # each page of it is read in a scope of its own
    for rows in pagination.in_chunks(found, 1000, page.scope, moment="added_at"):
        for entry in rows:
            at = f"{entry.added_at.astimezone(page.zone):%Y-%m-%d %H:%M}"
            yield [str(entry), at, added_by(entry), entry.get_source_display(), entry.note]
