"""May this person be called? The same answer for a call that is typed, planned or waits to be sent.

The database asks the same lists once more when a call leaves (`call_leaves`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection as database

from dashboard.contact_rules.models import DoNotCallEntry
from tenants.isolation import scope
from tenants.models import Tenant

ON_THE_LIST = (
    "This number is on your do-not-call list since {day}. If the person asks to be called, a manager takes it off."
)
ON_THE_RESELLERS_LIST = "This number is on the do-not-call list of your account team, so nobody calls it from here."


@dataclass(frozen=True)
class Verdict:
    """`refusal` says why a number is not called, or ""; `is_own` whether it is on the client's own list."""

    refusal: str = ""
    is_own: bool = False


@scope.requires_scope
def verdict(tenant: Tenant, number: str) -> Verdict:
    """May this client call this number (E.164)? Inside its scope, or one that reaches all."""
    entry = DoNotCallEntry.objects.filter(tenant=tenant, number=number).first()
    if entry is not None:
        return Verdict(ON_THE_LIST.format(day=f"{entry.added_at.astimezone(tenant.zone):%-d %B %Y}"), is_own=True)
    return Verdict(ON_THE_RESELLERS_LIST if _is_blocked_by_reseller(number) else "")


@scope.requires_scope
def refusal(tenant: Tenant, number: str) -> str:
    """Why this client does not call this number, or ""."""
    return verdict(tenant, number).refusal


def _is_blocked_by_reseller(number: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT public.reseller_blocks(%s)", [number])
        (blocked,) = cursor.fetchone()
    return bool(blocked)
