"""The auditors' reading room: Django's admin over what one is granted, in transactions that cannot write."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path, re_path, reverse
from django.views.decorators.csrf import csrf_protect

from tenants.access import reauthentication
from tenants.access.permissions import StaffRole
from tenants.access.reauthentication import Confirm
from tenants.accounts import mfa
from tenants.isolation import scope
from tenants.models import Auditor

READS = ("GET", "HEAD")
View = Callable[..., HttpResponseBase]


def reader(user: Any) -> Auditor | None:
    """Who may read here: an auditor by grant, and the reseller's admins, as if they were one."""
    if not user.is_authenticated or not user.is_active:
        return None
    granted: Auditor | None = getattr(user, "auditor", None)
    if granted is not None:
        return granted
    if hasattr(user, "staff") and user.staff.role == StaffRole.ADMIN:
        return Auditor(user=user, sees_all=True)
    return None


class AuditorAdminSite(admin.AdminSite):
    """Has no doors of its own: one signs in, changes a password and leaves where everybody does."""

    site_header = site_title = "Patchbay, reading room"
    index_title = "What happened"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return reader(request.user) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        return self.door(self.within(view), view)

    def within(self, view: View) -> View:
        """One scope of the auditor around a view and its rendering."""

        def read(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with scope.for_auditor(request.reader):
                response = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
            return response

        return read

    def door(self, read: View, view: View, confirm: Confirm = Confirm.NO) -> Any:
        """Refuses others, then every method that could write; `read` opens the scopes, `view` gives its name."""

        def enter(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.reader = reader(request.user)
            if request.reader is None:
                if request.user.is_authenticated:
                    raise PermissionDenied
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if request.method not in READS:
                return HttpResponseNotAllowed(READS)
            mfa.of_staff(request, request.user)
            reauthentication.require(request, confirm)
            request.session.get("_auth_user_id")  # read as the app, before the auditor's scope begins
            try:
                return read(request, *args, **kwargs)
            except scope.NoAuditorLogin as error:
                return HttpResponse(f"The auditors' pages are not available: {error}", "text/plain", status=503)

        return update_wrapper(csrf_protect(enter), view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The shelves and nothing that Django's admin has for writing."""
        shelves = [
            path(f"{model._meta.app_label}/{model._meta.model_name}/", include(shelf.get_urls()))
            for model, shelf in self._registry.items()
        ]
        rooms = "|".join(sorted({model._meta.app_label for model in self._registry}))
        return [
            path("", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript), name="jsi18n"),
            *shelves,
            re_path(rf"^(?P<app_label>{rooms})/$", self.admin_view(self.app_index), name="app_list"),
        ]


site = AuditorAdminSite(name="admin")
