"""Whether the person for whom a planned call is placed may still place calls when its time comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from tenants import audit
from tenants.access import support_access
from tenants.access.decorators import Actor, staff_of
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Membership, StaffMember, Tenant, User

MAY_NOT = "{person} may not place calls for {client} any more, so nothing was dialed."


@scope.opens_scope
def refusal(tenant: Tenant, user: User) -> str:
    """Why it is not placed for this person, or "". Opens scopes of its own."""
    actor = _actor(tenant, user) if user.is_active else None
    if actor is not None and actor.may(Permission.PLACE_CALLS):
        return ""
    return MAY_NOT.format(person=user, client=tenant.name)


@scope.opens_scope
def may_override(tenant: Tenant, user: User) -> bool:
    """Whether this person may set contact rules aside now. Opens scopes of its own."""
    actor = _actor(tenant, user) if user.is_active else None
    return actor is not None and actor.may(Permission.OVERRIDE_CONTACT_RULES)


@contextmanager
def attributed(tenant: Tenant, user: User) -> Iterator[None]:
    """Audit entries of a member of staff name the client, as those during a visit do."""
    if staff_of(user) is None:
        yield
        return
    with audit.acting_as(user.pk, f"{user} of {settings.RESELLER_NAME} for {tenant.name}"):
        yield


def _actor(tenant: Tenant, user: User) -> Actor | None:
    """What the person is to this client now; a member, or staff. Support needs a pass of the client at this moment."""
    with scope.for_tenant(tenant):
        membership = Membership.objects.select_related("tenant").filter(tenant=tenant, user=user).first()
        allowed_by = support_access.open_pass(tenant)
    if membership is not None:
        return Actor(user, membership=membership)
    staff = staff_of(user)
    return Actor(user, staff=staff, allowed_by=allowed_by) if staff and _sees(staff, tenant) else None


def _sees(staff: StaffMember, tenant: Tenant) -> bool:
    with scope.for_staff(staff):
        return Tenant.objects.filter(pk=tenant.pk).exists()
