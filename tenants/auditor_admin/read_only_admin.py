"""Base classes of the auditors' admin: lists and pages that cannot be changed, filters, links and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tenants import audit
from tenants.access.reauthentication import Confirm
from tenants.auditor_admin import bounded_lists, csv_export
from tenants.auditor_admin.bounded_lists import CappedPaginator
from tenants.auditor_admin.site import Subject, auditor_for, site
from tenants.isolation import scope
from tenants.models import AssistantDedication, Connection, NumberDedication, Person, Tenant

OLDER_NOT_SEARCHED = "Only the newest {:,} rows were searched. Choose a client or a month to look at older ones."
MAX_WORDS, MAX_SEARCH_LENGTH = 10, 100
SUBJECTS = {  # of audit entries: the name of a model, and what it is in words
    "tenant": "Client",
    "user": "Person",
    "person": "Person",
    "staff": "Staff member",
    "auditor": "Auditor",
    "membership": "Team member",
    "invitation": "Invitation",
    "numberdedication": "Number of a client",
    "assistantdedication": "Assistant of a client",
    "callreport": "Report of a call",
    "address": "Network",
    "childorganization": "Organization",
    "transfertarget": "Transfer target",
    "callpreset": "Preset",
    "plannedcall": "Planned call",
    "campaigndraft": "Campaign draft",
}
PEOPLE = ("user", "person")  # shown by the view without password hashes


if TYPE_CHECKING:  # generic in the types alone
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReadOnlyMixin:
    """Auditors may view everything and change nothing; Django's table of permissions is not used."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return auditor_for(request.user) is not None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return auditor_for(request.user) is not None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    """Related rows on the page of a row."""

    can_delete = False
    extra = 0


class ReadOnlyModelAdmin(ReadOnlyMixin, ModelAdmin):
    """The list and the pages of one model.

    `records` is the name of the list, `subject` what it is about; `is_main` puts it into the navigation.
    `page` are the columns that the page of a row shows.
    `person_columns` are foreign keys to people; their names come from the view without password hashes.
    `audit_action` is recorded when the page of one row is read; "" records nothing.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count the whole table
    list_per_page = 50
    paginator = CappedPaginator
    change_list_template = "admin/read_only_list.html"
    change_form_template = "admin/read_only_detail.html"
    records = ""
    subject = Subject.TRAIL
    is_main = False
    page: list[Any] = []
    person_columns: list[str] = []
    audit_action = ""
    extra_export_columns: list[str] = []

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_urls(self) -> list[URLPattern]:
        """Only the views that read: Django's URLs for writing are left out."""
        page, restricted, name = site.admin_view, site.restricted_view, f"{self.opts.app_label}_{self.opts.model_name}"
        export = restricted(self.export_view, self.changelist_view, Confirm.THEN_FETCH)
        return [
            path("", page(self.changelist_view), name=f"{name}_changelist"),
            path("export/", export, name=f"{name}_export"),
            path("<path:object_id>/history/", page(self.history_view), name=f"{name}_history"),
            path("<path:object_id>/change/", restricted(self.detail_view, self.change_view), name=f"{name}_change"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = {"title": self.records or in_words(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        title = {"title": self.records or in_words(self.opts.verbose_name_plural)}
        return super().change_view(request, object_id, form_url, title | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        columns = {f"{column}_name": _person_name(f"{column}_id") for column in self.person_columns}
        annotated: QuerySet[Any] = rows.annotate(**columns)
        return annotated

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Limits the search, since each word is a condition of its own; the page says what was searched for."""
        words = search_term.split()
        if len(words) > MAX_WORDS or len(search_term) > MAX_SEARCH_LENGTH:
            search_term = " ".join(words[:MAX_WORDS])[:MAX_SEARCH_LENGTH]
            self.message_user(request, f"Only this was searched for: {search_term}", messages.WARNING)
        if search_term and not getattr(request, "reads_all", False):
            queryset, has_more = bounded_lists.newest(queryset)
            if has_more:
                self.message_user(request, OLDER_NOT_SEARCHED.format(bounded_lists.SEARCHED), messages.WARNING)
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """By primary key alone; the same 404 for a row that is not granted and one that does not exist."""
        row = super().get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Redirects to the audit entries about this row."""
        row = self.get_object(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:tenants_auditentry_changelist')}?subject={subject_of(row)}")

    def detail_view(self, request: Any, object_id: str) -> HttpResponseBase:
        """One row; where `audit_action` is set, the entry is committed before the row is shown."""
        if self.audit_action:
            with scope.for_auditor(request.auditor):
                row = self.get_object(request, object_id)
                tenant = row.tenant
            with scope.for_system("an auditor reads"):
                audit.record_once(request.user, tenant, self.audit_action, row)
        return site.in_auditor_scope(self.change_view)(request, object_id)

    def export_view(self, request: Any) -> HttpResponseBase:
        """The rows that search and filters leave, as a file; the audit entry is committed before the file is sent."""
        request.reads_all = True  # a search looks at every row here
        return csv_export.export(self, request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*(self.page or self.list_display), "related_links"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    @admin.display(description="More")
    def related_links(self, row: Model) -> SafeString:
        """Links to the lists of related rows, and to the audit entries about this row."""
        links = [(reverse("admin:tenants_auditentry_changelist"), f"subject={subject_of(row)}", "what was done to it")]
        for relation in row._meta.related_objects:
            kind = relation.related_model._meta
            if site.is_registered(relation.related_model):
                changelist = reverse(f"admin:{kind.app_label}_{kind.model_name}_changelist")
                query = f"{relation.field.name}__{row._meta.pk.name}__exact={row.pk}"
                name = site.records_of(relation.related_model)
                links.append((changelist, query, name[:1].lower() + name[1:]))
        return format_html_join(" · ", '<a href="{}?{}">{}</a>', links)


def _person_name(column: str) -> Subquery:
    return Subquery(Person.objects.filter(pk=OuterRef(column)).values("name")[:1])


def subject_of(row: Model) -> str:
    """The subject of audit entries about a row, as `audit.record` writes it."""
    return f"{row._meta.model_name}:{row.pk}"


def row_link(row: Model | None, text: str = "") -> str:
    """A link to the page of a row."""
    if row is None:
        return "—"
    return link_by_key(type(row), row.pk, text or str(row))


def link_by_key(model: type[Model], pk: object, text: str) -> str:
    url_name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(url_name, args=[pk]), text)


def subject_link(subject: str) -> str:
    """What kind of row an audit entry is about, in words: a link to it, if the admin has its model."""
    kind, _, pk = subject.partition(":")
    words = SUBJECTS.get(kind) or in_words(kind) or "—"
    name = "person" if kind in PEOPLE else kind
    model = next(
        (model for model in apps.get_models() if model._meta.model_name == name and site.is_registered(model)), None
    )
    return link_by_key(model, pk, words) if model and pk else words


def format_moment(moment: Any, zone: ZoneInfo | None = None, *, seconds: bool = True) -> str:
    """`19 Nov 2026, 14:03:11 CET`: always with its zone.

    Records are shown in the zone of the reseller's pages; answers about one client in that client's (`zone`).
    """
    if not moment:
        return "—"
    local = timezone.localtime(moment, zone)
    clock = f"{local:%H:%M:%S %Z}" if seconds else f"{local:%H:%M %Z}"
    return f"{local.day} {local:%b %Y}, {clock}"


def format_facts(value: Any) -> str:
    """JSON as a list of names and values in words; a list or a value alone as its text."""
    if not isinstance(value, dict):
        return _plain(value)
    rows = [(in_words(name), _plain(inner)) for name, inner in value.items()]
    pairs = format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
    return format_html('<dl class="facts">{}</dl>', pairs) if rows else "—"


def in_words(name: object) -> str:
    """`new_patient` → `New patient`."""
    words = str(name).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _plain(value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{in_words(name)}: {_plain(inner)}" for name, inner in value.items())
    return str(value)


def column(path: str, name: str, shape: Callable[[Any], str] | None = None) -> Callable[[Any], str | bool]:
    """A column of lists and pages: the value at `path` (`campaign__name`) under the heading `name`.

    `shape` makes it readable; without one, moments, choices, yes and no, and rows that have a page are.
    """

    def value(row: Any) -> str | bool:
        return _shown(row, path, shape)

    value.__name__ = f"shown_{path}"  # under a field's own name Django adds its help text, which is for programmers
    return admin.display(value, description=name, ordering=path)


def _shown(row: Any, path: str, shape: Callable[[Any], str] | None) -> str:
    *through, field = path.split("__")
    for step in through:
        row = getattr(row, step, None)
    value = getattr(row, field, None)
    if shape is not None:
        return shape(value)
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, Model):
        return row_link(value) if site.is_registered(type(value)) else str(value)
    choices = getattr(row, f"get_{field}_display", None)
    return _plain(choices() if choices else value)


def person_link(row: Any, column: str) -> str:
    """A link to the person of one of the `person_columns`; not for a first column, which is a link to its row."""
    pk = getattr(row, f"{column}_id")
    return "—" if pk is None else link_by_key(Person, pk, person_name(row, column))


def person_name(row: Any, column: str) -> str:
    return getattr(row, f"{column}_name") or f"person {getattr(row, f'{column}_id')}"


def visible_connections(request: Any) -> QuerySet[Connection]:
    """Every connection, or those that the granted clients use."""
    if request.auditor.sees_all:
        return Connection.objects.all()
    used = Q(pk__in=Tenant.objects.values("home_connection"))
    for model in (NumberDedication, AssistantDedication):
        used |= Q(pk__in=model.objects.values("connection"))
    return Connection.objects.filter(used)


class _RestrictedFilter(admin.SimpleListFilter):
    """A filter that offers and accepts only the choices that the auditor may see."""

    path = ""

    def choices_for(self, request: Any) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.choices_for(request))

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value not in {key for key, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(**{self.path: value})


class ClientFilter(_RestrictedFilter):
    title, parameter_name, path = "client", "client", "tenant"

    def choices_for(self, request: Any) -> Iterable[tuple[str, str]]:
        return ((str(pk), name) for pk, name in Tenant.objects.order_by("name").values_list("pk", "name"))


class HolderFilter(ClientFilter):
    """Of numbers and assistants: the clients that have or had them."""

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (value := self.value()):
            return queryset
        if not value.isdecimal():
            return queryset.none()
        held = queryset.model.dedications.rel.related_model.objects.filter(tenant=value)
        return queryset.filter(pk__in=held.values(queryset.model._meta.model_name))


def choice_filter(field: str, choices: Iterable[tuple[str, str]], title: str = "") -> type[_RestrictedFilter]:
    """A filter over given choices; Django's own reads the whole table to collect the values."""
    allowed = [(key, label) for key, label in choices if key]

    class ChoiceFilter(_RestrictedFilter):
        parameter_name = path = field

        def choices_for(self, request: Any) -> Iterable[tuple[str, str]]:
            return allowed

    ChoiceFilter.title = title or field.replace("_", " ").strip()
    return ChoiceFilter


class ConnectionFilter(_RestrictedFilter):
    title, parameter_name, path = "connection", "connection", "connection"

    def choices_for(self, request: Any) -> Iterable[tuple[str, str]]:
        return ((str(pk), name) for pk, name in visible_connections(request).order_by("name").values_list("pk", "name"))


class HomeConnectionFilter(ConnectionFilter):
    """Of clients: their home connection."""

    path = "home_connection"
