"""Which drafts a worker goes on with now."""

from __future__ import annotations

from django.db.models.functions import Now

from dashboard.campaigns.models import CampaignDraft
from tenants.isolation import scope

MOST = 50  # of one run; those that have waited longest


@scope.opens_scope
def due() -> list[int]:
    """Ids. Asked again before a task began, it gives the same ones: the first worker takes the lease."""
    with scope.for_system("drafts that are sent"):
        waiting = CampaignDraft.objects.filter(state=CampaignDraft.State.SENDING, try_at__lte=Now())
        return list(waiting.order_by("try_at").values_list("pk", flat=True)[:MOST])
