"""What the screens of planned calls read; each function runs inside the scope its caller holds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.models.planned_call import PlannedCallQuerySet
from tenants.isolation import scope
from tenants.models import Tenant

SHOWN = 200  # of those that are open, and of those that were not placed


@dataclass(frozen=True)
class Counts:
    """How many calls of a client are planned, and how many were not placed and wait for a decision."""

    open: int = 0
    not_placed: int = 0

    @property
    def words(self) -> str:
        """`2 planned, 1 not placed`."""
        return f"{self.open or 'none'} planned" + (f", {self.not_placed} not placed" if self.not_placed else "")


COUNTS = {  # the fields of `Counts`, over the rows of `to_count`
    "open": Count("pk", filter=Q(state__in=PlannedCall.OPEN)),
    "not_placed": Count("pk", filter=Q(state__in=PlannedCall.NOT_PLACED)),
}


@scope.requires_scope
def counts(tenant: Tenant) -> Counts:
    return Counts(**to_count(tenant).aggregate(**COUNTS))


def to_count(tenant: Tenant) -> PlannedCallQuerySet:
    return PlannedCall.objects.filter(tenant=tenant, state__in=[*PlannedCall.OPEN, *PlannedCall.NOT_PLACED])


def of_tenant(tenant: Tenant) -> PlannedCallQuerySet:
    return PlannedCall.objects.filter(tenant=tenant).select_related(
        "tenant", "planned_by", "changed_by", "number_dedication__number", "assistant_dedication__assistant"
    )


@scope.requires_scope
def find(tenant: Tenant, planned_id: UUID | str) -> PlannedCall | None:
    """The client's planned call of that id; None for any other text."""
    try:
        pk = planned_id if isinstance(planned_id, UUID) else UUID(planned_id)
    except ValueError:
        return None
    return of_tenant(tenant).filter(pk=pk).first()


@scope.requires_scope
def of_call(call: Call) -> PlannedCall | None:
    """What a call was planned as; asks nothing about calls that were placed by hand."""
    return of_tenant(call.tenant).filter(call=call.pk).first() if call.not_after and call.tenant else None


@scope.requires_scope
def next_to(tenant: Tenant, e164: str, *, without: str = "") -> PlannedCall | None:
    """The next planned call to this person, but for the one of the id `without`."""
    if not e164:
        return None
    found = of_tenant(tenant).open().filter(destination=e164).order_by("due_at", "pk")
    return next((planned for planned in found[:2] if str(planned.pk) != without), None)
