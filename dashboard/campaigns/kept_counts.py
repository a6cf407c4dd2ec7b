"""What the people of a campaign come to, as `people_counting` has counted it: pages would have to read them all.

Up to `FEW` people are counted by whoever needs the figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dashboard.campaigns.models import Campaign

FEW = 20


def kept(campaign: Campaign, name: str) -> Any:
    """A part of what was counted, or None where it has to be counted now."""
    if campaign.total_leads <= FEW or campaign.people_counts is None:
        return None
    return campaign.people_counts[name]


def to_count(campaigns: Iterable[Campaign], name: str) -> list[Campaign]:
    """Those of which nothing is kept."""
    return [campaign for campaign in campaigns if kept(campaign, name) is None]
