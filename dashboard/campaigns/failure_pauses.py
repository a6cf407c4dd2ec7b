"""Pause campaigns whose last calls failed too often, and those whose organization runs out of credit."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from dashboard.campaigns import control, low_credit, pauses
from dashboard.campaigns.models import Campaign, Lead, PauseCause
from tenants.isolation import scope

FRESH = timedelta(minutes=2)  # leads that were read longer ago tell nothing new
FINISHED = ("completed", "failed", "skipped", "no_answer")
FAILED = "failed"
MOST = 500  # of one run, those whose leads were read last


@scope.opens_scope
def run() -> list[Campaign]:
    """Require the pauses and ask VoiceDock for them; idempotent, for beat. Opens scopes of its own."""
    with scope.for_system("campaigns that fail"):
        found = _failing()
    with scope.for_system("campaigns without credit"):
        found += _without_credit()
    required = [campaign for campaign, cause in found if pauses.require(campaign, cause)]
    control.ask_to_pause_all(required)
    return required


def _failing() -> list[tuple[Campaign, PauseCause]]:
    read = _started().filter(failed_leads__gt=0, leads_seen_at__gt=timezone.now() - FRESH)
    return [(campaign, PauseCause.FAILURES) for campaign in read.order_by("-leads_seen_at")[:MOST] if _fails(campaign)]


def _fails(campaign: Campaign) -> bool:
    """By its last calls since a person started it; fewer than that many tell nothing."""
    finished = Lead.objects.filter(campaign=campaign, status__in=FINISHED, last_attempt_at__isnull=False)
    if campaign.watched_since:
        finished = finished.filter(last_attempt_at__gt=campaign.watched_since)
    latest = finished.order_by("-last_attempt_at").values_list("status", flat=True)
    last = list(latest[: campaign.failed_of_last])
    return len(last) == campaign.failed_of_last and last.count(FAILED) * 100 >= campaign.most_failed * len(last)


def _without_credit() -> list[tuple[Campaign, PauseCause]]:
    """Started with credit, they pause while it is low; started with little, only once there is none."""
    low = low_credit.connections()
    started = _started().filter(connection__in=low)
    return [
        (campaign, PauseCause.LOW_CREDIT)
        for campaign in started.order_by("pk")[:MOST]
        if low[campaign.connection_id] <= 0 or not campaign.began_with_low_credit
    ]


def _started() -> QuerySet[Campaign]:
    started = Campaign.objects.filter(status=Campaign.Status.SCHEDULED, vanished_at=None, pause_required_at=None)
    return started.exclude(tenant=None).select_related("connection", "tenant")
