"""What the pages of campaign drafts read; each function runs inside the scope of its caller."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, F, QuerySet, When

from dashboard.campaigns import left_out
from dashboard.campaigns.left_out import Group
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants.isolation import scope
from tenants.models import Tenant

MOST = 50  # drafts of a client that are written or being sent
SHOWN = 6  # of them at once, on the page of campaigns
CHOICES = 20  # people whose values a test call can have

State = DraftLead.State


def of_tenant(tenant: Tenant) -> QuerySet[CampaignDraft]:
    return CampaignDraft.objects.filter(tenant=tenant).select_related(
        "assistant_dedication__assistant", "created_by", "changed_by", "campaign"
    )


@scope.requires_scope
def unsent(tenant: Tenant) -> list[CampaignDraft]:
    """All that are written or being sent, and as many stopped ones; with `rows` and `read_at` of their file."""
    found = of_tenant(tenant).exclude(state=CampaignDraft.State.SENT)
    is_stopped = Case(When(state=CampaignDraft.State.STOPPED, then=1), default=0)
    found = found.annotate(rows=F("file__rows"), read_at=F("file__read_at")).order_by(is_stopped, "-changed_at", "-id")
    return sorted(found[: 2 * MOST], key=lambda draft: (draft.changed_at, draft.pk), reverse=True)


@scope.requires_scope
def unfinished(tenant: Tenant) -> QuerySet[CampaignDraft]:
    """Those of which there may be `MOST`: a stopped one is sent no further before somebody decides."""
    done = (CampaignDraft.State.SENT, CampaignDraft.State.STOPPED)
    return CampaignDraft.objects.filter(tenant=tenant).exclude(state__in=done)


@scope.requires_scope
def file_of(draft: CampaignDraft) -> CampaignFile | None:
    """Without its content, which may be large."""
    return CampaignFile.objects.filter(draft=draft).defer("content").first()


@dataclass(frozen=True)
class People:
    """Of a draft: all rows of its file, those who will be called, and the others by reason, the most frequent first."""

    total: int = 0
    ready: int = 0
    not_read: int = 0
    groups: tuple[Group, ...] = ()

    @property
    def others(self) -> int:
        return self.total - self.ready


@scope.requires_scope
def people_of(draft: CampaignDraft) -> People:
    """One query, whatever their number."""
    found = left_out.summary(draft)
    not_read = sum(group.people for group in found.groups if group.key == State.NOT_READ)
    return People(found.total, found.called, not_read, found.groups)


def ready(draft: CampaignDraft) -> QuerySet[DraftLead]:
    """Those who will be called, in the order of the file."""
    return DraftLead.objects.filter(draft=draft, state=State.READY).order_by("line")
