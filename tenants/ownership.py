"""Who owns what, and changing it: clients, what is dedicated to them, and their people.

These verbs run inside the caller's scope (staff's, or the client's own), unless they say that they open their own.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models.functions import Now
from django.utils import timezone

from tenants import audit, scope
from tenants.models import (
    Assistant,
    AssistantDedication,
    Connection,
    Dedication,
    Invitation,
    Membership,
    Number,
    NumberDedication,
    Tenant,
    User,
)
from tenants.roles import Role

INVITATION_DAYS = 7


class Taken(Exception):
    """Somebody else has this number or assistant in that period. `holder` is its tenant, where it may be told."""

    def __init__(self, words: str, holder: Tenant | None = None) -> None:
        super().__init__(words)
        self.words, self.holder = words, holder


class LastOwner(Exception):
    """A client must keep at least one owner."""

    words = "This is the last owner. Make somebody else an owner first."


class AlreadyThere(Exception):
    """The person is a member already, or has an open invitation."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def open_tenant(
    *,
    name: str,
    slug: str,
    city: str = "",
    timezone: str = "Europe/Amsterdam",
    home_connection: Connection | None,
    by: User | None,
    brand_hue: int = 254,
    brand_chroma: Decimal | float | str = "0.115",
    **limits: int,
) -> Tenant:
    """Open a client; `limits` are `max_concurrent_calls` and `max_calls_per_day`."""
    tenant = Tenant.objects.create(
        name=name,
        slug=slug,
        city=city,
        timezone=timezone,
        home_connection=home_connection,
        brand_hue=brand_hue,
        brand_chroma=Decimal(str(brand_chroma)),
        **limits,
    )
    audit.record(by, tenant, "tenant.opened", tenant, name=name, connection=str(home_connection or ""))
    return tenant


def change_limits(tenant: Tenant, *, max_concurrent_calls: int, max_calls_per_day: int, by: User) -> None:
    tenant.max_concurrent_calls, tenant.max_calls_per_day = max_concurrent_calls, max_calls_per_day
    tenant.save(update_fields=["max_concurrent_calls", "max_calls_per_day"])
    audit.record(by, tenant, "tenant.limits-changed", tenant, at_once=max_concurrent_calls, per_day=max_calls_per_day)


def dedicate_number(
    tenant: Tenant, number: Number, *, by: User | None, start: datetime | None = None
) -> NumberDedication:
    """Give the tenant a number from `start` (now) until it is released; raises `Taken`."""
    dedication = NumberDedication(
        tenant=tenant, connection_id=number.connection_id, number=number, e164=number.e164, made_by=by
    )
    _dedicate(dedication, start, taken_by=lambda: NumberDedication.objects.filter(e164=number.e164))
    audit.record(by, tenant, "number.dedicated", dedication, number=number.e164)
    return dedication


def dedicate_assistant(
    tenant: Tenant, assistant: Assistant, *, by: User | None, start: datetime | None = None
) -> AssistantDedication:
    """Give the tenant an assistant from `start` (now) until it is released; raises `Taken`."""
    dedication = AssistantDedication(
        tenant=tenant, connection_id=assistant.connection_id, assistant=assistant, made_by=by
    )
    _dedicate(dedication, start, taken_by=lambda: AssistantDedication.objects.filter(assistant=assistant))
    audit.record(by, tenant, "assistant.dedicated", dedication, assistant=str(assistant))
    return dedication


def _dedicate(dedication: Dedication, start: datetime | None, taken_by: Any) -> None:
    dedication.period = DateTimeTZRange(start or timezone.now(), None)
    try:
        with transaction.atomic():
            dedication.save(force_insert=True)
    except IntegrityError as clash:
        if "one_tenant_per" not in str(clash):
            raise
        other = taken_by().filter(period__overlap=dedication.period).select_related("tenant").first()
        holder = other.tenant if other else None
        if holder == dedication.tenant:
            raise Taken(f"{holder} has it already.", holder) from clash
        name = holder.name if holder else "Another client"
        until = f" until {other.period.upper:%-d %B %Y}" if other and other.period.upper else ""
        raise Taken(f"{name} has it{until}. Release it there first.", holder) from clash


def end_number(dedication: NumberDedication, *, by: User | None) -> None:
    """Release a number: the period closes now, the row stays as proof."""
    _end(dedication, by)
    Tenant.objects.filter(pk=dedication.tenant_id, default_number=dedication).update(default_number=None)
    audit.record(by, dedication.tenant, "number.released", dedication, number=dedication.e164)


def end_assistant(dedication: AssistantDedication, *, by: User | None) -> None:
    """Release an assistant: the period closes now, the row stays as proof."""
    _end(dedication, by)
    Tenant.objects.filter(pk=dedication.tenant_id, default_assistant=dedication).update(default_assistant=None)
    audit.record(by, dedication.tenant, "assistant.released", dedication, assistant=str(dedication.assistant))


def _end(dedication: Dedication, by: User | None) -> None:
    """One that ends before it began to count keeps an instant, so that the row stays whole."""
    begins = dedication.period.lower
    dedication.period = DateTimeTZRange(begins, max(timezone.now(), begins + timedelta(microseconds=1)))
    dedication.ended_by = by
    type(dedication).objects.filter(pk=dedication.pk).update(period=dedication.period, ended_by=by)


def set_defaults(
    tenant: Tenant, *, number: NumberDedication | None, assistant: AssistantDedication | None, by: User | None
) -> None:
    """What the call form starts with; the database refuses what is not this tenant's."""
    tenant.default_number, tenant.default_assistant = number, assistant
    tenant.save(update_fields=["default_number", "default_assistant"])
    audit.record(
        by,
        tenant,
        "tenant.defaults-changed",
        tenant,
        number=number.e164 if number else "none",
        assistant=str(assistant.assistant) if assistant else "none",
    )


def invite(tenant: Tenant, *, email: str, name: str = "", role: Role | str, by: User) -> tuple[Invitation, str]:
    """Invite a person; returns the invitation and its token, which is told once and kept only as a hash."""
    email = email.strip().lower()
    if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
        raise AlreadyThere("This person is in the team already.")
    open_ones = Invitation.objects.filter(
        tenant=tenant, email__iexact=email, accepted_at=None, withdrawn_at=None, expires_at__gt=Now()
    )
    if open_ones.exists():
        raise AlreadyThere("This person has an open invitation. Withdraw it first to send another.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        tenant=tenant,
        email=email,
        name=name,
        role=Role(role),
        token_hash=_hash(token),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    audit.record(by, tenant, "person.invited", invitation, email=email, role=str(role))
    return invitation, token


def withdraw(invitation: Invitation, *, by: User) -> None:
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(withdrawn_at=Now())
    audit.record(by, invitation.tenant, "person.invitation-withdrawn", invitation, email=invitation.email)


def invitation_of(token: str) -> Invitation | None:
    """The open invitation of this link, if any. Opens its own scope."""
    with scope.system("an invitation is opened"):
        found = Invitation.objects.select_related("tenant", "invited_by").filter(token_hash=_hash(token)).first()
    return found if found and found.is_open else None


def accept(token: str, *, name: str, password: str | None, user: User | None = None) -> User | None:
    """Take an invitation up, once: a new person with this name and password, or `user`, who is signed in already.

    Returns None when the link is no longer valid, or when the address belongs to somebody who must sign in first.
    Opens its own scope.
    """
    with scope.system("an invitation is accepted"):
        invitation = (
            Invitation.objects.select_for_update(of=("self",)).select_related("tenant").filter(token_hash=_hash(token))
        ).first()
        if invitation is None or not invitation.is_open:
            return None
        if user is None:
            if User.objects.filter(email__iexact=invitation.email).exists():
                return None
            user = User.objects.create_user(invitation.email, password, name=name)
        elif user.email.lower() != invitation.email.lower():
            return None
        Membership.objects.get_or_create(tenant=invitation.tenant, user=user, defaults={"role": invitation.role})
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=Now())
        audit.record(user, invitation.tenant, "person.joined", invitation, email=user.email, role=invitation.role)
    return user


def change_role(membership: Membership, role: Role | str, *, by: User, sees_transcripts: bool | None = None) -> None:
    before = membership.role
    if before == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = Role(role)
    if sees_transcripts is not None:
        membership.sees_transcripts = sees_transcripts
    membership.save(update_fields=["role", "sees_transcripts"])
    audit.record(
        by, membership.tenant, "person.role-changed", membership, person=str(membership.user), before=before, role=role
    )


def remove(membership: Membership, *, by: User) -> None:
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    person, tenant, name = str(membership.user), membership.tenant, f"membership:{membership.pk}"
    membership.delete()
    audit.record(by, tenant, "person.removed", name, person=person)


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(tenant=membership.tenant_id, role=Role.OWNER).order_by("pk")
    if not [one for one in owners if one.pk != membership.pk]:
        raise LastOwner


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
