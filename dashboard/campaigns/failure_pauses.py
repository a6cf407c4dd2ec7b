"""Pause campaigns whose last calls failed too often, and those whose organization runs out of credit.

How many failures and how little credit staff set for each client (`contact_rules.ContactSettings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from dashboard.campaigns import control, low_credit, pauses
from dashboard.campaigns.models import Campaign, Lead, PauseCause
from dashboard.contact_rules import contact_settings
from dashboard.contact_rules.models import ContactSettings
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
    found = list(read.order_by("-leads_seen_at")[:MOST])
    settings = _settings(found)
    return [(campaign, PauseCause.FAILURES) for campaign in found if _fails(campaign, settings[campaign.tenant_id])]


def _fails(campaign: Campaign, settings: ContactSettings) -> bool:
    """By its last calls since a person started it; fewer than that many tell nothing."""
    finished = Lead.objects.filter(campaign=campaign, status__in=FINISHED, last_attempt_at__isnull=False)
    if campaign.watched_since:
        finished = finished.filter(last_attempt_at__gt=campaign.watched_since)
    latest = finished.order_by("-last_attempt_at").values_list("status", flat=True)
    last = list(latest[: settings.failed_of_last])
    return len(last) == settings.failed_of_last and last.count(FAILED) * 100 >= settings.most_failed * len(last)


def _without_credit() -> list[tuple[Campaign, PauseCause]]:
    """Started with credit, they pause while it is low; started with little, only once there is none."""
    balances = low_credit.balances()
    started = list(_started().filter(connection__in=balances).order_by("pk"))
    settings = _settings(started)
    found = [
        campaign
        for campaign in started
        if low_credit.stops(campaign, balances[campaign.connection_id], settings[campaign.tenant_id])
    ]
    return [(campaign, PauseCause.LOW_CREDIT) for campaign in found[:MOST]]


def _settings(campaigns: Sequence[Campaign]) -> Mapping[Any, ContactSettings]:
    """By client; each of these campaigns has one."""
    return contact_settings.of_many({campaign.tenant_id for campaign in campaigns if campaign.tenant_id})


def _started() -> QuerySet[Campaign]:
    started = Campaign.objects.filter(status=Campaign.Status.SCHEDULED, vanished_at=None, pause_required_at=None)
    return started.exclude(tenant=None).select_related("connection", "tenant")
