"""The right of one worker to send a draft: until `try_at`, which is renewed before each request to VoiceDock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from dashboard.campaigns.models import CampaignDraft
from tenants.isolation import scope

LEASE = timedelta(seconds=60)  # a request takes 15 s at most; a worker that died is replaced after that
State = CampaignDraft.State


class LeaseLost(Exception):
    """A person stopped it, or another worker has it by now. Raised before a request leaves."""


@dataclass
class Lease:
    """Held by its holder alone: `until` is the exact value of `try_at` that it wrote."""

    draft_id: int
    until: datetime

    def renew(self) -> None:
        """For `limiter.client_for`, whose `confirm` is called last before a request is sent."""
        until = timezone.now() + LEASE
        with scope.for_system("renew the lease of a draft"):
            if not _held(self.draft_id, self.until).update(try_at=until):
                raise LeaseLost
        self.until = until

    def release(self, seconds: float) -> None:
        """Let a worker go on in so many seconds; nothing where it was lost."""
        at = timezone.now() + timedelta(seconds=seconds)
        with scope.for_system("release the lease of a draft"):
            _held(self.draft_id, self.until).update(try_at=at)


@scope.opens_scope
def take(draft_id: int) -> tuple[CampaignDraft, Lease] | None:
    """The draft, for this worker alone; None while another one has it, or when nothing is due."""
    now = timezone.now()
    with scope.for_system("take a draft for sending"):
        due = CampaignDraft.objects.filter(pk=draft_id, state=State.SENDING, try_at__lte=now)
        if not due.update(try_at=now + LEASE):
            return None
        rows = CampaignDraft.objects.select_related("tenant", "campaign", "assistant_dedication__assistant__connection")
        return rows.get(pk=draft_id), Lease(draft_id, now + LEASE)


def _held(draft_id: int, until: datetime) -> QuerySet[CampaignDraft]:
    return CampaignDraft.objects.filter(pk=draft_id, state=State.SENDING, try_at=until)
