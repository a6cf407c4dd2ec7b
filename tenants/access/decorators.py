"""Decorators of views: who may open a page, as whom, and whose rows it then reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from tenants.access import reauthentication, support_access
from tenants.access.permissions import NEEDS_SUPPORT_ACCESS, READ_ONLY, Permission, StaffRole
from tenants.access.reauthentication import Confirm
from tenants.accounts import mfa
from tenants.isolation import scope
from tenants.models import Membership, StaffMember, SupportPass, Tenant, User, Visit

View = Callable[..., HttpResponse]
MOST_CLIENTS = 500  # that one person may be a member of


class VisitRequired(PermissionDenied):
    """Staff at a client's door: they may come in, after saying so, because its people see each visit.

    `asks_reason`: an admin enters a client that gave no consent to support access.
    """

    def __init__(self, tenant: Tenant, *, asks_reason: bool = False) -> None:
        super().__init__(f"Enter {tenant.name} first.")
        self.tenant, self.asks_reason = tenant, asks_reason


class ReadOnlySupport(PermissionDenied):
    """Support inside a client that has given it no pass."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(f"Support only looks inside {tenant.name}.")
        self.tenant = tenant


@dataclass(frozen=True)
class Actor:
    """What the person is here: a member of the client, or staff on a visit, or staff at the reseller's own desk."""

    user: User
    membership: Membership | None = None
    staff: StaffMember | None = None
    visit: Visit | None = None
    allowed_by: SupportPass | None = None
    memberships: tuple[Membership, ...] = ()  # of the person, in every client; the one shown among them

    def may(self, permission: Permission) -> bool:
        if self.membership:
            return self.membership.may(permission)
        if self.is_read_only and permission not in READ_ONLY:
            return False
        if self.is_support and self.allowed_by is None and permission in NEEDS_SUPPORT_ACCESS:
            return False  # from outside of a client too: what it takes away or changes there is asked for inside
        return self.staff is not None and self.staff.may(permission)

    @property
    def is_read_only(self) -> bool:
        """Support inside a client that has given it no pass."""
        return self.is_support and self.visit is not None and self.allowed_by is None

    @property
    def is_support(self) -> bool:
        return self.staff is not None and self.staff.role == StaffRole.SUPPORT

    @property
    def role_words(self) -> str:
        if self.membership:
            return self.membership.get_role_display()
        return self.staff.get_role_display() if self.staff else ""


class TenantRequest(HttpRequest):
    """A request behind `tenant_view`."""

    tenant: Tenant
    actor: Actor
    user: User


class StaffRequest(HttpRequest):
    """A request behind `staff_view`."""

    actor: Actor
    user: User


def tenant_view(
    permission: Permission, *, open_scope: bool = True, confirm: Confirm = Confirm.NO
) -> Callable[[View], View]:
    """A page of one client, in its time zone: finds it through the person, else 404; asks the permission, else 403.

    `open_scope` keeps one scope of that client around the view and its rendering. Views that place or
    control calls pass False: their services open short scopes of their own, with nothing open while VoiceDock is
    asked. `confirm`: what needs reauthentication.
    """

    def decorator(view: View) -> View:
        @login_required
        @wraps(view)
        def enter(request: Any, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            request.tenant, request.actor = find(request, slug)
            actor: Actor = request.actor
            if not actor.may(permission):
                raise ReadOnlySupport(request.tenant) if actor.is_read_only else PermissionDenied
            reauthentication.require(request, confirm)
            theirs = support_access.attribute_actions(
                actor.visit, request.tenant, actor.allowed_by, is_support=actor.is_support
            )
            with timezone.override(request.tenant.zone), theirs:
                if not open_scope:
                    return view(request, *args, **kwargs)
                with scope.for_tenant(request.tenant):
                    return _rendered(view(request, *args, **kwargs))

        enter.permission, enter.confirm, enter.open_scope = permission, confirm, open_scope  # type: ignore[attr-defined]
        return enter

    return decorator


def staff_view(
    permission: Permission, *, open_scope: bool = True, confirm: Confirm = Confirm.NO
) -> Callable[[View], View]:
    """A page of the reseller: 404 for everybody who is not staff, 403 for staff who may not."""

    def decorator(view: View) -> View:
        @login_required
        @wraps(view)
        def enter(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            staff = staff_of(request.user)
            if staff is None:
                raise Http404
            mfa.of_staff(request, request.user)
            request.actor = Actor(request.user, staff=staff)
            if not request.actor.may(permission):
                raise PermissionDenied
            reauthentication.require(request, confirm)
            if not open_scope:
                return view(request, *args, **kwargs)
            with scope.for_staff(staff):
                return _rendered(view(request, *args, **kwargs))

        enter.permission, enter.confirm, enter.open_scope = permission, confirm, open_scope  # type: ignore[attr-defined]
        return enter

    return decorator


@scope.opens_scope
def find(request: Any, slug: str) -> tuple[Tenant, Actor]:
    """The client of this address and what the person is in it; unknown and foreign are the same 404."""
    user = request.user
    with scope.for_user(user):
        own = Membership.objects.select_related("tenant__home_connection").filter(user=user)
        memberships = tuple(own.exclude(tenant__status=Tenant.Status.CLOSED).order_by("tenant__name")[:MOST_CLIENTS])
    mine = next((one for one in memberships if one.tenant.slug == slug), None)
    if mine:
        mfa.of_client(request, user, mine.tenant)
        return mine.tenant, Actor(user, membership=mine, memberships=memberships)
    staff = staff_of(user)
    if staff is None or not staff.may(Permission.SEE_CLIENTS):
        raise Http404
    mfa.of_staff(request, user)
    with scope.for_staff(staff):
        tenant = Tenant.objects.select_related("home_connection").filter(slug=slug).first()
        if tenant is None:
            raise Http404
        visit = support_access.current(request.session, user, tenant)
        allowed_by = support_access.open_pass(tenant) if visit or staff.role == StaffRole.ADMIN else None
    asks_reason = support_access.needs_reason(staff, visit, allowed_by)
    if visit is None or asks_reason:
        if not staff.may(Permission.ENTER_CLIENTS):
            raise PermissionDenied
        raise VisitRequired(tenant, asks_reason=asks_reason)
    visit.user = user
    return tenant, Actor(user, staff=staff, visit=visit, allowed_by=allowed_by)


def staff_of(user: Any) -> StaffMember | None:
    return StaffMember.objects.select_related("user").filter(user_id=user.pk).first()


def _rendered(response: HttpResponse) -> HttpResponse:
    """Render while the scope is open, not after it."""
    if hasattr(response, "render") and not getattr(response, "is_rendered", True):
        response.render()
    return response
