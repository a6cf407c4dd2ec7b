"""Requests to VoiceDock for a draft: only with its lease, and behind everything else that is asked of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast

from dashboard import voicedock
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending.leases import Lease
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from tenants.models import Assistant, AssistantDedication


def assistant_of(draft: CampaignDraft) -> Assistant:
    """Of a draft that is sent; every one of these has an assistant."""
    return cast(AssistantDedication, draft.assistant_dedication).assistant


def client_for(draft: CampaignDraft, lease: Lease) -> AbstractContextManager[voicedock.Client]:
    connection = assistant_of(draft).connection
    return limiter.client_for(connection, Priority.BULK, tenant=draft.tenant_id, confirm=lease.renew)
