"""What the frame around every page needs: where one is, who one is, whose house it is."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from dashboard.calls.models import Call
from tenants.access import form_recovery
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant

P = Permission
BARE_ADDRESS = re.compile(r"[\d.]+(:\d+)?|\[.*\](:\d+)?")  # a passkey belongs to a name
STAFF_ROOMS = [  # url name, label, icon, permission, whether a phone puts it behind "More"
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
CLIENT_ROOMS = [
    ("client-home", "Overview", "overview", P.SEE_OVERVIEW, False),
    ("call-now", "Call now", "call", P.PLACE_CALLS, False),
    ("live", "Live", "live", P.SEE_CALLS, False),
    ("calls", "Calls", "calls", P.SEE_CALLS, False),
    ("campaigns", "Campaigns", "campaigns", P.SEE_CAMPAIGNS, True),
    ("team", "Team", "team", P.SEE_TEAM, True),
    ("settings", "Settings", "settings", P.MANAGE_SETTINGS, True),
    ("activity", "Activity", "activity", P.SEE_ACTIVITY, True),
]
INSIDE = {
    "campaign": "campaigns",
    "staff-client": "staff-clients",
    "staff-client-new": "staff-clients",
    "staff-person": "staff-people",
    "sandbox-mails": "sandbox",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every page; costs one query (live calls), and one for the clients of staff."""
    frame: dict[str, Any] = {
        "sandbox": bool(settings.SANDBOX_URL),
        "reseller_name": settings.RESELLER_NAME,
        "passkeys_work": not BARE_ADDRESS.fullmatch(request.get_host()),
    }
    if not getattr(request, "htmx", False):
        frame["saved_form"] = form_recovery.saved(request)
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or getattr(request, "htmx", False):
        return frame
    tenant: Tenant | None = getattr(request, "tenant", None)
    rooms = CLIENT_ROOMS if tenant else STAFF_ROOMS
    args = [tenant.slug] if tenant else []
    here = request.resolver_match.url_name if request.resolver_match else ""
    live = _live_count(actor, tenant)
    nav = [
        {
            "url": reverse(name, args=args),
            "label": label,
            "icon": icon,
            "current": name in (here, getattr(request, "room", "") or INSIDE.get(here or "", "")),
            "later": later,
            "count": live if icon == "live" and live else None,
        }
        for name, label, icon, permission, later in rooms
        if actor.may(permission) and (name != "sandbox" or settings.SANDBOX_URL)
    ]
    return frame | {
        "nav": nav,
        "more_is_current": any(entry["later"] and entry["current"] for entry in nav),
        "who": _who(actor),
        "house": _house(tenant),
        "visit": _visit(actor, tenant),
        "switch": _switch(actor, tenant),
        "may": {permission.name: actor.may(permission) for permission in Permission},
        "live_count": live,
    }


def initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split() if word[0].isalnum()]
    return ((words[0][0] + words[-1][0]) if len(words) > 1 else name[:2]).upper()


def _who(actor: Actor) -> dict[str, Any]:
    user = actor.user
    role = f"{actor.role_label}, {settings.RESELLER_NAME}" if actor.staff else actor.role_label
    return {"name": str(user), "initials": initials(str(user)), "role_label": role, "staff": bool(actor.staff)}


def _house(tenant: Tenant | None) -> dict[str, Any]:
    if tenant is None:
        return {"name": "Patchbay", "sub": settings.RESELLER_NAME, "brand_slug": None, "brand_version": ""}
    return {
        "name": tenant.name,
        "sub": tenant.city or f"by {settings.RESELLER_NAME}",
        "brand_slug": tenant.slug,
        "brand_version": f"{tenant.brand_hue}-{tenant.brand_chroma}",
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


def _live_count(actor: Actor, tenant: Tenant | None) -> int:
    def count() -> int:
        calls = Call.objects.live()
        return (calls.filter(tenant=tenant) if tenant else calls)[:1000].count()

    if scope.current():
        return count()
    if tenant:
        with scope.for_tenant(tenant):
            return count()
    if actor.staff:
        with scope.for_staff(actor.staff):
            return count()
    return 0


def _switch(actor: Actor, tenant: Tenant | None) -> list[dict[str, Any]]:
    """Where else one may go: staff to every client, people to the clients they belong to."""
    if actor.staff:
        return _clients(actor, tenant)
    return _memberships(actor, tenant)


def _clients(actor: Actor, tenant: Tenant | None) -> list[dict[str, Any]]:
    def clients() -> list[Tenant]:
        return list(Tenant.objects.exclude(status=Tenant.Status.CLOSED).only("slug", "name"))

    if tenant is None and scope.current():
        found = clients()
    elif scope.current():  # inside one client's scope the others do not exist
        found = [tenant] if tenant else []
    else:
        with scope.for_staff(actor.staff):  # type: ignore[arg-type]
            found = clients()
    staff = {"name": "All clients", "url": reverse("home"), "current": tenant is None}
    return [staff] + [
        {"name": one.name, "url": reverse("staff-client", args=[one.slug]), "current": one == tenant} for one in found
    ]


def _memberships(actor: Actor, tenant: Tenant | None) -> list[dict[str, Any]]:
    """The clients of one person, found together with the membership that let them in; none for a single client."""
    if len(actor.memberships) < 2:
        return []
    return [
        {
            "name": one.tenant.name,
            "url": reverse("client-home", args=[one.tenant.slug]),
            "current": one.tenant == tenant,
        }
        for one in actor.memberships
    ]
