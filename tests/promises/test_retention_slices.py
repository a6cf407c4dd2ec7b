"""The end of a retention, and rules that drop old rows, take many short transactions, however many rows there are.

Between two of them nothing is locked. How long each takes is printed: that depends on what else the machine does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls.models import Call, CallReport, Receipt
from dashboard.campaigns.models import Lead
from dashboard.clients import retention, suspension
from dashboard.webhooks import deliveries
from dashboard.webhooks.models import Delivery
from tenants import slices
from tenants.isolation import scope
from tenants.models import Tenant
from tests import seeding
from tests.fixtures.call_factories import make_call, make_campaign, make_lead, make_receipt, make_report
from tests.promises import scale
from tests.seeding import copies, for_each_call

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "Marigold wants it on Tuesday"


@pytest.fixture
def many(bloom, superuser: Callable[..., None]) -> Any:
    """A client with many calls, each with a report, a command and a webhook, and as many people of a campaign."""
    call = make_call(bloom, state="ended", error=WORDS)
    make_report(bloom, call, summary=WORDS, messages=[{"role": "user", "content": WORDS}] * 20)
    receipt = make_receipt(bloom, call, note=WORDS)
    lead = make_lead(make_campaign(bloom))
    with scope.for_system("a webhook"):
        facts = {
            "connection": bloom.connection,
            "event": "status-update",
            "outcome": "applied",
            "payload": {"a": WORDS},
        }
        delivery = Delivery.objects.create(**facts, body_hash=bytes(32), call_id_sent=call.remote_id)
    of_call = {"id": "gen_random_uuid()", "client_token": "gen_random_uuid()", "remote_id": "'copy-' || n"}
    of_webhook = {
        "call_id_sent": "c.remote_id",
        "body_hash": "'\\x' || md5(c.id::text) || md5(c.remote_id)",
        "received_at": "c.created_at",
    }
    tenant = bloom.tenant.pk
    superuser(
        seeding.PAST_TRIGGERS,
        copies(Call, call.pk, scale.REMOVED, **of_call, created_at=seeding.moments(scale.REMOVED)),
        for_each_call(CallReport, call.pk, tenant, call_id="c.id"),
        for_each_call(Receipt, receipt.pk, tenant, call_id="c.id", token="gen_random_uuid()"),
        for_each_call(Delivery, delivery.pk, tenant, **of_webhook),
        copies(Lead, lead.pk, scale.REMOVED, remote_id="'copy-' || n", phone_number="'+3162' || lpad(n::text, 7, '0')"),
        "VACUUM ANALYZE",
    )
    return bloom


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, superuser: Callable[..., None], bloom) -> Iterator[list[tuple[int, float]]]:
    """The rows and seconds of each slice. After each, another session gets the client's row without waiting."""
    found: list[tuple[int, float]] = []
    measured = slices.SliceSize.measured

    @contextmanager
    def noting(size: slices.SliceSize) -> Iterator[int]:
        began = time.perf_counter()
        with measured(size) as rows:
            yield rows
        found.append((rows, time.perf_counter() - began))
        if len(found) % 10 == 1:
            superuser(f"SELECT 1 FROM tenants_tenant WHERE id = {bloom.tenant.pk} FOR UPDATE NOWAIT")

    monkeypatch.setattr(slices.SliceSize, "measured", noting)
    yield found
    sys.stdout.write(in_words(found))  # shown by `pytest -s`


def in_words(found: list[tuple[int, float]]) -> str:
    times = sorted(seconds * 1000 for _, seconds in found)
    rows, whole = sum(rows for rows, _ in found), sum(times) / 1000
    p99 = times[int(0.99 * (len(times) - 1))]
    ranks = f"p50 {times[len(times) // 2]:.0f}, p99 {p99:.0f}, longest {times[-1]:.0f} ms"
    return f"{len(times)} slices in {whole:.1f} s, {rows} rows asked; {ranks}\n"


@pytest.mark.smoke
def test_the_data_of_a_client_goes_in_many_short_transactions(many, admin, taken):
    suspension.close(many.tenant, by=admin, reason="Went elsewhere")
    with scope.for_system("time goes by"):
        Tenant.objects.filter(pk=many.tenant.pk).update(closed_at=timezone.now() - timedelta(days=4000))
    while not retention.run():
        assert taken[-1][0], "each run removes something"
    assert max(rows for rows, _ in taken) <= retention.BATCH
    assert len(taken) > scale.REMOVED / retention.BATCH
    with scope.for_system("look"):
        assert Call.objects.filter(data_removed_at__isnull=False).count() == scale.REMOVED + 1
        assert not Call.objects.exclude(error="").exists() and not CallReport.objects.exists()
        assert not Receipt.objects.exclude(note="").exists() and not Delivery.objects.exists()
        assert not Lead.objects.exclude(phone_number="").exists()


def test_old_webhooks_go_in_many_short_transactions(many, taken):
    while deliveries.prune():
        pass
    old = timezone.now() - deliveries.RETENTION
    with scope.for_system("look"):
        assert not Delivery.objects.filter(received_at__lt=old).exists() and Delivery.objects.exists()
    assert max(rows for rows, _ in taken) <= slices.SliceSize().most and len(taken) > 2
