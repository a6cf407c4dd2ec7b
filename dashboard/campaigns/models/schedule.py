"""The days on which a campaign calls. VoiceDock has a daily window alone (`voicedock-api.md §6.5`)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from dashboard.campaigns.models.campaign import Campaign
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant

WORKDAYS = [0, 1, 2, 3, 4]


def workdays() -> list[int]:
    return list(WORKDAYS)


class CallingDays(models.Model):
    """Weekdays as `date.weekday()` has them: Monday is 0. Days are those of the campaign's time zone."""

    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=workdays)
    skips_holidays = models.BooleanField(default=True)
    holiday_country = models.CharField(max_length=2, blank=True, help_text="Whose public holidays: ISO 3166, or none.")
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


class CampaignSchedule(CallingDays):
    """On which days Patchbay starts a campaign and pauses it, for as long as a person has it running.

    `is_on` says whether a person wants it to run: *Start* sets it, *Pause* and *Cancel* clear it, and so does a pause
    for any of `PauseCause`. `next_at` is when it is looked at again.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="schedule", db_constraint=False)
    is_on = models.BooleanField(default=False)
    confirmed_risk = models.CharField(
        max_length=16, blank=True, help_text="The risk of its organization that staff confirmed when they started it."
    )
    next_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it is not calling now, in words for people.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day=None)
                | models.Q(first_day=None)
                | models.Q(last_day__gte=models.F("first_day")),
                name="schedule_days_in_order",
            ),
            CompositeForeignKey(
                name="schedule_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="schedule_rows"),
        ]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(is_on=True), name="schedules_due")]

    def __str__(self) -> str:
        return f"days of campaign {self.campaign_id}"
