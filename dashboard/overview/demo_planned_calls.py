"""The planned calls of the demo: one for tomorrow morning, and one whose time is over: it waits for a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from dashboard.calls.models import PlannedCall
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import planning, run
from dashboard.calls.planned.wish import Wish
from tenants.isolation import scope
from tenants.models import Tenant, User

MISSED, TOMORROW = "+31612347701", "+31612347702"
REMINDER = Changes(first_message="Good morning, I am calling about your appointment of this afternoon.")
WINDOW = timedelta(minutes=15)


@scope.opens_scope
def plan(tenant: Tenant, *, by: User) -> None:
    """By the same path as a person plans them; nothing where something is planned already."""
    with scope.for_tenant(tenant):
        tenant.refresh_from_db()
        if PlannedCall.objects.filter(tenant=tenant).exists():
            return
    now = timezone.now()
    missed = planning.plan(tenant, _wish(tenant, MISSED, now - timedelta(minutes=40)), token=uuid4(), by=by)
    run.run(missed.pk)
    morning = (now.astimezone(tenant.zone) + timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)
    planning.plan(tenant, _wish(tenant, TOMORROW, morning, REMINDER), token=uuid4(), by=by)


def _wish(tenant: Tenant, destination: str, due_at: datetime, changes: Changes | None = None) -> Wish:
    return Wish(
        number=tenant.default_number_id or 0,
        line_by_rule=True,
        assistant=tenant.default_assistant_id or 0,
        destination=destination,
        changes=changes or Changes(),
        shown="",
        preset="",
        due_at=due_at,
        latest_at=due_at + WINDOW,
        zone=tenant.timezone,
    )
