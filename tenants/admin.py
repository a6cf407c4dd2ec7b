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
from tenants.models import Auditor
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

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., HttpResponseBase]:
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
