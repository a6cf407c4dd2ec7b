"""How much credit the connections have left, and whether that is little for a client's campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dashboard.campaigns.models import Campaign
from dashboard.contact_rules import contact_settings
from dashboard.contact_rules.models import ContactSettings
from tenants.isolation import scope
from tenants.models import Connection


@scope.requires_scope
def balances() -> dict[int, Decimal]:
    """The minutes that are left, by connection, where VoiceDock tells. Inside a scope that covers all clients."""
    known = Connection.objects.in_bulk()
    found = {pk: _balance_of(connection, known) for pk, connection in known.items()}
    return {pk: balance for pk, balance in found.items() if balance is not None}


@scope.requires_scope
def is_low(campaign: Campaign) -> bool:
    """Less than its client's campaigns are started with."""
    balance = balances().get(campaign.connection_id)
    if balance is None or campaign.tenant is None:
        return False
    return balance < contact_settings.of(campaign.tenant).low_credit


@scope.requires_scope
def holds_back(campaign: Campaign) -> bool:
    """Whether its days do not start it now: it would be paused again at once."""
    minutes = balances().get(campaign.connection_id)
    if minutes is None or campaign.tenant is None:
        return False
    return stops(campaign, minutes, contact_settings.of(campaign.tenant))


def stops(campaign: Campaign, minutes: Decimal, settings: ContactSettings) -> bool:
    """Started with credit, it pauses while that is low; started with little, only once there is none."""
    return minutes <= 0 or (minutes < settings.low_credit and not campaign.began_with_low_credit)


def _balance_of(connection: Connection, known: Mapping[int, Connection]) -> Decimal | None:
    """VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`)."""
    top, seen = connection, set[int]()
    while top.parent_id is not None and top.parent_id in known and top.pk not in seen:
        seen.add(top.pk)
        top = known[top.parent_id]
    return connection.minutes_balance if top.minutes_balance is None else top.minutes_balance
