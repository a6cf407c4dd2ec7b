"""What every shelf of the reading room can do: show, search, filter, link to what belongs to a row, and export."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tenants import audit
from tenants.access.reauthentication import Confirm
from tenants.auditor_admin import csv_export
from tenants.auditor_admin.site import reader, site
from tenants.isolation import scope
from tenants.models import AssistantDedication, Connection, NumberDedication, Person, Tenant

MOST_WORDS, LONGEST_SEARCH = 10, 100


if TYPE_CHECKING:  # generic in the types alone
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReadOnly:
    """Asks who reads, never Django's own table of permissions."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return reader(request.user) is not None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reader(request.user) is not None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(ReadOnly, TabularInline):
    """Rows of another shelf on the page of the row they belong to."""

    can_delete = False
    extra = 0


class ReadOnlyModelAdmin(ReadOnly, ModelAdmin):
    """Rows of one kind. `people` are columns with a person; their names come from the view without password hashes.
    `noted` names the entry that reading one row writes, where it does."""

    show_full_result_count = False
    list_per_page = 50
    change_list_template = "admin/read_only_list.html"
    change_form_template = "admin/read_only_detail.html"
    people: list[str] = []
    noted = ""
    also_exported: list[str] = []

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_urls(self) -> list[URLPattern]:
        """Nothing that Django's admin has for writing."""
        page, door, name = site.admin_view, site.door, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("", page(self.changelist_view), name=f"{name}_changelist"),
            path("export/", door(self.export, self.changelist_view, Confirm.THEN_FETCH), name=f"{name}_export"),
            path("<path:object_id>/history/", page(self.history_view), name=f"{name}_history"),
            path("<path:object_id>/change/", door(self.one, self.change_view), name=f"{name}_change"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = rows.annotate(**{f"{one}_name": _name(f"{one}_id") for one in self.people})
        return named

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Each word is a condition of its own: more than a few are cut, and the page says so."""
        words = search_term.split()
        if len(words) > MOST_WORDS or len(search_term) > LONGEST_SEARCH:
            search_term = " ".join(words[:MOST_WORDS])[:LONGEST_SEARCH]
            self.message_user(request, f"Only this was searched for: {search_term}", messages.WARNING)
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """By its key alone. What is not granted and what never was are the same."""
        found = super().get_object(request, object_id)
        if found is None:
            raise Http404
        return found

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What was done to this row is in the audit trail."""
        found = self.get_object(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:tenants_auditentry_changelist')}?subject={subject_of(found)}")

    def one(self, request: Any, object_id: str) -> HttpResponseBase:
        """One row; where reading it is itself written down, that comes first, in a transaction of its own."""
        if self.noted:
            with scope.for_auditor(request.reader):
                found = self.get_object(request, object_id)
                tenant = found.tenant
            with scope.for_system("somebody reads"):
                audit.record_once(request.user, tenant, self.noted, found)
        return site.within(self.change_view)(request, object_id)

    def export(self, request: Any) -> HttpResponseBase:
        """The shelf as search and filters leave it, as CSV; who took it away is written down before it leaves."""
        return csv_export.export(self, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "see_also"]

    def see_also(self, row: Model) -> SafeString:
        """Shelves of what points to this row, and its entries in the audit trail."""
        links = [(reverse("admin:tenants_auditentry_changelist"), f"subject={subject_of(row)}", "audit entries")]
        for relation in row._meta.related_objects:
            kind = relation.related_model._meta
            if site.is_registered(relation.related_model):
                shelf = reverse(f"admin:{kind.app_label}_{kind.model_name}_changelist")
                query = f"{relation.field.name}__{row._meta.pk.name}__exact={row.pk}"
                links.append((shelf, query, str(kind.verbose_name_plural)))
        return format_html_join(" · ", '<a href="{}?{}">{}</a>', links)


def _name(column: str) -> Subquery:
    return Subquery(Person.objects.filter(pk=OuterRef(column)).values("name")[:1])


def subject_of(row: Model) -> str:
    """As `audit.record` names it."""
    return f"{row._meta.model_name}:{row.pk}"


def linked(row: Model | None, words: str = "") -> str:
    """A row of another shelf, as a link to it."""
    if row is None:
        return "—"
    return link_to(type(row), row.pk, words or str(row))


def link_to(model: type[Model], pk: object, words: str) -> str:
    place = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(place, args=[pk]), words)


def link_of(subject: str) -> str:
    """The row that an audit entry is about, where there is a shelf for it."""
    kind, _, pk = subject.partition(":")
    model = next(
        (model for model in apps.get_models() if model._meta.model_name == kind and site.is_registered(model)), None
    )
    return link_to(model, pk, subject) if model and pk else subject or "—"


def at(moment: Any) -> str:
    """A moment with its zone, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "—"


def pretty(value: Any) -> str:
    """JSON for reading."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False)) if value else "—"


def person_of(row: Any, column: str) -> str:
    """Who that was; for the columns that the shelf names in `people`."""
    pk = getattr(row, f"{column}_id")
    return "—" if pk is None else link_to(Person, pk, getattr(row, f"{column}_name") or f"person {pk}")


def connections_of(request: Any) -> QuerySet[Connection]:
    """All, or those through which the granted clients call."""
    if request.reader.sees_all:
        return Connection.objects.all()
    used = Q(pk__in=Tenant.objects.values("home_connection"))
    for model in (NumberDedication, AssistantDedication):
        used |= Q(pk__in=model.objects.values("connection"))
    return Connection.objects.filter(used)


class _Chosen(admin.SimpleListFilter):
    """Of those one may know of."""

    path = ""

    def known(self, request: Any) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.known(request))

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value not in {key for key, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(**{self.path: value})


class ByClient(_Chosen):
    title, parameter_name, path = "client", "client", "tenant"

    def known(self, request: Any) -> Iterable[tuple[str, str]]:
        return ((str(pk), name) for pk, name in Tenant.objects.order_by("name").values_list("pk", "name"))


class ByHolder(ByClient):
    """Of numbers and assistants: who has or had them."""

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (value := self.value()):
            return queryset
        if not value.isdecimal():
            return queryset.none()
        held = queryset.model.dedications.rel.related_model.objects.filter(tenant=value)
        return queryset.filter(pk__in=held.values(queryset.model._meta.model_name))


def one_of(field: str, choices: Iterable[tuple[str, str]], title: str = "") -> type[_Chosen]:
    """A filter over known words: Django's own reads the whole table to find out which there are."""
    known = [(key, label) for key, label in choices if key]

    class OneOf(_Chosen):
        parameter_name = path = field

        def known(self, request: Any) -> Iterable[tuple[str, str]]:
            return known

    OneOf.title = title or field.replace("_", " ").strip()
    return OneOf


class ByConnection(_Chosen):
    title, parameter_name, path = "connection", "connection", "connection"

    def known(self, request: Any) -> Iterable[tuple[str, str]]:
        return ((str(pk), name) for pk, name in connections_of(request).order_by("name").values_list("pk", "name"))


class ByHome(ByConnection):
    """Of clients: where they are at home."""

    path = "home_connection"
