"""Leave out whom the contact rules forbid to call by now."""

from __future__ import annotations

from dashboard.campaigns import draft_rules
from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.isolation import scope


@scope.requires_scope
def allowed(draft: CampaignDraft, most: int) -> list[DraftLead]:
    """The next people to send, at most so many, of whom the rules were just asked. Inside the scope of their client.

    None only where nobody is left to be sent.
    """
    ready = DraftLead.objects.filter(draft=draft, state=DraftLead.State.READY).order_by("line")
    while asked := list(ready.values_list("pk", flat=True)[:most]):
        draft_rules.check(draft, asked)
        if found := list(ready.filter(pk__in=asked)):
            return found
    return []
