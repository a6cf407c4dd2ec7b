"""Whether a person wants a campaign to run on its days: a start of theirs sets it, every pause but that of its days
clears it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from dashboard.campaigns.models import Campaign, CampaignSchedule
from tenants.isolation import scope

LOOKED_AT = timedelta(minutes=1)  # after a start: by then VoiceDock's list shows it


@scope.requires_scope
def turn_on(campaign: Campaign, *, confirmed_risk: str = "", now: bool = False) -> bool:
    """From now on its days decide; False for a campaign without days. `now`: they are looked at at once."""
    rows = CampaignSchedule.objects.filter(campaign=campaign)
    at = Now() if now else Now() + LOOKED_AT
    return bool(rows.update(is_on=True, next_at=at, confirmed_risk=confirmed_risk, reason=""))


@scope.requires_scope
def is_on(campaign: Campaign) -> bool:
    """Whether its days decide. Locked, so that a pause waits until what is about to be asked is recorded."""
    rows = CampaignSchedule.objects.filter(campaign=campaign, is_on=True).select_for_update(of=("self",))
    return rows.values_list("pk", flat=True).first() is not None


@scope.requires_scope
def turn_off(campaign: Campaign, reason: str = "") -> bool:
    """Its days start it no more, until a person does; False where that was so already."""
    rows = CampaignSchedule.objects.filter(campaign=campaign, is_on=True)
    return bool(rows.update(is_on=False, next_at=None, reason=reason[:500]))
