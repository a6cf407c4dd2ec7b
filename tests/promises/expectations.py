"""What each person should meet at an endpoint, by its permission and the tables of tenants/access/permissions.py."""

from __future__ import annotations

from typing import Any

from tenants.access.permissions import NEEDS_SUPPORT_ACCESS, READ_ONLY, StaffRole
from tests.fixtures.canary_tenant import CanaryTenant
from tests.fixtures.two_tenants import Person
from tests.promises.url_matrix import OWN_THINGS, SIGNED_IN, Endpoint


def expected(
    endpoint: Endpoint, who: Person, place: CanaryTenant | None, thing: CanaryTenant | None, two_tenants: Any
) -> str:
    """In the words of the table: in, sign-in, missing, forbidden; for a method that the endpoint has."""
    if who.user is None:
        return "sign-in"
    if endpoint.auditor_admin:
        return _of_auditor_admin(endpoint, who, thing, two_tenants)
    if endpoint.name in SIGNED_IN or endpoint.name in OWN_THINGS:
        return "in" if endpoint.name in SIGNED_IN else "missing"
    if endpoint.of_client:
        return _of_client(endpoint, who, place, thing, two_tenants)
    if who.staff is None:
        return "missing"
    if not who.may(endpoint.permission) or (
        who.staff == StaffRole.SUPPORT and endpoint.permission in NEEDS_SUPPORT_ACCESS
    ):
        return "forbidden"
    if (
        not who.sees_all
        and "<slug:slug>" in endpoint.route
        and (place is None or not who.may_read(two_tenants.name_of(place)))
    ):
        return "missing"
    named = ("<slug:slug>" in endpoint.route and place is None) or (endpoint.about and thing is None)
    astray = "<slug:slug>" in endpoint.route and endpoint.about and place is not thing
    if named or astray:
        return "missing"
    return "in" if endpoint.row.owner_permission is None or who.may(endpoint.row.owner_permission) else "forbidden"


def _of_auditor_admin(endpoint: Endpoint, who: Person, thing: CanaryTenant | None, two_tenants: Any) -> str:
    if not who.auditor_access:
        return "forbidden"
    granted = {"all": list(two_tenants.tenants.values()), "home": [two_tenants.tenants.get(who.home)], "none": []}[
        who.auditor_access
    ]
    return "missing" if endpoint.about and thing not in granted else "in"


def _of_client(
    endpoint: Endpoint, who: Person, place: CanaryTenant | None, thing: CanaryTenant | None, two_tenants: Any
) -> str:
    mine = place is not None and place is two_tenants.tenants.get(who.home)
    if who.role is None and who.staff is None:
        return "missing"
    if who.staff and not mine:
        return "missing" if place is None or not who.may_read(two_tenants.name_of(place)) else "forbidden"
    if not mine:
        return "missing"
    if endpoint.permission and not (
        who.may(endpoint.permission) and (not who.read_only or endpoint.permission in READ_ONLY)
    ):
        return "forbidden"
    if endpoint.row.staff_only and who.staff is None:
        return "forbidden"
    if endpoint.about and thing is not place:
        return "missing"
    others = endpoint.row.others_permission
    return "forbidden" if others and not who.may(others) else "in"
