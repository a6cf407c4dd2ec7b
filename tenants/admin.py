"""The auditors' reading room: everything they are granted, nothing they could change."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from tenants import scope
from tenants.audit_words import sentence
from tenants.models import (
    Assistant,
    AssistantDedication,
    AuditEntry,
    Auditor,
    Connection,
    Number,
    NumberDedication,
    Person,
    Tenant,
)
from tenants.roles import StaffRole


def reader(user: Any) -> Auditor | None:
    """Who may read here: an auditor by grant, and the reseller's admins, as if they were one."""
    if not user.is_authenticated or not user.is_active:
        return None
    if hasattr(user, "auditor"):
        return user.auditor
    if hasattr(user, "staff") and user.staff.role == StaffRole.ADMIN:
        return Auditor(user=user, sees_all=True)
    return None


class ReadingRoom(admin.AdminSite):
    """Django's admin, with every request in a transaction that cannot write."""

    site_header = site_title = "Patchbay, reading room"
    index_title = "What happened"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return reader(request.user) is not None

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            who = reader(request.user)
            if who is None:
                if request.user.is_authenticated:
                    raise PermissionDenied
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            request.session.get("_auth_user_id")  # read as the app, before the role changes
            with scope.auditor(who):
                response = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
            return response

        return update_wrapper(csrf_protect(read), view)


site = ReadingRoom(name="admin")


class ReadOnly(admin.ModelAdmin):
    """A page that shows, searches and filters."""

    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return reader(request.user) is not None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reader(request.user) is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}


def at(moment: Any) -> str:
    """A moment with its zone, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "—"


@admin.register(Tenant, site=site)
class TenantShelf(ReadOnly):
    list_display = ["name", "slug", "status", "home_connection", "timezone", "created_at"]
    list_filter = ["status", "home_connection"]
    list_select_related = ["home_connection"]
    search_fields = ["name", "slug", "city"]


@admin.register(Connection, site=site)
class ConnectionShelf(ReadOnly):
    list_display = ["name", "organization_name", "parent", "last_contact_at", "last_error", "minutes_balance"]
    list_select_related = ["parent"]
    search_fields = ["name", "organization_name", "organization_id"]
    exclude = ["webhook_token"]


class DedicationShelf(ReadOnly):
    """Who had what, from when until when."""

    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "connection"]
    list_select_related = ["tenant", "connection"]
    exclude = ["made_by", "ended_by"]
    readonly_fields = ["dedicated_by", "released_by"]

    @admin.display(description="from", ordering="period")
    def begins(self, dedication: Any) -> str:
        return at(dedication.period.lower)

    @admin.display(description="until")
    def ends(self, dedication: Any) -> str:
        return at(dedication.period.upper) if dedication.period.upper else "open"

    def dedicated_by(self, dedication: Any) -> str:
        return name_of(dedication.made_by_id)

    def released_by(self, dedication: Any) -> str:
        return name_of(dedication.ended_by_id)


def name_of(user_id: int | None) -> str:
    """A person's name, read from the view that holds no password hashes."""
    if user_id is None:
        return "—"
    return str(Person.objects.filter(pk=user_id).first() or f"person {user_id}")


@admin.register(NumberDedication, site=site)
class NumberDedicationShelf(DedicationShelf):
    list_display = ["e164", "tenant", "connection", "begins", "ends"]
    search_fields = ["e164", "tenant__name"]


@admin.register(AssistantDedication, site=site)
class AssistantDedicationShelf(DedicationShelf):
    list_display = ["assistant", "tenant", "connection", "begins", "ends"]
    list_select_related = ["tenant", "connection", "assistant"]
    search_fields = ["assistant__name", "tenant__name"]


@admin.register(Number, site=site)
class NumberShelf(ReadOnly):
    list_display = ["e164", "name", "connection", "is_active", "seen_at", "vanished_at"]
    list_filter = ["connection", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["e164", "name", "business_name"]


@admin.register(Assistant, site=site)
class AssistantShelf(ReadOnly):
    list_display = ["name", "connection", "provider", "family", "is_active", "seen_at", "vanished_at"]
    list_filter = ["connection", "family", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["name", "business_name", "remote_id"]


@admin.register(Person, site=site)
class PersonShelf(ReadOnly):
    list_display = ["name", "email", "is_active", "last_login"]
    search_fields = ["name", "email"]


@admin.register(AuditEntry, site=site)
class AuditShelf(ReadOnly):
    list_display = ["at", "actor", "sentence", "tenant", "action", "subject", "chain", "seq"]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "action", "at"]
    list_select_related = ["tenant"]
    search_fields = ["actor", "action", "subject", "body"]
    date_hierarchy = "at"
    exclude = ["hash"]
    readonly_fields = ["sentence", "hash_in_hex"]

    def sentence(self, entry: AuditEntry) -> str:
        return sentence(entry)

    @admin.display(description="hash")
    def hash_in_hex(self, entry: AuditEntry) -> str:
        return bytes(entry.hash).hex()
