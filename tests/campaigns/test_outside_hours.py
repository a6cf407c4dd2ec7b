"""A campaign that was made at VoiceDock and calls outside of the calling hours of its client says so."""

from __future__ import annotations

from datetime import time

import pytest

from dashboard.campaigns.models import CampaignDraft, CampaignSchedule
from dashboard.contact_rules.models import ContactSettings
from tenants.isolation import scope
from tests.campaigns.report_pages import read
from tests.fixtures.call_factories import make_campaign

NOTE = "It calls outside of the calling hours of your contact rules, Monday to Saturday 8:00 to 20:00"


@pytest.mark.parametrize(
    ("facts", "weekdays", "is_noted"),
    [
        ({"starts": time(9), "ends": time(17)}, [0, 1, 2, 3, 4, 5], False),
        ({"starts": time(8), "ends": time(20)}, [0], False),
        ({"starts": time(9), "ends": time(17)}, None, True),  # Sundays too
        ({"starts": time(0), "ends": time(23, 59, 59)}, [0, 1], True),
        ({"starts": time(7, 59), "ends": time(9)}, [0], True),
        ({"starts": time(19), "ends": time(20, 1)}, [0], True),
        ({"starts": time(22), "ends": time(6)}, [0], True),
        ({"starts": time(0), "ends": time(23), "status": "completed"}, [0], False),
        ({"starts": None, "ends": None}, [0], False),
    ],
)
def test_it_is_noted_of_a_day_or_a_time_outside(bloom, manager, facts, weekdays, is_noted):
    campaign = make_campaign(bloom, **{"status": "scheduled"} | facts)
    if weekdays is not None:
        with scope.for_tenant(bloom.tenant):
            CampaignSchedule.objects.create(tenant=bloom.tenant, campaign=campaign, weekdays=weekdays, is_on=True)
    page = read(manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/"))
    assert (NOTE in page) is is_noted


def test_hours_that_campaigns_need_not_keep_and_people_who_were_asked_for_are_no_matter(bloom, manager, admin):
    campaign = make_campaign(bloom, status="scheduled", starts=time(0), ends=time(23))
    address = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    assert NOTE in read(manager.get(address))
    with scope.for_tenant(bloom.tenant):
        draft = CampaignDraft.objects.create(tenant=bloom.tenant, campaign=campaign, created_by=admin)
    assert NOTE not in read(manager.get(address))
    with scope.for_tenant(bloom.tenant):
        draft.delete()
        ContactSettings.objects.create(tenant=bloom.tenant, campaigns_keep_hours=False)
    assert NOTE not in read(manager.get(address))
