"""Who was taken off a campaign because they are on a do-not-call list: the audit trail alone keeps it.

VoiceDock does not list such a person any more, so that no figure of the campaign counts them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from dashboard.campaigns.models import Campaign, Lead
from dashboard.contact_rules.verdict import Rule
from tenants import audit
from tenants.isolation import scope
from tenants.models import AuditEntry

SHOWN = 50
LISTS: dict[str, str] = {
    Rule.DO_NOT_CALL: "This client’s",
    Rule.RESELLERS_LIST: "The account team’s",
    Rule.CAMPAIGN_LIST: "This campaign’s",
}


@dataclass(frozen=True)
class Person:
    """`on` names the list."""

    number: str
    on: str
    at: datetime


@dataclass(frozen=True)
class TakenOff:
    """`people` are the newest; none of them for who may not see the lists, or once their personal data was removed."""

    count: int
    people: tuple[Person, ...] = ()

    @property
    def others(self) -> int:
        return self.count - len(self.people)


@scope.requires_scope
def record(lead: Lead, rule: Rule) -> None:
    """Last in the caller's transaction."""
    campaign = lead.campaign
    facts = {"name": campaign.name, "counterpart": lead.phone_number, "rule": rule.value}
    audit.record(None, campaign.tenant, "campaign.person-removed", campaign, **facts)


@scope.requires_scope
def count(campaign: Campaign) -> int:
    return _entries(campaign).count()


@scope.requires_scope
def of(campaign: Campaign, *, may_see_lists: bool) -> TakenOff:
    """The trail keeps its numbers longer than pages may show them: those of before the removal are only counted."""
    if not may_see_lists:
        return TakenOff(count(campaign))
    found = _entries(campaign).order_by("-seq")
    if campaign.tenant is not None and campaign.tenant.data_removed_at is not None:
        found = found.filter(at__gt=campaign.tenant.data_removed_at)
    return TakenOff(count(campaign), tuple(map(_person, found.only("at", "body")[:SHOWN])))


def _person(entry: AuditEntry) -> Person:
    details = json.loads(entry.body)["details"]
    return Person(details["counterpart"], LISTS.get(details.get("rule", ""), ""), entry.at)


def _entries(campaign: Campaign) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(
        tenant=campaign.tenant_id, subject=f"campaign:{campaign.pk}", action="campaign.person-removed"
    )
