"""Staff inside a client: each visit is seen by its people; support acts there on a pass that they give, for a while.

Verbs run inside the caller's scope, unless they say that they open their own.
"""

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

OPEN = "visit"  # the session's key: the id of the open visit
LONGEST = timedelta(hours=8)
HOURS = {1: "1 hour", 8: "8 hours", 72: "3 days"}  # for which a pass is given


@scope.requires_scope
def enter(tenant: Tenant, *, by: User, reason: str = "") -> Visit:
    """Staff enters a client. One open visit for each staff member and client; one that is too old begins anew.

    `reason`: why an admin enters without the client's consent; it stays with the visit and with what is done there.
    """
    why = names.clean(reason, LONGEST_REASON)
    for old in Visit.objects.filter(tenant=tenant, user=by, ended_at=None, started_at__lte=Now() - LONGEST):
        leave(old, by=by)
    visit, new = Visit.objects.get_or_create(tenant=tenant, user=by, ended_at=None, defaults={"reason": why})
    if new:
        audit.record(by, tenant, "visit.began", visit, **_without_consent(why))
    elif why and why != visit.reason:
        visit.reason = why
        visit.save(update_fields=["reason"])
        audit.record(by, tenant, "visit.reason-given", visit, **_without_consent(why))
    return visit


@scope.requires_scope
def leave(visit: Visit, *, by: User | None) -> None:
    """`by` None: Patchbay ends it, because it lasted too long or its right is gone."""
    if Visit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=Now()):
        if by:
            audit.record(by, visit.tenant, "visit.ended", visit)
        else:
            audit.record(None, visit.tenant, "visit.lapsed", visit, visitor=str(visit.user))


@scope.requires_scope
def current(session: Any, user: User, tenant: Tenant) -> Visit | None:
    """The open visit of this session in this client."""
    mine = Visit.objects.filter(pk=session.get(OPEN, 0), tenant=tenant, user=user, ended_at=None)
    return mine.filter(started_at__gt=Now() - LONGEST).first()


@scope.requires_scope
def end_all(tenant: Tenant, *, of: User | None = None) -> None:
    """Those of everybody, or of one whose right to be here is gone."""
    inside = Visit.objects.filter(tenant=tenant, ended_at=None).select_related("tenant", "user")
    for visit in inside.filter(user=of) if of else inside:
        leave(visit, by=None)


@scope.opens_scope
def end_old() -> int:
    """Those that lasted too long: a browser that was closed says nothing. Opens scopes of its own, one a client."""
    with scope.for_system("visits that last too long"):
        old = Visit.objects.filter(ended_at=None, started_at__lte=Now() - LONGEST).select_related("tenant", "user")
        found = list(old[:500])
    for visit in found:
        with scope.for_tenant(visit.tenant_id):
            leave(visit, by=None)
    return len(found)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Whoever signs out is no longer inside anybody."""
    pk = request.session.get(OPEN, 0) if hasattr(request, "session") else 0
    if pk and user:
        with scope.for_system("somebody signed out"):
            visit = Visit.objects.select_related("tenant", "user").filter(pk=pk, user=user).first()
            if visit:
                leave(visit, by=user)


@scope.requires_scope
def recent(tenant: Tenant, count: int = 8) -> list[Visit]:
    """Who is inside now, then the last ones."""
    return list(Visit.objects.filter(tenant=tenant).select_related("user").order_by("-started_at")[:count])


@scope.requires_scope
def grant(tenant: Tenant, hours: int, *, by: User) -> SupportPass:
    """Support may act here until then; a pass that is open is replaced."""
    _open(tenant).update(withdrawn_at=Now())
    until = timezone.now() + timedelta(hours=hours)
    given = SupportPass.objects.create(tenant=tenant, given_by=by, until=until)
    audit.record(by, tenant, "support.pass-given", given, time=HOURS[hours], until=until.isoformat())
    return given


@scope.requires_scope
def revoke(tenant: Tenant, *, by: User) -> bool:
    """Support only looks, from its next click on."""
    if not _open(tenant).update(withdrawn_at=Now()):
        return False
    audit.record(by, tenant, "support.pass-withdrawn", tenant)
    return True


@scope.requires_scope
def open_pass(tenant: Tenant) -> SupportPass | None:
    return _open(tenant).select_related("given_by").order_by("-until").first()


def _open(tenant: Tenant) -> QuerySet[SupportPass]:
    return SupportPass.objects.filter(tenant=tenant, withdrawn_at=None, until__gt=Now())


def needs_reason(staff: StaffMember, visit: Visit | None, allowed_by: SupportPass | None) -> bool:
    """Whether an admin has to say why: inside a client that gave no consent, on a visit without a reason."""
    return staff.role == StaffRole.ADMIN and allowed_by is None and not (visit and visit.reason)


def _without_consent(why: str) -> dict[str, str]:
    return {"without_consent": why} if why else {}


@contextmanager
def attribute_actions(
    visit: Visit | None, tenant: Tenant, allowed_by: SupportPass | None, *, is_support: bool
) -> Iterator[None]:
    """What is done meanwhile is written down with both names: who did it, and for whom, by whose leave or without.

    `allowed_by`: the client's consent, on which support acts. An admin acts without it too, and is marked then.
    """
    if visit is None:
        yield
        return
    words = f"{visit.user} of {settings.RESELLER_NAME} for {tenant.name}"
    words += f", on the pass of {allowed_by.given_by}" if allowed_by and is_support else ""
    facts = {} if allowed_by else _without_consent(visit.reason)
    with audit.acting_as(visit.user_id, words, visit=visit.pk, **facts):
        yield
