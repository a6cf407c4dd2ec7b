"""The history of a campaign's counts: taken when its leads were read and moved, and read for its chart."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from dashboard.campaigns import counts
from dashboard.campaigns.counts import Counts
from dashboard.campaigns.models import Campaign, CampaignSnapshot
from tenants import slices
from tenants.isolation import scope

PERIOD = timedelta(minutes=5)  # of which the last counts are kept
KEPT = timedelta(days=180)
FIGURES = ("total", "completed", "not_reached", "calling", "others")
KIND_OF_PART = {"done": "completed", "failed": "not_reached", "calling": "calling", "other": "others"}
SPREAD = f"""SELECT DISTINCT ON (bucket) at, {", ".join(FIGURES)}
FROM (
  SELECT *, width_bucket(
    extract(epoch FROM at)::float8, %(since)s::float8, %(until)s::float8, %(most)s::int
  ) AS bucket
  FROM {CampaignSnapshot._meta.db_table} WHERE campaign_id = %(campaign)s
) parts
ORDER BY bucket, at DESC
"""


@scope.requires_scope
def take(campaign: Campaign) -> None:
    """Keep how far it is now, in the place of an earlier snapshot of the same period. Inside a system scope.

    Nothing where its counts are those of the newest snapshot.
    """
    figures = figures_of(counts.of_all([campaign])[campaign.pk])
    newest = CampaignSnapshot.objects.filter(campaign=campaign).order_by("-at").first()
    if newest is not None and all(getattr(newest, name) == figure for name, figure in figures.items()):
        return
    CampaignSnapshot.objects.bulk_create(
        [CampaignSnapshot(tenant_id=campaign.tenant_id, campaign=campaign, at=period(timezone.now()), **figures)],
        update_conflicts=True,
        unique_fields=["campaign", "at"],
        update_fields=[*FIGURES],
    )


def figures_of(known: Counts) -> dict[str, int]:
    """By the names of the columns of a snapshot."""
    figures = dict.fromkeys(FIGURES, 0) | {"total": known.total}
    for part in known.parts:
        if name := KIND_OF_PART.get(part.kind):
            figures[name] += part.figure
    return figures


def period(moment: datetime) -> datetime:
    """When the period began in which this moment is."""
    return datetime.fromtimestamp(moment.timestamp() // PERIOD.total_seconds() * PERIOD.total_seconds(), moment.tzinfo)


@scope.requires_scope
def spread(campaign: Campaign, most: int) -> list[CampaignSnapshot]:
    """At most `most` and one, the oldest first: the last of each of so many equal parts of the whole time."""
    ends = CampaignSnapshot.objects.filter(campaign=campaign)
    first, last = ends.order_by("at").first(), ends.order_by("-at").first()
    if first is None or last is None or first.at == last.at:
        return [last] if last else []
    since, until = first.at.timestamp(), last.at.timestamp()
    values = {"campaign": campaign.pk, "since": since, "until": until, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, values)
        facts = [dict(zip(("at", *FIGURES), row, strict=True)) for row in cursor.fetchall()]
    rows = [CampaignSnapshot(campaign=campaign, **fact) for fact in facts]
    return rows if rows[0].at == first.at else [first, *rows]


@scope.opens_scope
def prune() -> int:
    """Delete those older than `KEPT`; returns how many."""
    old = CampaignSnapshot.objects.filter(at__lt=timezone.now() - KEPT)
    return slices.delete("old snapshots of campaigns", old)
