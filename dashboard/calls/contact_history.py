"""When numbers were called from here, for the rule of most attempts (`dashboard.contact_rules.contact_history`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection as database

from dashboard.contact_rules.contact_history import Asking
from tenants.isolation import scope
from tenants.models import Tenant

ATTEMPTS = """
    SELECT c.counterpart, array_agg(c.sent_at) FROM calls_call c
    WHERE c.tenant_id = %s AND c.counterpart = ANY(%s::text[]) AND c.origin = 'placed' AND c.state <> 'refused'
      AND c.sent_at >= %s AND c.id IS DISTINCT FROM %s
    GROUP BY c.counterpart
"""


@scope.requires_scope
def attempts(tenant: Tenant, numbers: Sequence[str], since: datetime, asking: Asking) -> dict[str, list[datetime]]:
    """Calls that were placed here; those of campaigns are counted with their people."""
    with database.cursor() as cursor:
        cursor.execute(ATTEMPTS, [tenant.pk, list(numbers), since, asking.call])
        return dict(cursor.fetchall())
