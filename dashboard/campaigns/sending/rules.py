"""Leave out whom the contact rules forbid to call by now."""

from __future__ import annotations

from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.isolation import scope


@scope.requires_scope
def allowed(draft: CampaignDraft, most: int) -> list[DraftLead]:
    """The next people to send, at most so many. Inside the scope of their client."""
    ready = DraftLead.objects.filter(draft=draft, state=DraftLead.State.READY)
    return list(ready.order_by("line")[:most])
