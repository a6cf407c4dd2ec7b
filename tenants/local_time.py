"""Local time of clients in queries."""

from __future__ import annotations

from django.db.models import (
    Case,
    DateTimeField,
    F,
    OuterRef,
    Value,
    When,
)
from django.db.models.lookups import Exact
from django.utils import timezone

from tenants import time_zones
from tenants.isolation import scope
from tenants.models import (
    Tenant,
)


@scope.requires_scope
def midnight_expression(zone_name: F | OuterRef) -> Case:
    """When today began for the client of a row; `zone_name` is the path to its time zone. Queries the zones in use.

    It is not computed in SQL, because PostgreSQL raises for the name of a zone that it does not know.
    """
    now, names = timezone.now(), Tenant.objects.order_by().values_list("timezone", flat=True).distinct()
    begins = {name: time_zones.midnight(time_zones.or_utc(name), now) for name in names}
    utc = time_zones.midnight(time_zones.or_utc("UTC"), now)
    whens = [When(Exact(zone_name, Value(name)), then=Value(moment)) for name, moment in begins.items()]
    return Case(*whens, default=Value(utc), output_field=DateTimeField())
