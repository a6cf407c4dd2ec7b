"""The people of a large campaign are read and stored without ever being in memory twice."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dashboard.campaigns import sync
from dashboard.campaigns.models import Campaign, Lead
from dashboard.voicedock import envelopes
from dashboard.voicedock.records import Listing
from tenants.isolation import scope
from tests.promises import scale

MARGIN = 0.25  # of the list as it was sent, for the ids that are kept until the end
FIXED = 1_000_000  # bytes, whatever the length: a slice and its statements


@pytest.fixture
def large(agency, make_sandbox_tenant, make_remote_campaign, settings) -> tuple[Campaign, bytes]:
    """A campaign of which VoiceDock sends a long list, as the body of its answer."""
    make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))
    make_remote_campaign("Everybody", "Dispatch desk", leads=0)
    sync.campaigns(agency.connection)
    body = json.dumps({"leads": [lead(nth) for nth in range(scale.LISTED)]}).encode()
    answer = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    settings.VOICEDOCK_TRANSPORT = answer
    with scope.for_system("the campaign"):
        campaign = Campaign.objects.select_related("connection").get(name="Everybody")
    return campaign, body


def lead(nth: int) -> dict[str, Any]:
    return {
        "id": f"5b3f9c1e-7d42-4a5e-9c1d-{nth:012d}",
        "campaign_id": "0c1d2e3f-0000-4000-8000-000000000001",
        "phone_number": f"+3161{nth:07d}",
        "variables": {"name": f"Person {nth}", "city": "Rotterdam", "reference": f"R-{nth}"},
        "status": "completed" if nth % 3 else "pending",
        "call_id": f"call-_{nth:032d}" if nth % 3 else None,
        "attempts": 1,
        "last_attempt_at": "2026-11-20T10:11:12.000Z",
        "created_at": "2026-11-19T10:11:12.000Z",
    }


def peak(act: Callable[[], object]) -> int:
    """The most bytes that this held at once."""
    gc.collect()
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def size_of(body: bytes) -> int:
    """Bytes of the answer as Python's objects, its text beside them while it is read."""
    return peak(lambda: json.loads(body)["leads"])


@pytest.mark.smoke
def test_a_long_list_is_in_memory_once_when_it_is_new_and_when_it_is_known(large):
    campaign, body = large
    allowed = size_of(body) * (1 + MARGIN) + FIXED
    new = peak(lambda: sync.leads(campaign))
    known = peak(lambda: sync.leads(campaign))
    with scope.for_system("what is here"):
        assert Lead.objects.filter(campaign=campaign).count() == scale.LISTED
    assert new <= allowed and known <= allowed


def test_knock_out_a_list_that_is_kept_while_it_is_read_is_seen(large, monkeypatch):
    campaign, body = large

    def keep(values: list[Any], read: Callable[[Any], Any]) -> Listing[Any]:
        return Listing([read(value) for value in values])

    monkeypatch.setattr(envelopes, "read_each", keep)
    assert peak(lambda: sync.leads(campaign)) > size_of(body) * (1 + MARGIN) + FIXED
