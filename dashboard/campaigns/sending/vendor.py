"""Requests to VoiceDock for a draft: only with its lease, and behind everything else that is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar, cast

from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending.leases import Lease
from dashboard.campaigns.sending.outcomes import UNREADABLE_FOR
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from tenants.models import Assistant, AssistantDedication

T = TypeVar("T")


def assistant_of(draft: CampaignDraft) -> Assistant:
    """Of a draft that is sent; every one of these has an assistant."""
    return cast(AssistantDedication, draft.assistant_dedication).assistant


def client_for(draft: CampaignDraft, lease: Lease) -> AbstractContextManager[voicedock.Client]:
    connection = assistant_of(draft).connection
    return limiter.client_for(connection, Priority.BULK, tenant=draft.tenant_id, confirm=lease.renew)


def is_late(since: datetime) -> bool:
    """Whether nobody waits any longer for a list that cannot be read, of a request at this moment."""
    return timezone.now() > since + UNREADABLE_FOR


def listed(read: Callable[[], voicedock.Listing[T]], *, is_late: bool) -> voicedock.Listing[T]:
    """One of VoiceDock's lists. When it is late, one of which nothing can be read has one unreadable entry."""
    try:
        return read()
    except voicedock.Malformed as error:
        if not is_late:
            raise
        found = voicedock.Listing[T]()
        found.unreadable.append(voicedock.Unreadable("", error.message))
        return found
