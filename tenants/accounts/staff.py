"""The reseller's staff: invitations, roles, and the clients that support may see and enter.

The scope has to reach every client. Changes of access to a client are recorded in that client's trail.
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
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember, Tenant, User


class StaffChangeRefused(ActionRefused):
    """The change of a staff member was not made."""


@scope.requires_scope
def invite(*, email: str, name: str, role: StaffRole | str, sees_all: bool = True, by: User) -> StaffMember:
    """Make a new staff member, who cannot sign in before choosing a password with `password_link`."""
    if User.objects.filter(email__iexact=email).exists():
        raise StaffChangeRefused("Somebody signs in with this address already.")
    user = User.objects.create_user(email, None, name=name)
    member = StaffMember.objects.create(user=user, role=StaffRole(role), sees_all=sees_all or role != StaffRole.SUPPORT)
    role_words = member.get_role_display()
    audit.record(by, None, "staff.invited", user, person=name, email=email, role=role_words, sees_all=member.sees_all)
    return member


def password_link(user: User) -> str:
    """A link that sets a password once, within three days (`PASSWORD_RESET_TIMEOUT`)."""
    key = default_token_generator.make_token(user)
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])


@scope.requires_scope
def change(member: StaffMember, *, role: StaffRole | str, sees_all: bool, by: User) -> None:
    """Change the role, and whether support sees every client. Raises `StaffChangeRefused` for the last admin."""
    before = f"{member.get_role_display()}, {_reach(member)}"
    if member.role == StaffRole.ADMIN and role != StaffRole.ADMIN:
        _keep_an_admin(member)
    member.role = StaffRole(role)
    member.sees_all = sees_all or member.role != StaffRole.SUPPORT
    member.save(update_fields=["role", "sees_all"])
    after = f"{member.get_role_display()}, {_reach(member)}"
    if after != before:
        reach = {"sees_all": member.sees_all}
        audit.record(
            by, None, "staff.changed", member.user, person=str(member.user), before=before, after=after, **reach
        )


@scope.requires_scope
def remove(member: StaffMember, *, by: User) -> None:
    """Remove from the staff; the user and their audit entries stay. Raises `StaffChangeRefused` for the last admin."""
    if member.role == StaffRole.ADMIN:
        _keep_an_admin(member)
    user = member.user
    member.delete()
    audit.record(by, None, "staff.removed", user, person=str(user))


@scope.requires_scope
def grant_client(member: StaffMember, tenant: Tenant, *, by: User) -> bool:
    """Let support see and enter a client; False if they could already."""
    _, new = StaffGrant.objects.get_or_create(staff=member, tenant=tenant)
    if new:
        audit.record(by, tenant, "support.let-in", member.user, person=str(member.user))
    return new


@scope.requires_scope
def revoke_client(member: StaffMember, tenant: Tenant, *, by: User) -> None:
    """End that access, and an open visit."""
    if StaffGrant.objects.filter(staff=member, tenant=tenant).delete()[0]:
        support_access.end_all(tenant, of=member.user)
        audit.record(by, tenant, "support.kept-out", member.user, person=str(member.user))


def last_admin_message(member: StaffMember, among: QuerySet[StaffMember] | None = None) -> str:
    """The message of the refusal if the role cannot change and the member cannot be removed, else ""; for pages."""
    admins = (StaffMember.objects.all() if among is None else among).filter(role=StaffRole.ADMIN).order_by("pk")
    is_last = member.role == StaffRole.ADMIN and not [other for other in admins if other.pk != member.pk]
    return "This is the last admin. Make somebody else an admin first." if is_last else ""


def _keep_an_admin(member: StaffMember) -> None:
    if message := last_admin_message(member, StaffMember.objects.select_for_update()):
        raise StaffChangeRefused(message)


def _reach(member: StaffMember) -> str:
    return "every client" if member.sees_all else "granted clients"
