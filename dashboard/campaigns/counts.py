"""The counts of a campaign, made in one place, so that lists, pages, sentences and progress bars show the same.

VoiceDock counts all, completed and failed leads; its leads say more (skipped, being called), and are read a little
later. Whether its counters include skipped leads is not documented (`voicedock-api.md §6.1`), so they are not guessed
apart once the leads are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count

from dashboard.campaigns.models import Campaign, Lead

Status = Campaign.Status
REST_LABELS = {Status.COMPLETED: "without a result", Status.CANCELLED: "not called"}
ALWAYS_SHOWN = ("completed", "failed", "calling")


class Part(NamedTuple):
    """`kind` is its CSS name, `label` follows the figure."""

    kind: str
    label: str
    figure: int


@dataclass(frozen=True)
class Counts:
    """`parts` add up to `total`; `left` are those still to be called or being called."""

    total: int
    dealt_with: int
    left: int
    calling: int
    parts: tuple[Part, ...]


def of(campaign: Campaign, leads: Mapping[str, int]) -> Counts:
    """`leads`: how many leads are in each state, as far as they are known."""
    known = sum(leads.values())
    if known and known == campaign.total_leads and _are_newer(campaign):
        return _made(campaign, known, dict(leads))
    total = campaign.total_leads
    counted = {"completed": campaign.completed_leads, "failed": campaign.failed_leads}
    return _made(campaign, total, counted | {name: leads.get(name, 0) for name in ("calling", "skipped", "no_answer")})


def of_all(campaigns: Iterable[Campaign]) -> dict[int, Counts]:
    """By the campaign's id, with one query for any number of them."""
    found, leads = list(campaigns), defaultdict[int, dict[str, int]](dict)
    grouped = Lead.objects.filter(campaign__in=found).order_by().values_list("campaign", "status")
    for campaign, status, count in grouped.annotate(n=Count("pk")):
        leads[campaign][status] = count
    return {campaign.pk: of(campaign, leads[campaign.pk]) for campaign in found}


def _are_newer(campaign: Campaign) -> bool:
    """Whether the leads were read after the last change of the counters."""
    if campaign.leads_seen_at is None:
        return False
    return campaign.counted_at is None or campaign.leads_seen_at >= campaign.counted_at


def _made(campaign: Campaign, total: int, states: dict[str, int]) -> Counts:
    """Parts are capped at what is left of the total, so that their sum never exceeds it; the rest is pending."""
    rest, parts = total, []
    for kind, label in (
        ("completed", "completed"),
        ("failed", "failed"),
        ("calling", "calling"),
        ("no_answer", "no answer"),
        ("skipped", "skipped"),
    ):
        count = min(rest, states.pop(kind, 0))
        rest -= count
        if count or kind in ALWAYS_SHOWN:
            parts.append(Part(_css_kind(kind), label, count))
    for state, count in sorted(states.items()):
        if state != "pending" and count and rest:
            parts.append(Part("other", state, min(rest, count)))
            rest -= min(rest, count)
    calling = next(part.figure for part in parts if part.kind == "calling")
    is_over = campaign.status in REST_LABELS
    parts.append(Part("other" if is_over else "pending", REST_LABELS.get(campaign.status, "pending"), rest))  # type: ignore[call-overload]
    left = calling + (0 if is_over else rest)
    unreached = rest if campaign.status == Status.CANCELLED else 0
    return Counts(total, total - left - unreached, left, calling, tuple(parts))


def _css_kind(kind: str) -> str:
    return {"completed": "done", "no_answer": "failed", "skipped": "other"}.get(kind, kind)
