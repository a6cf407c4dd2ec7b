"""View decorators: they check the permission, set `request.actor`, and open the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from tenants.accounts import mfa, session_limits
from tenants.isolation import scope
from tenants.isolation.scope import Entered
from tenants.models import Membership, StaffMember, SupportPass, Tenant, User, Visit

View = Callable[..., HttpResponse]
MAX_CLIENTS = 500  # of which one user may be a member
LAST_CLIENT = "last-client"  # key of the session: the slug of the client whose page was opened last


class VisitRequired(PermissionDenied):
    """Staff opened a page of a client without a visit: they may enter, and its members see each visit.

    `asks_reason`: an admin has to give one, because the client gave no consent to support access.
    """

    def __init__(self, tenant: Tenant, *, asks_reason: bool = False) -> None:
        super().__init__(f"Enter {tenant.name} first.")
        self.tenant, self.asks_reason = tenant, asks_reason


class ReadOnlySupport(PermissionDenied):
    """Support tried to change something in a client that has given it no pass."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(f"Support only looks inside {tenant.name}.")
        self.tenant = tenant


@dataclass(frozen=True)
class Actor:
    """What the user acts as: a member of the client, staff visiting a client, or staff on the reseller's own pages."""

    user: User
    membership: Membership | None = None
    staff: StaffMember | None = None
    visit: Visit | None = None
    allowed_by: SupportPass | None = None
    clients: int = 0  # of which the user is a member, the shown one included
    nearby: tuple[tuple[str, str], ...] = ()  # slug and name of some of them, for the menu that leads there

    def may(self, permission: Permission) -> bool:
        if self.membership:
            return self.membership.may(permission)
        if permission == Permission.PLACE_TRANSIENT_CALLS and not self._client_has_transient_calls:
            return False
        if self.is_read_only and permission not in READ_ONLY:
            return False
        if self.is_support and self.allowed_by is None and permission in NEEDS_SUPPORT_ACCESS:
            return False  # from outside of a client too: what it takes away or changes there is asked for inside
        return self.staff is not None and self.staff.may(permission)

    @property
    def _client_has_transient_calls(self) -> bool:
        return self.visit is not None and self.visit.tenant.transient_calls

    @property
    def is_read_only(self) -> bool:
        """Support inside a client that has given it no pass."""
        return self.is_support and self.visit is not None and self.allowed_by is None

    @property
    def is_support(self) -> bool:
        return self.staff is not None and self.staff.role == StaffRole.SUPPORT

    @property
    def role_label(self) -> str:
        if self.membership:
            return self.membership.get_role_display()
        return self.staff.get_role_display() if self.staff else ""


class TenantRequest(HttpRequest):
    """A request in a view decorated with `tenant_view`."""

    tenant: Tenant
    actor: Actor
    user: User


class StaffRequest(HttpRequest):
    """A request in a view decorated with `staff_view`."""

    actor: Actor
    user: User


def tenant_view(
    permission: Permission, *, open_scope: bool = True, confirm: Confirm = Confirm.NO
) -> Callable[[View], View]:
    """A page of one client, in its time zone: 404 for whoever cannot see the client, 403 without the permission.

    `open_scope` keeps a scope of that client open around the view and its rendering. Views that place or control calls
    pass False: their services open short scopes, and none is open during a request to VoiceDock.
    `confirm`: whether the view needs a recent authentication, and how it goes on after one.
    """

    def decorator(view: View) -> View:
        @login_required
        @wraps(view)
        def wrapper(request: Any, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if open_scope:  # of a member in the transaction in which the membership is read
                with scope.for_member(request.user, slug) as entered:
                    if entered is not None:
                        request.tenant, request.actor = _as_member(request, entered)
                        with _allowed(request, permission, confirm):
                            return _rendered(view(request, *args, **kwargs))
                request.tenant, request.actor = _as_visitor(request, slug)
            else:
                request.tenant, request.actor = resolve_tenant(request, slug)
            with _allowed(request, permission, confirm):
                if not open_scope:
                    return view(request, *args, **kwargs)
                with scope.for_tenant(request.tenant):
                    return _rendered(view(request, *args, **kwargs))

        wrapper.permission, wrapper.confirm, wrapper.open_scope = permission, confirm, open_scope  # type: ignore[attr-defined]
        return wrapper

    return decorator


def staff_view(
    permission: Permission, *, open_scope: bool = True, confirm: Confirm = Confirm.NO
) -> Callable[[View], View]:
    """A page of the reseller: 404 for everybody but staff, 403 for staff without the permission."""

    def decorator(view: View) -> View:
        @login_required
        @wraps(view)
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            staff = staff_of(request.user)
            if staff is None:
                raise Http404
            mfa.require_for_staff(request, request.user)
            request.actor = Actor(request.user, staff=staff)
            if not request.actor.may(permission):
                raise PermissionDenied
            reauthentication.require(request, confirm)
            if not open_scope:
                return view(request, *args, **kwargs)
            with scope.for_staff(staff):
                return _rendered(view(request, *args, **kwargs))

        wrapper.permission, wrapper.confirm, wrapper.open_scope = permission, confirm, open_scope  # type: ignore[attr-defined]
        return wrapper

    return decorator


@contextmanager
def _allowed(request: Any, permission: Permission, confirm: Confirm) -> Iterator[None]:
    """Raises where the actor may not; else in the time zone of the client, with what is done attributed to a visit."""
    actor: Actor = request.actor
    if not actor.may(permission):
        raise ReadOnlySupport(request.tenant) if actor.is_read_only else PermissionDenied
    reauthentication.require(request, confirm)
    _remember_client(request)
    attributed = support_access.attribute_actions(
        actor.visit, request.tenant, actor.allowed_by, is_support=actor.is_support
    )
    with timezone.override(request.tenant.zone), attributed:
        yield


def runs_in_scope(view: Any) -> bool:
    """Whether a view runs inside a scope, as all do but those that may ask VoiceDock (`open_scope=False`)."""
    return bool(getattr(view, "open_scope", True))


def permission_of(view: Any) -> Permission | None:
    """What a decorated view requires."""
    return getattr(view, "permission", None)


@scope.opens_scope
def resolve_tenant(request: Any, slug: str) -> tuple[Tenant, Actor]:
    """The client with this slug, and what the user acts as in it; 404 for an unknown client and for one not theirs."""
    with scope.for_member(request.user, slug) as entered:
        if entered is not None:
            return _as_member(request, entered)
    return _as_visitor(request, slug)


@scope.requires_scope
def _as_member(request: Any, entered: Entered) -> tuple[Tenant, Actor]:
    """In the scope of the client that was entered."""
    user = request.user
    found = Membership.objects.select_related("tenant__home_connection").filter(user=user, tenant=entered.tenant_id)
    membership = found.first()
    if membership is None:  # it was removed a moment ago
        raise Http404
    mfa.require_for_member(request, user, membership.tenant)
    return membership.tenant, Actor(user, membership=membership, clients=entered.clients, nearby=entered.nearby)


@scope.opens_scope
def _as_visitor(request: Any, slug: str) -> tuple[Tenant, Actor]:
    """Staff on a visit to a client of which they are no member."""
    user = request.user
    staff = staff_of(user)
    if staff is None or not staff.may(Permission.SEE_CLIENTS):
        raise Http404
    mfa.require_for_staff(request, user)
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
    visit.user, visit.tenant = user, tenant
    return tenant, Actor(user, staff=staff, visit=visit, allowed_by=allowed_by)


@scope.opens_scope
def memberships_of(user: Any) -> tuple[Membership, ...]:
    """The memberships of a user in clients that are not closed."""
    with scope.for_user(user):
        own = Membership.objects.select_related("tenant__home_connection").filter(user=user)
        return tuple(own.exclude(tenant__status=Tenant.Status.CLOSED).order_by("tenant__name")[:MAX_CLIENTS])


def menu_of(memberships: Sequence[Membership], shown: Membership) -> dict[str, Any]:
    """`clients` and `nearby` of an `Actor`, as `scope.for_member` finds them."""
    if len(memberships) < 2:
        return {"clients": len(memberships)}
    near = sorted(memberships, key=lambda one: (one != shown, one.tenant.name))[: scope.NEARBY]
    links = sorted(((one.tenant.slug, one.tenant.name) for one in near), key=lambda link: link[1])
    return {"clients": len(memberships), "nearby": tuple(links)}


def staff_of(user: Any) -> StaffMember | None:
    return StaffMember.objects.select_related("user").filter(user_id=user.pk).first()


def _remember_client(request: Any) -> None:
    """For pages without a client in their address, where a user belongs to several (`own_pages.py`).

    Only a page that a person opens counts. Storing writes the whole session as it was read: with tabs of two clients,
    each refresh of a fragment would write it, and undo what another request has stored meanwhile.
    """
    if request.actor.clients < 2 or request.session.get(LAST_CLIENT) == request.tenant.slug:
        return
    if _is_whole_page(request):
        request.session[LAST_CLIENT] = request.tenant.slug


def _is_whole_page(request: HttpRequest) -> bool:
    """A browser that loads a page; not htmx, the event stream, a form, or what a page loads by itself."""
    if request.method != "GET" or not session_limits.is_use(request):
        return False
    if "text/event-stream" in request.headers.get("Accept", ""):
        return False
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"  # older browsers do not send it


def _rendered(response: HttpResponse) -> HttpResponse:
    """Renders a lazy response while the scope is open."""
    if hasattr(response, "render") and not getattr(response, "is_rendered", True):
        response.render()
    return response
