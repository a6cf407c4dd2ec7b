"""What a session may hear of: read whole when a stream opens, and again only where something of it has changed.

A mark is a hash, computed in the database, of everything that the access of a session depends on. Comparing the marks
of many sessions is one statement, so that every open stream is checked within seconds at next to no cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection as database
from django.db import connections
from django.http import HttpRequest

from dashboard.live_updates.listeners import Audience
from tenants.access.decorators import staff_of
from tenants.access.permissions import Permission
from tenants.accounts import mfa
from tenants.isolation import scope
from tenants.models import Membership, Tenant, User

# The session with its expiry, the person, the place in the staff with its clients, and the memberships with what of
# their clients decides (`audience_for`).
MARKS = """
SELECT asked.key, hashtextextended(concat_ws(
    '|', s.session_data, u.password, u.is_active::text,
    coalesce((SELECT string_agg(concat_ws(',', m.tenant_id, t.slug, t.requires_second_step), ';' ORDER BY m.tenant_id)
       FROM tenants_membership m JOIN tenants_tenant t ON t.id = m.tenant_id AND t.status <> 'closed'
      WHERE m.user_id = u.id), ''),
    coalesce((SELECT concat_ws(',', staff.role, staff.sees_all,
            (SELECT string_agg(g.tenant_id::text, ',' ORDER BY g.tenant_id)
               FROM tenants_staffgrant g WHERE g.staff_id = staff.user_id))
       FROM tenants_staffmember staff WHERE staff.user_id = u.id), '')
), 0)
FROM unnest(%s::text[], %s::bigint[]) asked(key, person)
JOIN django_session s ON s.session_key = asked.key AND s.expire_date > now()
JOIN tenants_user u ON u.id = asked.person
"""


@dataclass(frozen=True)
class StreamRequest:
    """What the HTTP request tells: its session and the client asked for."""

    session_key: str
    slug: str


@dataclass(frozen=True)
class Access:
    """`audience` is None for whoever may hear nothing; `mark` is not newer than it."""

    audience: Audience | None
    mark: int | None = None


def read(stream_request: StreamRequest) -> Access:
    """In a thread. The person is read again after the mark, so that no change falls between the two."""
    try:
        user = _user(stream_request)
        if user is None:
            return Access(None)
        mark = _mark(stream_request.session_key, user)
        audience = audience_of_session(stream_request)
        return Access(audience, mark) if mark is not None and audience and audience.person == user.pk else Access(None)
    finally:
        connections.close_all()


async def marks(connection: psycopg.AsyncConnection[Any], people: Mapping[str, int]) -> dict[str, int]:
    """By session key, of those sessions of these people that still hold."""
    rows = await (await connection.execute(MARKS, [list(people), list(people.values())])).fetchall()
    return dict(rows)


def audience_of_session(stream_request: StreamRequest) -> Audience | None:
    request = _request(stream_request)
    user = get_user(request)  # by the same checks as on a page: expiry, password change, active
    if not isinstance(user, User):
        return None
    return audience_for(user, stream_request.slug, proven=mfa.session_has_mfa(request, user))


@scope.opens_scope
def audience_for(user: User, slug: str = "", *, proven: bool = False) -> Audience | None:
    """Staff receive all they may see, members what belongs to their clients unless closed; opens its own short scopes.

    `proven`: whether the session passed two-factor authentication; clients that require it are left out otherwise.
    """
    staff = staff_of(user)
    if staff and settings.STAFF_SECOND_STEP and not proven:
        return None
    if staff:
        kinds = None if staff.may(Permission.SEE_ALL_CALLS) else frozenset({"connection", "inventory"})
        if not slug and staff.sees_all:
            return Audience(None, kinds, user.pk)
        with scope.for_staff(staff):
            known = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()
            found = frozenset(known.values_list("pk", flat=True))
    else:
        kinds = None
        with scope.for_user(user):
            memberships = Membership.objects.filter(user=user).exclude(tenant__status=Tenant.Status.CLOSED)
            memberships = memberships.filter(tenant__slug=slug) if slug else memberships
            memberships = memberships if proven else memberships.filter(tenant__requires_second_step=False)
            found = frozenset(memberships.values_list("tenant_id", flat=True))
    return Audience(found, kinds, user.pk) if found else None


def _user(stream_request: StreamRequest) -> User | None:
    user = get_user(_request(stream_request))
    return user if isinstance(user, User) else None


def _request(stream_request: StreamRequest) -> HttpRequest:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(stream_request.session_key)
    return request


@scope.opens_scope
def _mark(session_key: str, user: User) -> int | None:
    with scope.for_system("what a stream may hear of"), database.cursor() as cursor:
        cursor.execute(MARKS, [[session_key], [user.pk]])
        row = cursor.fetchone()
    return int(row[1]) if row else None
