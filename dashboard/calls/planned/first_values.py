"""What the fields for the time of a call begin with: of a new call, and of one that is planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from dashboard.calls.models import PlannedCall
from dashboard.ui import phone_numbers
from tenants import time_zones
from tenants.models import Tenant

NOW, LATER = "now", "later"
WINDOWS = {
    5: "5 minutes after",
    15: "15 minutes after",
    30: "30 minutes after",
    60: "1 hour after",
    120: "2 hours after",
}
USUAL_WINDOW = 15


def initial_of_new(tenant: Tenant, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Of a form that places a call now, unless its address says otherwise."""
    zone = time_zones.read(wanted.get("zone", "")) or tenant.zone
    today = timezone.now().astimezone(zone).date()
    when = LATER if wanted.get("when") == LATER else NOW
    return {"when": when, "plan_date": today, "plan_zone": zone.key}


def initial_of(planned: PlannedCall, *, when: str) -> dict[str, Any]:
    """Of the form that changes a planned call, or places it now."""
    minutes = int(planned.window.total_seconds() // 60)
    return {
        "when": when,
        "plan_date": planned.local.date(),
        "plan_time": planned.local.time(),
        "plan_zone": planned.zone,
        "plan_window": minutes if minutes in WINDOWS else USUAL_WINDOW,
        "planned": planned.pk,
        "planned_version": planned.version,
    }


def zone_of_person(e164: str, tenant: Tenant) -> str:
    """The zone where this number rings, where its digits say one and it is not the client's; else ""."""
    found = phone_numbers.zones_of(e164)
    zone = time_zones.read(found[0]) if len(found) == 1 else None
    if zone is None:
        return ""
    now = datetime.now(UTC)
    same = now.astimezone(zone).utcoffset() == now.astimezone(tenant.zone).utcoffset()
    return "" if same else zone.key
