"""The auditors' admin site: Django's admin over the granted clients, in read-only transactions."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
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


class Subject(StrEnum):
    """What the lists of records are about, in the order of their page."""

    CALLS = "Calls"
    CAMPAIGNS = "Campaigns"
    ACCESS = "Clients and access"
    DEDICATIONS = "Numbers and assistants"
    RULES = "Contact rules"
    TRAIL = "Trail and syncs"


View = Callable[..., HttpResponseBase]


def auditor_for(user: Any) -> Auditor | None:
    """The auditor that a user reads as: their own grant, or for the reseller's admins one that sees all; else None."""
    if not user.is_authenticated or not user.is_active:
        return None
    granted: Auditor | None = getattr(user, "auditor", None)
    if granted is not None:
        return granted
    if hasattr(user, "staff") and user.staff.role == StaffRole.ADMIN:
        return Auditor(user=user, sees_all=True)
    return None


class AuditorAdminSite(admin.AdminSite):
    """Has no pages for signing in, signing out and passwords: auditors use those of everybody."""

    site_header = site_title = "Audit console"
    index_title = "Records"
    enable_nav_sidebar = True
    extra_pages: Callable[[], list[URLPattern]] | None = None

    def add_pages(self, pages: Callable[[], list[URLPattern]]) -> None:
        """Pages beside those of the models, the first one at the root of the site; an app adds them when it is ready.

        `pages` is called when the URLs are first resolved.
        """
        self.extra_pages = pages

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The lists of records by subject, under the names that their admin classes give them.

        Those that are read most stand in the navigation (`is_main`), the others on the page of all records.
        """
        apps: list[Any] = super().get_app_list(request, app_label)
        for entry in (entry for app in apps for entry in app["models"]):
            model_admin: Any = self._registry[entry["model"]]
            entry["name"] = self.records_of(entry["model"])
            entry["subject"], entry["is_main"] = model_admin.subject, model_admin.is_main
            entry["is_current"] = request.path.startswith(entry["admin_url"])
        return apps if app_label else _by_subject(apps)

    def records_of(self, model: type[Model]) -> str:
        """The name of the list of a model."""
        return getattr(self._registry[model], "records", "") or str(model._meta.verbose_name_plural)

    def has_permission(self, request: HttpRequest) -> bool:
        return auditor_for(request.user) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        return self.restricted_view(self.in_auditor_scope(view), view)

    def in_auditor_scope(self, view: View) -> View:
        """Keeps one scope of the auditor open around a view and its rendering."""

        def read(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with scope.for_auditor(request.auditor):
                response = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
            return response

        return read

    def restricted_view(self, handler: View, view: View, confirm: Confirm = Confirm.NO) -> Any:
        """Refuses everybody but auditors, and methods that write. `handler` opens the scopes; `view` gives the name."""

        def wrapper(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.auditor = auditor_for(request.user)
            if request.auditor is None:
                if request.user.is_authenticated:
                    raise PermissionDenied
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if request.method not in READS:
                return HttpResponseNotAllowed(READS)
            mfa.require_for_staff(request, request.user)
            reauthentication.require(request, confirm)
            request.session.get("_auth_user_id")  # loads the session as the app, before the auditor's scope is open
            try:
                return handler(request, *args, **kwargs)
            except scope.NoAuditorLogin as error:
                return HttpResponse(f"The audit console is not available: {error}", "text/plain", status=503)

        return update_wrapper(csrf_protect(wrapper), view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The added pages, the list of models and the models; none of the URLs that Django's admin has for writing."""
        models = [
            path(f"{model._meta.app_label}/{model._meta.model_name}/", include(model_admin.get_urls()))
            for model, model_admin in self._registry.items()
        ]
        app_labels = "|".join(sorted({model._meta.app_label for model in self._registry}))
        return [
            *(self.extra_pages() if self.extra_pages else []),
            path("records/", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript), name="jsi18n"),
            *models,
            re_path(rf"^(?P<app_label>{app_labels})/$", self.admin_view(self.app_index), name="app_list"),
        ]


def _by_subject(apps: list[Any]) -> list[Any]:
    entries = sorted((entry for app in apps for entry in app["models"]), key=lambda entry: str(entry["name"]))
    return [
        {"title": subject.value, "models": [entry for entry in entries if entry["subject"] == subject]}
        for subject in Subject
    ]


site = AuditorAdminSite(name="admin")
