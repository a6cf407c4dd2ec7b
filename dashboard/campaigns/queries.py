"""What the screens of campaigns read; each runs inside the scope its caller holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from dashboard.calls.models import Call
from dashboard.campaigns import control, counts, windows
from dashboard.campaigns.counts import Counts
from dashboard.campaigns.models import Campaign, Lead
from dashboard.campaigns.windows import Standing
from tenants.models import Tenant

PAGE = 50


@dataclass(frozen=True)
class Shown:
    """A campaign with how it stands, how many are being called, and what may be done with it."""

    campaign: Campaign
    standing: Standing
    window: str
    window_in_sentence: str
    counts: Counts
    offered: list[str]
    hindrances: dict[str, str]


def listed(tenant: Tenant | None = None) -> QuerySet[Campaign]:
    """Newest first by `made`; all clients' for None."""
    found = Campaign.objects.select_related("assistant", "tenant", "connection")
    if tenant is not None:
        found = found.filter(tenant=tenant)
    return found.annotate(made=Coalesce("remote_created_at", "seen_at"))


Hindrances = Mapping[int, dict[str, str]]


def shown(campaigns: list[Campaign], now: datetime, hindrances: Hindrances) -> list[Shown]:
    """`hindrances` are those of `control.hindrances`, empty for whoever may not run campaigns at all."""
    known = counts.of_all(campaigns)
    return [_shown(one, now, known[one.pk], hindrances.get(one.pk, {})) for one in campaigns]


def _shown(campaign: Campaign, now: datetime, known: Counts, hindrances: dict[str, str]) -> Shown:
    return Shown(
        campaign=campaign,
        standing=windows.standing(campaign, now, known),
        window=windows.window_words(campaign),
        window_in_sentence=windows.window_in_sentence(campaign),
        counts=known,
        offered=control.offered(campaign),
        hindrances=hindrances,
    )


def one(campaign: Campaign, now: datetime, hindrances: Hindrances) -> tuple[Shown, Counter[str]]:
    """The campaign, and its leads by state."""
    states = Counter(
        dict(Lead.objects.filter(campaign=campaign).order_by().values_list("status").annotate(n=Count("pk")))
    )
    return _shown(campaign, now, counts.of(campaign, states), hindrances.get(campaign.pk, {})), states


def leads(campaign: Campaign, *, status: str = "", text: str = "") -> QuerySet[Lead]:
    found = Lead.objects.filter(campaign=campaign)
    if status:
        found = found.filter(status=status)
    if text := text.strip():
        wish = Q(variables__name__icontains=text)
        digits = re.sub(r"\D", "", text).lstrip("0")
        if digits and not re.search(r"[^\W\d]", text):
            wish |= Q(phone_number__contains=digits)
        found = found.filter(wish)
    return found


def page_of_leads(found: QuerySet[Lead], after: str) -> tuple[list[Lead], str]:
    """Oldest first, as VoiceDock lists them; and the number after which the next page begins, or ""."""
    if after.isdecimal():
        found = found.filter(pk__gt=int(after[:18]))
    rows = list(found.order_by("pk")[: PAGE + 1])
    return rows[:PAGE], str(rows[PAGE - 1].pk) if len(rows) > PAGE else ""


def calls_of(campaign: Campaign, leads: list[Lead]) -> dict[str, Call]:
    """The calls that these leads became, where we have them: a lead's call need not be known here (§16 #9)."""
    wanted = {lead.call_remote_id for lead in leads} - {""}
    found = Call.objects.filter(connection=campaign.connection_id, tenant=campaign.tenant_id, remote_id__in=wanted)
    return {call.remote_id: call for call in found}


def variables(leads: list[Lead]) -> list[str]:
    """What is known of these people besides their number, the most common three, the name first."""
    count = Counter(name for lead in leads for name in lead.variables)
    order = sorted(count, key=lambda name: (name != "name", -count[name], name))
    return order[:3]


def rows(leads: list[Lead], names: list[str], calls: dict[str, Call]) -> list[dict[str, Any]]:
    return [
        {
            "lead": lead,
            "known": [str(lead.variables.get(name, "")) for name in names],
            "call": calls.get(lead.call_remote_id),
        }
        for lead in leads
    ]
