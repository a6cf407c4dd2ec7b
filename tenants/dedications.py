"""Open clients, change their limits, and dedicate numbers and assistants to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tenants import audit, names
from tenants.destination_rules import kinds_words, usual_countries
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import (
    Assistant,
    AssistantDedication,
    Connection,
    Dedication,
    Number,
    NumberDedication,
    Tenant,
    User,
)

INSTANT = timedelta(microseconds=1)


class AlreadyDedicated(ActionRefused):
    """The number or assistant is dedicated to `holder` in that period; None where its tenant may not be shown."""

    def __init__(self, message: str, holder: Tenant | None = None) -> None:
        super().__init__(message)
        self.holder = holder


@scope.requires_scope
def open_tenant(
    *,
    name: str,
    slug: str,
    city: str = "",
    timezone: str = "Europe/Amsterdam",
    country: str = "",
    home_connection: Connection | None,
    by: User | None,
    brand_hue: int = 254,
    brand_chroma: Decimal | float | str = "0.115",
    **limits: int,
) -> Tenant:
    """Open a client, which may call its own country and the EU.

    `limits` are `max_concurrent_calls` and `max_calls_per_day`.
    """
    name = names.clean(name, 120)
    tenant = Tenant.objects.create(
        name=name,
        slug=slug,
        city=names.clean(city, 80),
        timezone=timezone,
        country=country,
        allowed_countries=usual_countries(country),
        home_connection=home_connection,
        brand_hue=brand_hue,
        brand_chroma=Decimal(str(brand_chroma)),
        **limits,
    )
    audit.record(by, tenant, "tenant.opened", tenant, name=name, connection=str(home_connection or ""))
    return tenant


@scope.requires_scope
def change_limits(
    tenant: Tenant, *, by: User, max_concurrent_calls: int | None = None, max_calls_per_day: int | None = None
) -> None:
    """Change the limits that are given; the audit entry has both as they are afterwards."""
    given = {"max_concurrent_calls": max_concurrent_calls, "max_calls_per_day": max_calls_per_day}
    changed = {name: value for name, value in given.items() if value is not None}
    Tenant.objects.filter(pk=tenant.pk).update(**changed)
    tenant.refresh_from_db(fields=list(given))
    both = {"at_once": tenant.max_concurrent_calls, "per_day": tenant.max_calls_per_day}
    audit.record(by, tenant, "tenant.limits-changed", tenant, **both)


@scope.requires_scope
def change_countries(
    tenant: Tenant, *, country: str, allowed: list[str], by: User, country_words: str, allowed_words: str
) -> None:
    """Set the client's country and those it may call, as ISO codes; `*_words` are their names in the audit trail."""
    tenant.country, tenant.allowed_countries = country, allowed
    tenant.save(update_fields=["country", "allowed_countries"])
    audit.record(by, tenant, "tenant.countries-changed", tenant, allowed=allowed_words, country=country_words)


@scope.requires_scope
def change_kinds(tenant: Tenant, kinds: list[str], *, by: User) -> None:
    """Set which kinds of numbers that cost extra the client may call."""
    tenant.allowed_kinds = sorted(kinds)
    tenant.save(update_fields=["allowed_kinds"])
    audit.record(by, tenant, "tenant.kinds-changed", tenant, kinds=kinds_words(kinds))


@scope.requires_scope
def change_transient_calls(tenant: Tenant, allowed: bool, *, by: User) -> None:
    """Set whether the client may place calls with one-time assistants; its owner gives the right to members."""
    tenant.transient_calls = allowed
    tenant.save(update_fields=["transient_calls"])
    if allowed:
        audit.record(by, tenant, "tenant.transient-calls-allowed", tenant, name=tenant.name)
    else:
        audit.record(by, tenant, "tenant.transient-calls-withdrawn", tenant, name=tenant.name)


@scope.requires_scope
def dedicate_number(
    tenant: Tenant, number: Number, *, by: User | None, start: datetime | None = None, name: str = ""
) -> NumberDedication:
    """Give the tenant a number from `start` (now) until it is released; raises `AlreadyDedicated`.

    `name` is what its people call the line; "" for the number's own name.
    """
    dedication = NumberDedication(
        tenant=tenant,
        connection_id=number.connection_id,
        number=number,
        e164=number.e164,
        name=names.clean(name, 80),
        made_by=by,
    )
    _dedicate(dedication, start, taken_by=lambda: NumberDedication.objects.filter(e164=number.e164))
    audit.record(by, tenant, "number.dedicated", dedication, number=number.e164)
    return dedication


@scope.requires_scope
def name_number(dedication: NumberDedication, name: str, *, by: User) -> None:
    """What the tenant's people call this line; "" for the number's own name."""
    dedication.name = names.clean(name, 80)
    NumberDedication.objects.filter(pk=dedication.pk).update(name=dedication.name)
    called = dedication.line_name or "Line"
    audit.record(by, dedication.tenant, "number.named", dedication, number=dedication.e164, name=called)


@scope.requires_scope
def dedicate_assistant(
    tenant: Tenant, assistant: Assistant, *, by: User | None, start: datetime | None = None
) -> AssistantDedication:
    """Give the tenant an assistant from `start` (now) until it is released; raises `AlreadyDedicated`."""
    dedication = AssistantDedication(
        tenant=tenant, connection_id=assistant.connection_id, assistant=assistant, made_by=by
    )
    _dedicate(dedication, start, taken_by=lambda: AssistantDedication.objects.filter(assistant=assistant))
    audit.record(by, tenant, "assistant.dedicated", dedication, assistant=str(assistant))
    return dedication


def _dedicate(dedication: Dedication, start: datetime | None, taken_by: Any) -> None:
    dedication.period = DateTimeTZRange(start or database_now(), None)
    try:
        with transaction.atomic():
            dedication.save(force_insert=True)
    except IntegrityError as error:
        if "one_tenant_per" not in str(error):
            raise
        others = taken_by().filter(period__overlap=dedication.period, withdrawn_at=None)
        other = others.select_related("tenant").order_by("period").first()
        holder = other.tenant if other else None
        if holder == dedication.tenant:
            raise AlreadyDedicated(f"{holder} has it already.", holder) from error
        name = holder.name if holder else "Another client"
        if holder and other.begins_later:
            day = f"{other.period.lower.astimezone(holder.zone):%-d %B %Y}"
            raise AlreadyDedicated(
                f"{name} gets it from {day} on. Withdraw that on their page first.", holder
            ) from error
        until = f" until {other.period.upper:%-d %B %Y}" if other and other.period.upper else ""
        raise AlreadyDedicated(f"{name} has it{until}. Release it there first.", holder) from error


@scope.requires_scope
def end_number(dedication: NumberDedication, *, by: User | None) -> None:
    """Release a number: the period closes now, the row stays as proof. One that begins later is withdrawn."""
    withdrawn = _end(dedication, by)
    Tenant.objects.filter(pk=dedication.tenant_id, default_number=dedication).update(default_number=None)
    if withdrawn:
        audit.record(by, dedication.tenant, "number.withdrawn", dedication, number=dedication.e164)
    else:
        audit.record(by, dedication.tenant, "number.released", dedication, number=dedication.e164)


@scope.requires_scope
def end_assistant(dedication: AssistantDedication, *, by: User | None) -> None:
    """Release an assistant: the period closes now, the row stays as proof. One that begins later is withdrawn."""
    withdrawn = _end(dedication, by)
    Tenant.objects.filter(pk=dedication.tenant_id, default_assistant=dedication).update(default_assistant=None)
    if withdrawn:
        audit.record(by, dedication.tenant, "assistant.withdrawn", dedication, assistant=str(dedication.assistant))
    else:
        audit.record(by, dedication.tenant, "assistant.released", dedication, assistant=str(dedication.assistant))


def _end(dedication: Dedication, by: User | None) -> bool:
    """End the period; True if it was withdrawn before it began: such a row keeps an instant, as no period is empty."""
    begins, now = dedication.period.lower, database_now()
    dedication.ended_by = by
    if begins > now:
        dedication.period, dedication.withdrawn_at = DateTimeTZRange(begins, begins + INSTANT), now
    else:
        dedication.period = DateTimeTZRange(begins, max(now, begins + INSTANT))
    type(dedication).objects.filter(pk=dedication.pk).update(
        period=dedication.period, ended_by=by, withdrawn_at=dedication.withdrawn_at
    )
    return dedication.withdrawn_at is not None


def database_now() -> datetime:
    """The clock of the database, with which periods are compared; those of application servers may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


@scope.requires_scope
def set_defaults(
    tenant: Tenant, *, number: NumberDedication | None, assistant: AssistantDedication | None, by: User | None
) -> None:
    """Set what the call form starts with; the database refuses dedications of another tenant."""
    tenant.default_number, tenant.default_assistant = number, assistant
    tenant.save(update_fields=["default_number", "default_assistant"])
    audit.record(
        by,
        tenant,
        "tenant.defaults-changed",
        tenant,
        number=number.e164 if number else "none",
        assistant=str(assistant.assistant) if assistant else "none",
    )
