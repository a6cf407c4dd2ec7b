"""The reseller's own people: who they are, what they may, and which clients support is let into.

Verbs run inside a scope that reaches every client. What concerns one client is told in its own trail.
"""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from tenants import audit
from tenants.access import support_access
from tenants.access.permissions import StaffRole
from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember, Tenant, User


class StaffChangeRefused(Exception):
    """The change was not made; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@scope.requires_scope
def invite(*, email: str, name: str, role: StaffRole | str, sees_all: bool = True, by: User) -> StaffMember:
    """Somebody new, who cannot sign in before they chose a password by `password_link`."""
    if User.objects.filter(email__iexact=email).exists():
        raise StaffChangeRefused("Somebody signs in with this address already.")
    user = User.objects.create_user(email, None, name=name)
    one = StaffMember.objects.create(user=user, role=StaffRole(role), sees_all=sees_all or role != StaffRole.SUPPORT)
    audit.record(by, None, "staff.invited", user, person=name, email=email, role=one.get_role_display())
    return one


def password_link(user: User) -> str:
    """Sets a password, once, within three days (`PASSWORD_RESET_TIMEOUT`)."""
    key = default_token_generator.make_token(user)
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])


@scope.requires_scope
def change(one: StaffMember, *, role: StaffRole | str, sees_all: bool, by: User) -> None:
    """Their role, and whether support knows every client. Raises `StaffChangeRefused` for the last admin."""
    before = f"{one.get_role_display()}, {_reach(one)}"
    if one.role == StaffRole.ADMIN and role != StaffRole.ADMIN:
        _keep_an_admin(one)
    one.role = StaffRole(role)
    one.sees_all = sees_all or one.role != StaffRole.SUPPORT
    one.save(update_fields=["role", "sees_all"])
    after = f"{one.get_role_display()}, {_reach(one)}"
    if after != before:
        audit.record(by, None, "staff.changed", one.user, person=str(one.user), before=before, after=after)


@scope.requires_scope
def remove(one: StaffMember, *, by: User) -> None:
    """They are nobody here any more; what they did stays. Raises `StaffChangeRefused` for the last admin."""
    if one.role == StaffRole.ADMIN:
        _keep_an_admin(one)
    user = one.user
    one.delete()
    audit.record(by, None, "staff.removed", user, person=str(user))


@scope.requires_scope
def grant_client(one: StaffMember, tenant: Tenant, *, by: User) -> bool:
    """Whether that is new."""
    _, new = StaffGrant.objects.get_or_create(staff=one, tenant=tenant)
    if new:
        audit.record(by, tenant, "support.let-in", one.user, person=str(one.user))
    return new


@scope.requires_scope
def revoke_client(one: StaffMember, tenant: Tenant, *, by: User) -> None:
    """Ends a visit that is open, too."""
    if StaffGrant.objects.filter(staff=one, tenant=tenant).delete()[0]:
        support_access.end_all(tenant, of=one.user)
        audit.record(by, tenant, "support.kept-out", one.user, person=str(one.user))


def hindrance(one: StaffMember, among: QuerySet[StaffMember] | None = None) -> str:
    """Why the role of this person stays and they cannot be removed, or ""; the page says it by what refuses."""
    admins = (StaffMember.objects.all() if among is None else among).filter(role=StaffRole.ADMIN).order_by("pk")
    is_last = one.role == StaffRole.ADMIN and not [other for other in admins if other.pk != one.pk]
    return "This is the last admin. Make somebody else an admin first." if is_last else ""


def _keep_an_admin(one: StaffMember) -> None:
    if words := hindrance(one, StaffMember.objects.select_for_update()):
        raise StaffChangeRefused(words)


def _reach(one: StaffMember) -> str:
    return "every client" if one.sees_all else "granted clients"
