"""Queries of staff’s pages of the inventory; each runs inside a scope that covers all clients."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, Now

from dashboard.sync import freshness
from dashboard.sync.models import Kind
from tenants.isolation import scope
from tenants.models import (
    Assistant,
    AssistantDedication,
    Connection,
    Number,
    NumberDedication,
    Tenant,
)
from tenants.models.dedications import DedicationQuerySet

HISTORY = 20


def free_numbers() -> QuerySet[Number]:
    return _free(Number, _that_exclude(Number))


def free_assistants() -> QuerySet[Assistant]:
    return _free(Assistant, _that_exclude(Assistant))


def _free(model: type[Model], dedications: QuerySet[Any]) -> QuerySet[Any]:
    """Those that are neither dedicated now nor from a later day."""
    listed = model._default_manager.filter(vanished_at=None).select_related("connection")
    return listed.filter(~Exists(_held(dedications)))


def _held(dedications: Any) -> QuerySet[Any]:
    return dedications.unended()


def offered_numbers(tenant: Tenant) -> QuerySet[Number]:
    return _offered(Number, tenant, _that_exclude(Number))


def offered_assistants(tenant: Tenant) -> QuerySet[Assistant]:
    return _offered(Assistant, tenant, _that_exclude(Assistant))


def _offered(model: type[Model], tenant: Tenant, dedications: QuerySet[Any]) -> QuerySet[Any]:
    """What VoiceDock has, the free ones first and those of the client's own connection before others.

    `holder` is the name of a client, or none. `is_kept`: its holder has it without an end, so a dedication from any
    day on is refused.
    """
    listed = model._default_manager.filter(vanished_at=None).select_related("connection")
    home = Q(connection=tenant.home_connection_id)
    return listed.annotate(
        away=~home if tenant.home_connection_id else Q(pk__isnull=False),
        holder=Subquery(_held(dedications).order_by("period").values("tenant__name")[:1]),
        is_kept=Exists(_held(dedications).filter(period__upper_inf=True)),
    ).order_by(F("holder").asc(nulls_first=True), "away", "connection__name", *(model._meta.ordering or ()))


def inventory(model: type[Model], filters: dict[str, Any]) -> QuerySet[Any]:
    """Numbers or assistants of all connections with `holder` (a tenant's id), and the `later_name` of the client that
    gets it from `later_from` on; free ones first."""
    dedications, excluding = _dedications(model), _that_exclude(model)
    held = excluding.open()
    later = excluding.filter(period__startswith__gt=Now(), withdrawn_at=None).order_by("period")
    thing = model._default_manager.select_related("connection").annotate(
        holder=Subquery(held.values("tenant")[:1]),
        holder_name=Subquery(held.values("tenant__name")[:1]),
        holder_slug=Subquery(held.values("tenant__slug")[:1]),
        later_name=Subquery(later.values("tenant__name")[:1]),
        later_slug=Subquery(later.values("tenant__slug")[:1]),
        later_from=Subquery(later.values("period__startswith")[:1]),
        times=Coalesce(Subquery(_by_thing(dedications)), 0),
    )
    if text := (filters.get("q") or "").strip():
        digits = "".join(char for char in text if char.isdigit()).lstrip("0")
        like = Q(name__icontains=text) | Q(business_name__icontains=text) | Q(holder_name__icontains=text)
        like |= Q(later_name__icontains=text)
        if model is Number and digits and not any(char.isalpha() for char in text):
            like |= Q(e164__contains=digits)
        thing = thing.filter(like)
    if filters.get("connection"):
        thing = thing.filter(connection=filters["connection"])
    match filters.get("held"):
        case "free":
            thing = thing.filter(holder=None, later_name=None, vanished_at=None)
        case "held":
            thing = thing.exclude(holder=None)
        case "gone":
            thing = thing.exclude(vanished_at=None)
    last = "e164" if model is Number else "name"
    return thing.order_by(F("vanished_at").asc(nulls_first=True), F("holder_name").asc(nulls_first=True), last, "pk")


def _dedications(model: type[Model]) -> DedicationQuerySet[Any]:
    if model is Number:
        return NumberDedication.objects.filter(number=OuterRef("pk")).order_by()
    return AssistantDedication.objects.filter(assistant=OuterRef("pk")).order_by()


def _that_exclude(model: type[Model]) -> DedicationQuerySet[Any]:
    """The dedications that the database keeps apart from a new one: a telephone number has one holder, whichever
    connections list it."""
    if model is Number:
        return NumberDedication.objects.filter(e164=OuterRef("e164")).order_by()
    return _dedications(model)


def _by_thing(dedications: QuerySet[Any]) -> QuerySet[Any]:
    name = "number" if dedications.model is NumberDedication else "assistant"
    return dedications.values(name).annotate(n=Count("pk")).values("n")


@scope.requires_scope
def history(dedications: type[Model], name: str, things: list[Any]) -> dict[int, list[Any]]:
    """The dedications of each of these by its id, the newest first, at most `HISTORY` of each."""
    found: dict[int, list[Any]] = defaultdict(list)
    wanted = dedications._default_manager.filter(**{f"{name}__in": [thing.pk for thing in things]})
    for dedication in wanted.select_related("tenant", "made_by", "ended_by").order_by(F("period").desc()):
        rows = found[getattr(dedication, f"{name}_id")]
        if len(rows) < HISTORY:
            rows.append(dedication)
    return found


@scope.requires_scope
def inventory_age() -> datetime | None:
    """When the oldest copy of an inventory was made; None while a connection has none."""
    copies = freshness.freshness(list(Connection.objects.all()), (Kind.INVENTORY,)).values()
    times = [copy.fresh_at for copy in copies]
    return min(times) if times and all(times) else None  # type: ignore[type-var]
