"""Which campaigns call a number, and when they did (`dashboard.contact_rules.contact_history`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database

from dashboard.contact_rules.contact_history import Asking, EarlierCampaign
from tenants.isolation import scope
from tenants.models import Tenant

# VoiceDock tells how often a person was called and when last: all of these count as made then.
ATTEMPTS = """
    SELECT l.phone_number, sum(greatest(l.attempts, 1))::int, max(l.last_attempt_at) FROM campaigns_lead l
    WHERE l.tenant_id = %s AND l.phone_number = ANY(%s::text[]) AND l.last_attempt_at >= %s
    GROUP BY l.phone_number
"""
# People who wait in a campaign that may still call them come first, with those of drafts that are being sent.
CAMPAIGNS = """
    SELECT DISTINCT ON (number) number, name, called_at FROM (
      SELECT l.phone_number AS number, c.name, l.last_attempt_at AS called_at
        FROM campaigns_lead l JOIN campaigns_campaign c ON c.id = l.campaign_id
        WHERE l.tenant_id = %(tenant)s AND l.phone_number = ANY(%(numbers)s::text[])
          AND c.id <> ALL(%(own)s::bigint[])
          AND (l.last_attempt_at >= %(since)s OR l.last_attempt_at IS NULL AND l.status IN ('pending', 'calling')
            AND c.status IN ('draft', 'scheduled', 'paused') AND c.vanished_at IS NULL)
      UNION ALL
      SELECT l.number, d.name, NULL FROM campaigns_draftlead l JOIN campaigns_campaigndraft d ON d.id = l.draft_id
        LEFT JOIN campaigns_campaign c ON c.id = d.campaign_id
        WHERE l.tenant_id = %(tenant)s AND l.number = ANY(%(numbers)s::text[]) AND d.id IS DISTINCT FROM %(draft)s
          AND d.state IN ('sending', 'stopped') AND l.state IN ('ready', 'sending', 'unknown', 'sent')
          AND (d.campaign_id IS NULL OR c.status IN ('draft', 'scheduled', 'paused') AND c.vanished_at IS NULL)
    ) found ORDER BY number, called_at DESC NULLS FIRST
"""


@scope.requires_scope
def attempts(tenant: Tenant, numbers: Sequence[str], since: datetime, asking: Asking) -> dict[str, list[datetime]]:
    with database.cursor() as cursor:
        cursor.execute(ATTEMPTS, [tenant.pk, list(numbers), since])
        return {number: [last] * count for number, count, last in cursor}


@scope.requires_scope
def campaigns(tenant: Tenant, numbers: Sequence[str], since: datetime, asking: Asking) -> dict[str, EarlierCampaign]:
    facts: dict[str, Any] = {"tenant": tenant.pk, "numbers": list(numbers), "since": since}
    facts |= {"own": list(asking.campaigns), "draft": asking.draft}
    with database.cursor() as cursor:
        cursor.execute(CAMPAIGNS, facts)
        return {number: EarlierCampaign(name, called_at) for number, name, called_at in cursor}
