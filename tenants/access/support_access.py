"""Visits of staff to a client, which its members can see, and the passes with which a client lets support act in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from tenants import audit, names
from tenants.access.permissions import StaffRole
from tenants.isolation import scope
from tenants.models import StaffMember, SupportPass, Tenant, User, Visit
from tenants.models.people import LONGEST_REASON

SESSION_KEY = "visit"  # of the session: the id of the open visit
MAX_DURATION = timedelta(hours=8)
PASS_HOURS = {1: "1 hour", 8: "8 hours", 72: "3 days"}  # how long a pass can last


@scope.requires_scope
def enter(tenant: Tenant, *, by: User, reason: str = "") -> Visit:
    """Staff enters a client. Each staff member has one open visit in a client; one that is too old is replaced.

    `reason`: why an admin enters without the client's consent; it stays with the visit and with what is done there.
    """
    reason = names.clean(reason, LONGEST_REASON)
    for old in Visit.objects.filter(tenant=tenant, user=by, ended_at=None, started_at__lte=Now() - MAX_DURATION):
        leave(old, by=by)
    visit, new = Visit.objects.get_or_create(tenant=tenant, user=by, ended_at=None, defaults={"reason": reason})
    if new:
        audit.record(by, tenant, "visit.began", visit, **_without_consent(reason))
    elif reason and reason != visit.reason:
        visit.reason = reason
        visit.save(update_fields=["reason"])
        audit.record(by, tenant, "visit.reason-given", visit, **_without_consent(reason))
    return visit


@scope.requires_scope
def leave(visit: Visit, *, by: User | None) -> None:
    """End a visit; `by` None is Patchbay, because it lasted too long or the access was revoked."""
    if Visit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=Now()):
        if by:
            audit.record(by, visit.tenant, "visit.ended", visit)
        else:
            audit.record(None, visit.tenant, "visit.lapsed", visit, visitor=str(visit.user))


@scope.requires_scope
def current(session: Any, user: User, tenant: Tenant) -> Visit | None:
    """The open visit of this session in this client."""
    visits = Visit.objects.filter(pk=session.get(SESSION_KEY, 0), tenant=tenant, user=user, ended_at=None)
    return visits.filter(started_at__gt=Now() - MAX_DURATION).first()


@scope.requires_scope
def end_all(tenant: Tenant, *, of: User | None = None) -> None:
    """End the open visits to a client: all, or those of one user."""
    visits = Visit.objects.filter(tenant=tenant, ended_at=None).select_related("tenant", "user")
    for visit in visits.filter(user=of) if of else visits:
        leave(visit, by=None)


@scope.opens_scope
def end_old() -> int:
    """End visits that lasted too long, such as those of a closed browser; how many. One scope for each client."""
    with scope.for_system("find old visits"):
        old = Visit.objects.filter(ended_at=None, started_at__lte=Now() - MAX_DURATION).select_related("tenant", "user")
        found = list(old[:500])
    for visit in found:
        with scope.for_tenant(visit.tenant_id):
            leave(visit, by=None)
    return len(found)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Signing out ends the open visit."""
    pk = request.session.get(SESSION_KEY, 0) if hasattr(request, "session") else 0
    if pk and user:
        with scope.for_system("end the visit at sign-out"):
            visit = Visit.objects.select_related("tenant", "user").filter(pk=pk, user=user).first()
            if visit:
                leave(visit, by=user)


@scope.requires_scope
def recent(tenant: Tenant, count: int = 8) -> list[Visit]:
    """The newest visits, with their users."""
    return list(Visit.objects.filter(tenant=tenant).select_related("user").order_by("-started_at")[:count])


@scope.requires_scope
def grant(tenant: Tenant, hours: int, *, by: User) -> SupportPass:
    """Let support act in the client for some hours; an open pass is replaced."""
    _open_passes(tenant).update(withdrawn_at=Now())
    until = timezone.now() + timedelta(hours=hours)
    given = SupportPass.objects.create(tenant=tenant, given_by=by, until=until)
    audit.record(by, tenant, "support.pass-given", given, time=PASS_HOURS[hours], until=until.isoformat())
    return given


@scope.requires_scope
def revoke(tenant: Tenant, *, by: User) -> bool:
    """Withdraw the open pass; False if there was none. Support can only read from its next request on."""
    if not _open_passes(tenant).update(withdrawn_at=Now()):
        return False
    audit.record(by, tenant, "support.pass-withdrawn", tenant)
    return True


@scope.requires_scope
def open_pass(tenant: Tenant) -> SupportPass | None:
    return _open_passes(tenant).select_related("given_by").order_by("-until").first()


def _open_passes(tenant: Tenant) -> QuerySet[SupportPass]:
    return SupportPass.objects.filter(tenant=tenant, withdrawn_at=None, until__gt=Now())


def needs_reason(staff: StaffMember, visit: Visit | None, allowed_by: SupportPass | None) -> bool:
    """Whether an admin has to give a reason: the client gave no consent, and the visit has no reason yet."""
    return staff.role == StaffRole.ADMIN and allowed_by is None and not (visit and visit.reason)


def _without_consent(reason: str) -> dict[str, str]:
    return {"without_consent": reason} if reason else {}


@contextmanager
def attribute_actions(
    visit: Visit | None, tenant: Tenant, allowed_by: SupportPass | None, *, is_support: bool
) -> Iterator[None]:
    """Audit entries inside the block name the staff member, the client, and the pass or the missing consent.

    `allowed_by`: the client's consent, which support needs. An admin acts without it too; the entries then say so.
    """
    if visit is None:
        yield
        return
    label = f"{visit.user} of {settings.RESELLER_NAME} for {tenant.name}"
    label += f", with support access from {allowed_by.given_by}" if allowed_by and is_support else ""
    details = {} if allowed_by else _without_consent(visit.reason)
    with audit.acting_as(visit.user_id, label, visit=visit.pk, **details):
        yield
