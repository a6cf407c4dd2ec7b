"""The context of the layout of every page: navigation, the signed-in user, the brand, and the visit of staff."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from dashboard.calls.models import Call
from dashboard.overview import attention, client_attention, settings_tabs
from dashboard.overview.attention import Attention
from dashboard.overview.settings_tabs import Tab
from tenants.access import form_recovery, reauthentication
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant

P = Permission
KEPT = 10  # seconds
BARE_ADDRESS = re.compile(r"[\d.]+(:\d+)?|\[.*\](:\d+)?")  # passkeys work for host names only
STAFF_PAGES = [  # url name, label, icon, permission, whether a phone shows it in the menu "More"
    ("home", "Overview", "overview", P.SEE_CLIENTS, False),
    ("staff-live", "Live", "live", P.SEE_ALL_CALLS, False),
    ("staff-clients", "Clients", "clients", P.SEE_CLIENTS, False),
    ("staff-inventory", "Inventory", "inventory", P.SEE_INVENTORY, True),
    ("staff-calls", "Calls", "calls", P.SEE_ALL_CALLS, False),
    ("staff-campaigns", "Campaigns", "campaigns", P.SEE_ALL_CALLS, True),
    ("staff-connections", "Connections", "connections", P.SEE_CONNECTIONS, True),
    ("staff-activity", "Activity", "activity", P.SEE_ALL_ACTIVITY, True),
    ("staff-people", "Staff", "team", P.MANAGE_STAFF, True),
    ("staff-mail", "Mail", "mail", P.MANAGE_MAIL, True),
    ("sandbox", "Sandbox", "sandbox", P.USE_SANDBOX, True),
]
CLIENT_PAGES = [
    ("client-home", "Overview", "overview", P.SEE_OVERVIEW, False),
    ("call-now", "Call now", "call", P.PLACE_CALLS, False),
    ("live", "Live", "live", P.SEE_CALLS, False),
    ("calls", "Calls", "calls", P.SEE_CALLS, False),
    ("campaigns", "Campaigns", "campaigns", P.SEE_CAMPAIGNS, True),
    ("team", "Team", "team", P.SEE_TEAM, True),
    ("settings", "Settings", "settings", None, True),  # for whoever has a tab of it
    ("activity", "Activity", "activity", P.SEE_ACTIVITY, True),
]
CLIENT_ADDRESSES = ("/c/", "/enter/")  # for staff outside of a client these belong to their page of clients


def layout(request: HttpRequest) -> dict[str, Any]:
    """Costs one query for live calls and what needs a person and, for staff, one for the clients."""
    context: dict[str, Any] = {
        "sandbox": bool(settings.SANDBOX_URL),
        "reseller_name": settings.RESELLER_NAME,
        "passkeys_work": not BARE_ADDRESS.fullmatch(request.get_host()),
    }
    if not getattr(request, "htmx", False):
        context["saved_form"] = form_recovery.saved(request)
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or getattr(request, "htmx", False):
        return context
    tenant: Tenant | None = getattr(request, "tenant", None)
    tabs = settings_tabs.of(actor, tenant, request.path)
    nav = _navigation(request, actor, tenant, tabs)
    return context | {
        "nav": nav,
        "settings_tabs": tabs,
        "section": next((entry for entry in nav if entry["current"]), None),
        "is_own_account": request.path.startswith((reverse("account"), "/accounts/")),
        "confirmed_for": reauthentication.seconds_left(request),
        "more_is_current": any(entry["in_more_menu"] and entry["current"] for entry in nav),
        "profile": _profile(actor),
        "brand": _brand(tenant),
        "visit": _visit(actor, tenant),
        "switcher": _switcher(actor, tenant),
        "switcher_url": _switcher_url(actor, tenant),
        "switcher_more": _switcher_more(actor),
        "may": {permission.name: actor.may(permission) for permission in Permission},
    }


def _navigation(request: HttpRequest, actor: Actor, tenant: Tenant | None, tabs: list[Tab]) -> list[dict[str, Any]]:
    args = [tenant.slug] if tenant else []
    figures = _figures(request, actor, tenant)
    nav = [
        _page(name, label, icon, args, in_more_menu=in_more_menu, count=figures.get(icon))
        for name, label, icon, permission, in_more_menu in (CLIENT_PAGES if tenant else STAFF_PAGES)
        if (actor.may(permission) if permission else tabs) and (name != "sandbox" or settings.SANDBOX_URL)
    ]
    if not nav and hasattr(actor.user, "auditor"):
        nav = [_page("admin:questions", "Audit console", "shield")]
    current = "settings" if any(tab.current for tab in tabs) else _current_page(request, nav)
    first_tab = {"url": tabs[0].url} if tabs else {}
    return [
        entry | (first_tab if entry["name"] == "settings" else {}) | {"current": entry["name"] == current}
        for entry in nav
    ]


def _page(name: str, label: str, icon: str, args: list[str] | None = None, **more: Any) -> dict[str, Any]:
    page = {"name": name, "url": reverse(name, args=args), "label": label, "icon": icon}
    return {"in_more_menu": False, "count": None} | page | more


def _current_page(request: HttpRequest, nav: list[dict[str, Any]]) -> str:
    """The page of the navigation that a request belongs to, by its address: so it is the same for a page below it, for
    the answer to a form, and for an error. A view may name another one in `request.nav_page`.
    """
    if named := getattr(request, "nav_page", ""):
        return str(named)
    path = request.path
    if not hasattr(request, "tenant") and path.startswith(CLIENT_ADDRESSES):
        return "staff-clients"
    overviews = {reverse("home"), nav[0]["url"] if nav else ""}  # every other address begins with theirs
    above = [
        entry
        for entry in nav
        if path == entry["url"] or (path.startswith(entry["url"]) and entry["url"] not in overviews)
    ]
    return max(above, key=lambda entry: len(entry["url"]))["name"] if above else ""


def _profile(actor: Actor) -> dict[str, Any]:
    user = actor.user
    role = f"{actor.role_label}, {settings.RESELLER_NAME}" if actor.staff else actor.role_label
    return {"name": str(user), "role_label": role, "staff": bool(actor.staff)}


def _brand(tenant: Tenant | None) -> dict[str, Any]:
    if tenant is None:
        return {"name": "Patchbay", "subtitle": settings.RESELLER_NAME, "slug": None, "version": ""}
    return {
        "name": tenant.name,
        "subtitle": tenant.city or f"by {settings.RESELLER_NAME}",
        "slug": tenant.slug,
        "version": f"{tenant.brand_hue}-{tenant.brand_chroma}",
    }


def _visit(actor: Actor, tenant: Tenant | None) -> dict[str, Any] | None:
    if actor.visit is None or tenant is None:
        return None
    return {
        "client": tenant.name,
        "since": actor.visit.started_at,
        "leave_url": reverse("leave"),
        "role": actor.role_label.lower(),
        "is_read_only": actor.is_read_only,
        "until": actor.allowed_by.until if actor.allowed_by and actor.is_support else None,
        "by": actor.allowed_by.given_by if actor.allowed_by else None,
        "reason": "" if actor.allowed_by else actor.visit.reason,
        "timezone": tenant.timezone,
    }


def _figures(request: HttpRequest, actor: Actor, tenant: Tenant | None) -> dict[str, int]:
    """Live calls and what needs a person, by icon of the navigation.

    The overviews, which list what needs a person, say how much it is; other pages repeat that for `KEPT` seconds, since
    asking everything anew takes longer than most pages. Live calls are counted for each page.
    """
    key = f"needs:{actor.user.pk}:{tenant.pk if tenant else 'staff'}"
    found: Attention | None = getattr(request, "attention", None)
    if found is None and (needs := cache.get(key)) is not None:
        counted: int | None = getattr(request, "live_calls", None)  # where a page has asked for them already
        return {"live": _live(actor, tenant) if counted is None else counted, "overview": needs}
    found = found or _attention(actor, tenant)
    cache.set(key, len(found.needs), KEPT)
    return {"live": found.live, "overview": len(found.needs)}


def _live(actor: Actor, tenant: Tenant | None) -> int:
    if not actor.may(P.SEE_CALLS if tenant else P.SEE_ALL_CALLS):
        return 0
    found = Call.objects.filter(tenant=tenant) if tenant else Call.objects.all()
    with _scope_of(actor, tenant):
        return found.live().count()


def _scope_of(actor: Actor, tenant: Tenant | None) -> AbstractContextManager[None]:
    """The scope that is open, else one of the client or of this member of staff."""
    if scope.current():
        return nullcontext()
    return scope.for_tenant(tenant) if tenant else scope.for_staff(actor.staff)  # type: ignore[arg-type]


def _attention(actor: Actor, tenant: Tenant | None) -> Attention:
    """What the overview lists, so that the sidebar says the same on every page."""
    if tenant is None and actor.staff is None:
        return Attention([])
    with _scope_of(actor, tenant):
        return client_attention.of_client(actor, tenant) if tenant else attention.of_staff(actor)


def _switcher(actor: Actor, tenant: Tenant | None) -> list[dict[str, Any]]:
    """The clients to switch to, for members eight of theirs at most. Staff fetch theirs when they open the menu."""
    if not actor.staff:
        return _of_member(actor, tenant)
    found = [{"name": "All clients", "url": reverse("home"), "current": tenant is None}]
    if tenant:
        found.append({"name": tenant.name, "url": reverse("staff-client", args=[tenant.slug]), "current": True})
    return found


def _switcher_url(actor: Actor, tenant: Tenant | None) -> str:
    """Where the menu fetches the clients when it is opened, so that no page grows with them; "" for members."""
    if not actor.staff or not actor.may(P.SEE_CLIENTS):
        return ""
    return f"{reverse('client-choices')}?here={tenant.slug if tenant else ''}"


def _switcher_more(actor: Actor) -> str:
    """The page with every client, where the menu does not have them all."""
    if actor.staff:
        return reverse("staff-clients") if actor.may(P.SEE_CLIENTS) else ""
    return reverse("home") if actor.clients > len(actor.nearby) > 0 else ""


def _of_member(actor: Actor, tenant: Tenant | None) -> list[dict[str, Any]]:
    """Some of the clients of a user, read with the membership; empty for a single client."""
    here = tenant.slug if tenant else ""
    return [
        {"name": name, "url": reverse("client-home", args=[slug]), "current": slug == here}
        for slug, name in actor.nearby
    ]
