"""Members of a client: invitations, roles, removal, and the rule that one owner remains."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.core import signing
from django.db.models.functions import Now
from django.utils import timezone

from tenants import audit, names, tenant_status
from tenants.access.permissions import Role
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Invitation, Membership, StaffMember, Tenant, User

INVITATION_DAYS = 7
MAILED = signing.Signer(sep=".", salt="an invitation that came by mail")


class LastOwner(ActionRefused):
    """A client must keep at least one owner."""

    message = "This is the last owner. Make somebody else an owner first."

    def __init__(self) -> None:
        super().__init__(self.message)


class NoTransientCalls(ActionRefused):
    """The client may not have them, or the role cannot place calls."""

    message = "Only members who place calls can use one-time assistants, in a client whose account team allows them."

    def __init__(self) -> None:
        super().__init__(self.message)


class AlreadyInvited(ActionRefused):
    """The person is a member already, or has an open invitation."""


class HasOwner(AlreadyInvited):
    """Somebody else invited the first owner in the same moment."""


@scope.requires_scope
def invite(
    tenant: Tenant, *, email: str, name: str = "", role: Role | str, by: User, only_first_owner: bool = False
) -> tuple[Invitation, str]:
    """Invite a person; returns the invitation and its token, which is stored only as a hash.

    `only_first_owner` is for those whose permission ends with the first owner. Inviting an owner locks the client, so
    that the second of two such requests at the same time raises `HasOwner`.
    """
    email = email.strip().lower()
    if role == Role.OWNER:
        tenant_status.lock_tenant(tenant)
    if only_first_owner and has_owner(tenant):
        raise HasOwner("This client has an owner already, or somebody is invited to be one. Nobody was invited.")
    if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
        raise AlreadyInvited("This person is in the team already.")
    if StaffMember.objects.filter(user__email__iexact=email).exists():
        raise AlreadyInvited("This is the address of a staff member. Staff enter a client without being in its team.")
    if Invitation.objects.open().filter(tenant=tenant).filter(email__iexact=email).exists():
        raise AlreadyInvited("This person has an open invitation. Withdraw it first to send another.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        tenant=tenant,
        email=email,
        name=names.clean(name, 120),
        role=Role(role),
        token_hash=_hash(token),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    audit.record(by, tenant, "person.invited", invitation, email=email, role=str(role))
    return invitation, token


@scope.requires_scope
def has_owner(tenant: Tenant) -> bool:
    """Whether the client has an owner, or somebody who is invited to be one."""
    if Membership.objects.filter(tenant=tenant, role=Role.OWNER).exists():
        return True
    return Invitation.objects.open().filter(tenant=tenant).filter(role=Role.OWNER).exists()


@scope.requires_scope
def withdraw(invitation: Invitation, *, by: User) -> None:
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(withdrawn_at=Now())
    audit.record(by, invitation.tenant, "person.invitation-withdrawn", invitation, email=invitation.email)


def mailed_token(token: str) -> str:
    """The token in the mailed link: it is signed, so using it proves that the mail of that address was read."""
    return MAILED.sign(token)


def read_token(mailed_or_shown: str) -> tuple[str, bool]:
    """The token of a link, and whether the link was mailed, which proves the address."""
    try:
        return MAILED.unsign(mailed_or_shown), True
    except signing.BadSignature:
        return mailed_or_shown, False


@scope.opens_scope
def find_invitation(link_token: str) -> Invitation | None:
    """The open invitation of a link, mailed or shown, if any."""
    token, _ = read_token(link_token)
    with scope.for_system("open an invitation"):
        found = Invitation.objects.select_related("tenant", "invited_by").filter(token_hash=_hash(token)).first()
    return found if found and found.is_open else None


@scope.opens_scope
def accept(link_token: str, *, name: str, password: str | None, user: User | None = None) -> User | None:
    """Accept an invitation, once: for a new person with this name and password, or for `user`, who is signed in.

    A new person needs the mailed link: one that was shown on a screen proves nothing about the address. Staff join no
    client, also when they were invited before they became staff: consent to support access is the client's own.
    Returns None when the link is not valid for that, or when the address belongs to somebody who must sign in first.
    """
    token, by_mail = read_token(link_token)
    with scope.for_system("accept an invitation"):
        invitation = (
            Invitation.objects.select_for_update(of=("self",)).select_related("tenant").filter(token_hash=_hash(token))
        ).first()
        if invitation is None or not invitation.is_open:
            return None
        if user is None:
            if not by_mail or User.objects.filter(email__iexact=invitation.email).exists():
                return None
            user = User.objects.create_user(invitation.email, password, name=name)
        elif user.email.lower() != invitation.email.lower() or StaffMember.objects.filter(user=user).exists():
            return None
        Membership.objects.get_or_create(tenant=invitation.tenant, user=user, defaults={"role": invitation.role})
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=Now())
        audit.record(user, invitation.tenant, "person.joined", invitation, email=user.email, role=invitation.role)
    return user


@scope.requires_scope
def change_role(membership: Membership, role: Role | str, *, by: User, sees_transcripts: bool | None = None) -> None:
    before = membership.role
    if before == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = Role(role)
    if sees_transcripts is not None:
        membership.sees_transcripts = sees_transcripts
    membership.places_transient_calls &= membership.may_have_transient_calls
    membership.save(update_fields=["role", "sees_transcripts", "places_transient_calls"])
    audit.record(
        by,
        membership.tenant,
        "person.role-changed",
        membership,
        person=str(membership.user),
        user=membership.user_id,
        before=before,
        role=role,
    )


@scope.requires_scope
def change_transient_calls(membership: Membership, given: bool, *, by: User) -> None:
    """Give a member the right to place calls with one-time assistants, or take it back."""
    if given and not (membership.tenant.transient_calls and membership.may_have_transient_calls):
        raise NoTransientCalls
    if membership.places_transient_calls == given:
        return
    membership.places_transient_calls = given
    membership.save(update_fields=["places_transient_calls"])
    tenant, facts = membership.tenant, {"person": str(membership.user), "user": membership.user_id}
    if given:
        audit.record(by, tenant, "person.transient-calls-given", membership, **facts)
    else:
        audit.record(by, tenant, "person.transient-calls-withdrawn", membership, **facts)


@scope.requires_scope
def remove(membership: Membership, *, by: User) -> None:
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    user, tenant, name = membership.user, membership.tenant, f"membership:{membership.pk}"
    membership.delete()
    audit.record(by, tenant, "person.removed", name, person=str(user), user=user.pk)


def last_owner_message(membership: Membership, team: Iterable[Membership]) -> str:
    """The message of `LastOwner` if this member cannot lose the role or be removed, else ""; for pages."""
    others = (other for other in team if other.role == Role.OWNER and other.pk != membership.pk)
    return LastOwner.message if membership.role == Role.OWNER and next(others, None) is None else ""


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(tenant=membership.tenant_id, role=Role.OWNER).order_by("pk")
    if last_owner_message(membership, owners):
        raise LastOwner


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
