"""Queries of the pages of campaigns; each runs inside its caller's scope."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, prefetch_related_objects

from dashboard.calls import outcomes
from dashboard.calls.models import Call
from dashboard.campaigns import control, counts, pace, results, schedule_words, windows
from dashboard.campaigns.called import was_called
from dashboard.campaigns.counts import NOT_CALLED_LABELS, Counts, Part
from dashboard.campaigns.models import Campaign, CampaignSchedule, Lead
from dashboard.campaigns.results import Group, Results
from dashboard.campaigns.windows import CampaignStatus
from tenants.models import Tenant

MOST_TYPED = 100  # characters of a filter
PAGE = 50


@dataclass(frozen=True)
class Progress:
    """`parts` add up to `total`."""

    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class CampaignRow:
    """A campaign with its status, counts, and actions: `offered` by its state, `blocked_actions` with the reasons.

    `ending` is when it will have called everybody at its pace, or "".
    """

    campaign: Campaign
    status: CampaignStatus
    window: str
    window_in_sentence: str
    counts: Counts
    results: Results
    ending: str
    offered: list[str]
    blocked_actions: dict[str, str]
    schedule: CampaignSchedule | None = None

    @property
    def progress(self) -> Progress:
        """By the same groups as the figures beside it; by VoiceDock's counters until all its people are here."""
        found, parts = self.results, self.counts.parts
        if found.called == self.counts.called:
            groups = (
                ("done", Group.REACHED, found.reached),
                ("other", Group.VOICEMAIL, found.voicemail),
                ("failed", Group.NOT_REACHED, found.not_reached),
                ("other", Group.NOT_KNOWN, found.not_known),
            )
            called = (Part(kind, str(group.label).lower(), people) for kind, group, people in groups)
            parts = (*called, *(part for part in parts if part.label in NOT_CALLED_LABELS))
        return Progress(self.counts.total, parts)

    @property
    def waits_for_its_day(self) -> bool:
        """Whether its days start it, so that a person may have it not start."""
        started = self.campaign.status == Campaign.Status.SCHEDULED
        return self.schedule is not None and self.schedule.is_on and bool(self.offered) and not started

    @property
    def day_limits(self) -> list[str]:
        return schedule_words.limits(self.schedule) if self.schedule else []

    @property
    def best(self) -> str:
        """`38% booked`: the share of the people reached."""
        best = self.results.best
        return f"{self.results.share(best[1])}% {outcomes.read(best[0]).label.lower()}" if best else ""


def listed(tenant: Tenant | None = None) -> QuerySet[Campaign]:
    """None for all clients."""
    found = Campaign.objects.select_related("assistant", "tenant", "connection", "schedule")
    if tenant is not None:
        found = found.filter(tenant=tenant)
    return found


BlockedActions = Mapping[int, dict[str, str]]


def campaign_rows(campaigns: list[Campaign], now: datetime, blocked_actions: BlockedActions) -> list[CampaignRow]:
    """`blocked_actions` as of `control.blocked_actions`; empty for users who may not run campaigns."""
    prefetch_related_objects(campaigns, "schedule")
    known, found = counts.of_all(campaigns), results.of_all(campaigns)
    return [
        _row(campaign, now, known[campaign.pk], found[campaign.pk], blocked_actions.get(campaign.pk, {}))
        for campaign in campaigns
    ]


def _row(
    campaign: Campaign, now: datetime, known: Counts, found: Results, blocked_actions: dict[str, str]
) -> CampaignRow:
    schedule = getattr(campaign, "schedule", None)
    return CampaignRow(
        campaign=campaign,
        schedule=schedule,
        status=windows.status_of(campaign, now, known, schedule),
        window=windows.window_label(campaign, schedule),
        window_in_sentence=windows.window_in_sentence(campaign, schedule),
        counts=known,
        results=found,
        ending=pace.ending(campaign, known, now, schedule),
        offered=control.offered(campaign),
        blocked_actions=blocked_actions,
    )


def campaign_row(
    campaign: Campaign, now: datetime, blocked_actions: BlockedActions
) -> tuple[CampaignRow, dict[str, int]]:
    """The row of a campaign, and how many of its leads that are here are in each state."""
    states, recent = counts.by_state([campaign])
    known = counts.of(campaign, states[campaign.pk], recent[campaign.pk])
    found = results.of_all([campaign])[campaign.pk]
    row = _row(campaign, now, known, found, blocked_actions.get(campaign.pk, {}))
    return row, dict(states[campaign.pk])


def leads(campaign: Campaign, *, show: str = "", status: str = "", text: str = "") -> QuerySet[Lead]:
    """`show` is a group or an outcome (`results.narrow`), `status` a state as VoiceDock names it."""
    found = results.narrow(Lead.objects.filter(campaign=campaign), show)
    if status:
        found = found.filter(status=status)
    if text := text.strip():
        matching = Q(variables__name__icontains=text)
        digits = re.sub(r"\D", "", text).lstrip("0")
        if digits and not re.search(r"[^\W\d]", text):
            matching |= Q(phone_number__contains=digits)
        found = found.filter(matching)
    return found


def page_of_leads(found: QuerySet[Lead], after: str) -> tuple[list[Lead], str]:
    """A page of leads, the oldest first as VoiceDock lists them; and the id after which the next page begins, or ""."""
    if after.isdecimal():
        found = found.filter(pk__gt=int(after[:18]))
    rows = list(found.order_by("pk")[: PAGE + 1])
    return rows[:PAGE], str(rows[PAGE - 1].pk) if len(rows) > PAGE else ""


def variables(leads: list[Lead]) -> list[str]:
    """The three most common variables of these leads, the name first."""
    count = Counter(name for lead in leads for name in lead.variables)
    order = sorted(count, key=lambda name: (name != "name", -count[name], name))
    return order[:3]


def rows(campaign: Campaign, leads: list[Lead], names: list[str], calls: dict[str, Call]) -> list[dict[str, Any]]:
    return [
        {
            "lead": lead,
            "known": [str(lead.variables.get(name, "")) for name in names],
            "call": calls.get(lead.call_remote_id),
            "outcome": _outcome(campaign, lead, calls.get(lead.call_remote_id)),
        }
        for lead in leads
    ]


def _outcome(campaign: Campaign, lead: Lead, call: Call | None) -> str:
    """What came of a lead's last call; "" while it is not over, or the lead is to be called again."""
    return call.outcome if call is not None and was_called(campaign, lead) else ""
