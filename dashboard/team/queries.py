"""Queries of the team page."""

from __future__ import annotations

from tenants.isolation import scope
from tenants.models import (
    Invitation,
    Membership,
    Tenant,
)


@scope.requires_scope
def people(tenant: Tenant) -> list[Membership]:
    order = ["owner", "manager", "operator", "viewer"]
    found = Membership.objects.filter(tenant=tenant).select_related("user")[:200]
    return sorted(found, key=lambda member: (order.index(member.role), member.user.name))


@scope.requires_scope
def open_invitations(tenant: Tenant) -> list[Invitation]:
    invitations = Invitation.objects.open().filter(tenant=tenant)
    return list(invitations.select_related("tenant", "invited_by").order_by("created_at")[:100])
