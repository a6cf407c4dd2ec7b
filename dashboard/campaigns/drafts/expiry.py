"""Removes campaign drafts with people that nobody has changed for longer than the client's retention."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest, Now

from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignFile, DraftLead
from tenants import audit
from tenants.isolation import scope

LEAST_DAYS = 30  # a retention of 0 days is meant for a client that closes, not for work of yesterday
MAX_DRAFTS = 20  # of one run
KEPT_FOR = ExpressionWrapper(
    Greatest(F("tenant__retention_days"), Value(LEAST_DAYS)) * Value(timedelta(days=1)), output_field=DurationField()
)
CHANGED_AT = Greatest("changed_at", "sent_at", "file__added_at")  # the database leaves out those that are empty


def run() -> int:
    """For beat, idempotent: returns how many drafts were removed. Opens scopes of its own."""
    with scope.for_system("campaign drafts that are too old"):
        found = list(_old().order_by("pk").values_list("pk", flat=True)[:MAX_DRAFTS])
    return sum(_remove(pk) for pk in found)


def _old() -> QuerySet[CampaignDraft]:
    """With people or their file; those that are being sent, or whose campaign is started, are left alone."""
    of_draft = {"draft": OuterRef("pk")}
    with_people = Exists(DraftLead.objects.filter(**of_draft)) | Exists(CampaignFile.objects.filter(**of_draft))
    in_use = Q(state=CampaignDraft.State.SENDING) | Q(campaign__status=Campaign.Status.SCHEDULED)
    left_alone = CampaignDraft.objects.exclude(in_use).alias(last_changed_at=CHANGED_AT)
    return left_alone.filter(with_people, last_changed_at__lte=Now() - KEPT_FOR)


def _remove(pk: int) -> bool:
    with scope.for_system("a campaign draft is too old"):
        if not CampaignDraft.objects.select_for_update().filter(pk=pk).exists():
            return False
        draft = _old().filter(pk=pk).select_related("tenant").first()  # looked at again, now that nobody changes it
        if draft is None:
            return False
        days = max(draft.tenant.retention_days, LEAST_DAYS)
        facts = {"name": str(draft), "people": draft.leads.count(), "days": days}
        audit.record(None, draft.tenant, "campaign.draft-expired", draft, **facts)
        draft.delete()
    return True
