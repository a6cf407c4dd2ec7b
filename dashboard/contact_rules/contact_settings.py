"""What the calls of a client are held to besides the do-not-call lists: read and changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any

from django.utils import timezone

from dashboard.contact_rules.country_hours import COUNTRY_HOURS, CountryHours
from dashboard.contact_rules.hours import Hours
from dashboard.contact_rules.models import ContactSettings
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

DEFAULTS = ContactSettings()  # of a client without a row; never changed


@scope.requires_scope
def of(tenant: Tenant) -> ContactSettings:
    """Those of the client, or the defaults, which are not stored."""
    return ContactSettings.objects.filter(tenant=tenant).first() or ContactSettings(tenant=tenant)


@scope.requires_scope
def of_many(tenants: Collection[int]) -> dict[int, ContactSettings]:
    """By id of the client, for each of these. Inside a scope that covers them."""
    return dict.fromkeys(tenants, DEFAULTS) | ContactSettings.objects.in_bulk(tenants)


def from_json(tenant: Tenant, stored: str) -> ContactSettings:
    """The row as PostgreSQL writes it as JSON."""
    values = json.loads(stored)
    values.pop("tenant_id")
    times: dict[str, Any] = {name: time.fromisoformat(values[name]) for name in ("opens", "closes")}
    if values["changed_at"]:
        times["changed_at"] = datetime.fromisoformat(values["changed_at"])
    return ContactSettings(tenant=tenant, **values | times)


@scope.requires_scope
def lock(tenant: Tenant) -> ContactSettings:
    """The row of the client, made where there was none, and locked until the end of the transaction."""
    ContactSettings.objects.bulk_create([ContactSettings(tenant=tenant)], ignore_conflicts=True)
    return ContactSettings.objects.select_for_update().get(tenant=tenant)


@scope.requires_scope
def change(settings: ContactSettings, changed: dict[str, Any], *, by: User, what: str) -> None:
    """Store these fields. `what` says in words what holds now, for the audit trail. Last in its transaction."""
    if not set(changed).issubset(ContactSettings.OF_PAUSES):
        changed = changed | {"changed_at": timezone.now()}
    for name, value in changed.items():
        setattr(settings, name, value)
    settings.save(update_fields=list(changed))
    audit.record(by, settings.tenant, "contact-rules.changed", settings.tenant, what=what)


def hours_of(settings: ContactSettings, country: str, presets: Mapping[str, CountryHours] = COUNTRY_HOURS) -> Hours:
    """The calling hours for people in this country (ISO code): its own where it has some, else the client's."""
    prescribed = presets.get(country) if settings.uses_country_hours else None
    return prescribed.hours if prescribed else own_hours(settings)


def own_hours(settings: ContactSettings) -> Hours:
    spans = ((settings.opens, settings.closes),)
    days = tuple(spans if day in settings.weekdays else () for day in range(7))
    return Hours(days, holidays=() if settings.skips_holidays else None)
