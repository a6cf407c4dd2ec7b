"""Who has the live panel of a call open. Kept in the cache alone: it is forgotten seconds after a panel is closed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from django.core.cache import cache

from dashboard.calls.models import Call
from tenants.models import User

FRESH = 25.0  # seconds: panels ask every 10 s


def record_viewer(call: Call, user: User) -> None:
    """Record that this user has the panel of this call open."""
    seen = _seen(call) | {str(user.pk): time.time()}
    cache.set(_key(call), seen, timeout=int(FRESH) + 5)


def other_viewers(call: Call, user: User) -> list[User]:
    """The other users who have it open, ordered by name."""
    found = [int(pk) for pk in _seen(call) if pk != str(user.pk)]
    return list(User.objects.select_related("staff").filter(pk__in=found).order_by("name", "pk")) if found else []


def viewers(calls: Iterable[Call]) -> dict[UUID, list[User]]:
    """Who has which of these calls open, by the call's id: one request to the cache, and one query for the names."""
    oldest = time.time() - FRESH
    keys = {_key(call): call.pk for call in calls}
    seen = {
        keys[key]: [int(pk) for pk, at in found.items() if at > oldest] for key, found in cache.get_many(keys).items()
    }
    people = {pk for pks in seen.values() for pk in pks}
    users = {user.pk: user for user in User.objects.select_related("staff").filter(pk__in=people)} if people else {}
    return {call: [users[pk] for pk in sorted(pks) if pk in users] for call, pks in seen.items()}


def _seen(call: Call) -> dict[str, float]:
    oldest = time.time() - FRESH
    return {pk: at for pk, at in (cache.get(_key(call)) or {}).items() if at > oldest}


def _key(call: Call) -> str:
    return f"panel:{call.pk}"
