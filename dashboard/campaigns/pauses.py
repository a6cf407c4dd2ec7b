"""Pauses that Patchbay requires: recorded first, then requested until VoiceDock shows the campaign as paused."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from dashboard.campaigns import schedule_switch
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope

FIRST_WAIT, MAX_WAIT = 10, 300  # seconds between two attempts; each wait is twice as long as the one before
ACCEPTED, NOT_SENT = "accepted", "not-sent"
STARTED = Campaign.Status.SCHEDULED


@scope.opens_scope
def require(campaign: Campaign, cause: PauseCause) -> bool:
    """Record that it has to be paused; returns False when that is recorded already, or it is not started.

    Opens a scope of its own. The audit entry is in the client's trail.
    """
    with scope.for_system("a campaign has to be paused"):
        rows = Campaign.objects.filter(pk=campaign.pk, status=STARTED, vanished_at=None, pause_required_at=None)
        if not rows.update(
            pause_required_at=Now(),
            auto_paused_at=Now(),
            pause_cause=cause,
            pause_outcome="",
            pause_attempts=0,
            pause_next_at=Now(),
            version=F("version") + 1,
        ):
            return False
        now = _notify(campaign)
        schedule_switch.turn_off(now)
        audit.record(None, now.tenant, "campaign.pause-required", now, name=now.name, why=cause.label)
    return True


@scope.opens_scope
def record_attempt(campaign: Campaign, outcome: str) -> None:
    """Record the outcome of an attempt. Until the pause is seen, the next attempt follows after a longer wait."""
    with scope.for_system("record an attempt to pause"):
        required = Campaign.objects.filter(pk=campaign.pk).exclude(pause_required_at=None)
        if (now := required.select_for_update(of=("self",)).first()) is None:
            return
        wait = min(MAX_WAIT, FIRST_WAIT * 2 ** min(now.pause_attempts, 10))
        Campaign.objects.filter(pk=campaign.pk).update(
            pause_outcome=outcome,
            pause_attempts=F("pause_attempts") + 1,
            pause_next_at=Now() + timedelta(seconds=wait),
            version=F("version") + 1,
        )
        publish.row_changed("campaign", campaign.pk, tenant=now.tenant_id, version=now.version + 1)


@scope.opens_scope
def settle() -> None:
    """Clear the requirement of campaigns that VoiceDock shows as not started; opens scopes of its own."""
    with scope.for_system("campaigns that are paused"):
        done = Q(vanished_at__isnull=False) | ~Q(status=STARTED)
        found = list(Campaign.objects.select_related("tenant").filter(done, pause_required_at__isnull=False))
    for campaign in found:
        with scope.for_system("a campaign is paused"):
            rows = Campaign.objects.filter(done, pk=campaign.pk, pause_required_at__isnull=False)
            if rows.update(pause_required_at=None, pause_next_at=None, version=F("version") + 1):
                now = _notify(campaign)
                if now.pause_outcome != ACCEPTED:
                    audit.record(None, now.tenant, "campaign.pause-seen", now, name=now.name)


def due() -> QuerySet[Campaign]:
    """Campaigns whose next attempt is due. Inside the caller's scope."""
    waiting = Campaign.objects.filter(status=STARTED, vanished_at=None, pause_next_at__lte=Now())
    return waiting.exclude(pause_required_at=None).select_related("connection", "tenant").order_by("pause_next_at")


def _notify(campaign: Campaign) -> Campaign:
    """Notify open pages that it changed; returns the campaign as it is now."""
    now = Campaign.objects.select_related("tenant").get(pk=campaign.pk)
    publish.row_changed("campaign", now.pk, tenant=now.tenant_id, version=now.version)
    return now
