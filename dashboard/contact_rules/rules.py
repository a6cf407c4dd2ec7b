"""May this person be called? The same answer for a call that is typed, planned or waits to be sent.

The database asks the same lists once more when a call leaves (`call_leaves`).
"""

from __future__ import annotations

from django.db import connection as database

from dashboard.contact_rules.models import DoNotCallEntry
from tenants.isolation import scope
from tenants.models import Tenant

ON_THE_LIST = (
    "This number is on your do-not-call list since {day}. If the person asks to be called, a manager takes it off."
)
ON_THE_RESELLERS_LIST = "This number is on the do-not-call list of your account team, so nobody calls it from here."


@scope.requires_scope
def refusal(tenant: Tenant, number: str) -> str:
    """Why this client does not call this number (E.164), or "". Inside its scope, or one that reaches all."""
    if entry := entry_of(tenant, number):
        return ON_THE_LIST.format(day=f"{entry.added_at.astimezone(tenant.zone):%-d %B %Y}")
    return ON_THE_RESELLERS_LIST if is_blocked_by_reseller(number) else ""


@scope.requires_scope
def entry_of(tenant: Tenant, number: str) -> DoNotCallEntry | None:
    """The client's own entry with this number."""
    return DoNotCallEntry.objects.filter(tenant=tenant, number=number).first()


def is_blocked_by_reseller(number: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT public.reseller_blocks(%s)", [number])
        (blocked,) = cursor.fetchone()
    return bool(blocked)
