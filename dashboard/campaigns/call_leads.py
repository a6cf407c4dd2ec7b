"""The lead of a call: its name and its campaign, for the screens of calls."""

from __future__ import annotations

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from dashboard.calls.leads import LeadProvider
from dashboard.campaigns.models import Lead

_FACTS = Subquery(
    Lead.objects.filter(campaign__connection=OuterRef("connection"), call_remote_id=OuterRef("remote_id"))
    .exclude(call_remote_id="")
    .values(facts=JSONObject(name="variables__name", campaign="campaign__name", campaign_id="campaign_id"))[:1]
)


def _matching(text: str) -> Q:
    leads = Lead.objects.filter(variables__name__icontains=text).exclude(call_remote_id="")
    return Q(remote_id__in=leads.values("call_remote_id"))


PROVIDER = LeadProvider(_FACTS, _matching)
