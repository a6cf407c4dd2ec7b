"""Whether a campaign calls outside of the calling hours that its client set for campaigns.

They are asked for each person of a draft before it is sent. A campaign that was made at VoiceDock was never asked, so
its page says it.
"""

from __future__ import annotations

from datetime import time

from dashboard.campaigns.daily_window import LAST_SECOND
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignSchedule
from dashboard.campaigns.windows import window_of
from dashboard.contact_rules import contact_settings, country_presets
from dashboard.contact_rules.hours import Spans
from tenants.isolation import scope

OUTSIDE = (
    "It calls outside of the calling hours of your contact rules, {hours}. Only people of campaigns that are made here "
    "are held to them, before they are sent."
)
EVERY_DAY = range(7)


@scope.requires_scope
def words(campaign: Campaign, schedule: CampaignSchedule | None) -> str:
    """What to say of a campaign that calls on a day or at a time outside of those for people of its client's country,
    else "". Three queries at most, none of a campaign that is over."""
    tenant, window = campaign.tenant, window_of(campaign)
    if tenant is None or window is None or campaign.status in Campaign.OVER:
        return ""
    settings = contact_settings.of(tenant)
    if not settings.campaigns_keep_hours:
        return ""
    hours = contact_settings.hours_of(settings, tenant.country, country_presets.known())
    days = schedule.weekdays if schedule is not None and schedule.is_on else EVERY_DAY
    if all(_is_inside(hours.days[day], window.starts, window.ends) for day in days):
        return ""
    if CampaignDraft.objects.filter(tenant=tenant, campaign=campaign).exists():  # its people were asked for
        return ""
    return OUTSIDE.format(hours=hours.words())


def _is_inside(spans: Spans, starts: time, ends: time) -> bool:
    return starts < ends and any(
        opens <= starts and (ends <= closes or closes >= LAST_SECOND) for opens, closes in spans
    )
