"""Who opens a page that belongs to no client: one's own account, and pages that say what went wrong.

They stand in the same frame as all others, so the navigation has to be known: that of the client in the address or of
the client seen last, or that of the reseller's staff.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse

from tenants.access.decorators import LAST_CLIENT, Actor, memberships_of, menu_of, resolve_tenant, staff_of
from tenants.accounts import mfa

CLIENT_ADDRESS = re.compile(r"/c/(?P<slug>[-\w]+)/")


def identify(request: Any) -> None:
    """Set `request.actor`, and `request.tenant` for a member; without a second factor that is asked for, an actor who
    may do nothing. Sets nothing where a view has, for users who are not signed in, and while the database does not
    answer: an error page is shown then, too.
    """
    if hasattr(request, "actor") or not hasattr(request, "user"):
        return
    try:
        if request.user.is_authenticated and not _of_address(request):
            request.actor = _as_staff(request) or _as_member(request) or Actor(request.user)
    except DatabaseError:
        return


def in_frame(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator for views of libraries whose templates stand in the frame."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        identify(request)
        return view(request, *args, **kwargs)

    return framed


def _of_address(request: Any) -> bool:
    """The client in the address, if it is open to this user."""
    found = CLIENT_ADDRESS.match(request.path)
    if found is None:
        return False
    try:
        request.tenant, request.actor = resolve_tenant(request, found["slug"])
    except (Http404, PermissionDenied):
        return False
    return True


def _as_staff(request: Any) -> Actor | None:
    staff = staff_of(request.user)
    if staff is None or not mfa.staff_mfa_is_satisfied(request, request.user):
        return None
    return Actor(request.user, staff=staff)


def _as_member(request: Any) -> Actor | None:
    memberships, last = memberships_of(request.user), request.session.get(LAST_CLIENT, "")
    for membership in sorted(memberships, key=lambda one: one.tenant.slug != last):
        if mfa.client_mfa_is_satisfied(request, request.user, membership.tenant):
            request.tenant = membership.tenant
            return Actor(request.user, membership=membership, **menu_of(memberships, membership))
    return None
