"""Calls as rows, made without dialing, for the tests of screens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.calls.models import OVER, Call, CallReport, Receipt
from tenants import scope
from tenants.models import User
from tests.cast import House


def a_call(house: House, *, by: User | None = None, state: str = "in-progress", ago: float = 60, **more: Any) -> Call:
    """An outbound call from the house's line, begun `ago` seconds back."""
    began = timezone.now() - timedelta(seconds=ago)
    facts: dict[str, Any] = {
        "origin": "placed",
        "number_dedication": house.number,
        "assistant_dedication": house.assistant,
        "requested_by": by,
        "party": "+31612345678",
        "line": house.number.e164,
        "client_token": uuid.uuid4(),
        "remote_id": f"call-_{uuid.uuid4().hex}",
        "family": house.assistant.assistant.family,
        "assistant_name": house.assistant.assistant.name,
        "created_at": began,
        "state_at": began,
        "sent_at": began,
        "placed_at": began + timedelta(seconds=0.6),
        "finished": state in OVER,
        "started_at": began + timedelta(seconds=4) if state in ("in-progress", "ended", "transferred") else None,
    }
    facts |= {"tenant": house.tenant, "connection": house.connection, "state": state} | more
    with scope.of(house.tenant):
        if facts["origin"] != "placed" or state in ("queued", "sending", *OVER):
            return Call.objects.create(**facts)
        return _live(facts | {"asked_line": house.number.e164} | more)


def _live(facts: dict[str, Any]) -> Call:
    """A row that is live whatever has happened since it left: the database lets none be made without its right."""
    call = Call.objects.create(**facts | {"state": "ended"})
    Call.objects.filter(pk=call.pk).update(state=facts["state"])
    call.state = facts["state"]
    return call


def a_report(house: House, call: Call, **more: Any) -> CallReport:
    with scope.of(house.tenant):
        return CallReport.objects.create(call=call, tenant=house.tenant, **more)


def a_receipt(house: House, call: Call, command: str = "say", **more: Any) -> Receipt:
    sent = timezone.now() - timedelta(seconds=5)
    facts: dict[str, Any] = {
        "token": uuid.uuid4(),
        "payload": {"type": command, "content": "One moment."},
        "asked_at": sent,
        "sent_at": sent,
        "answered_at": sent + timedelta(seconds=0.4),
        "recorded_at": sent + timedelta(seconds=0.4),
        "outcome": "accepted",
    }
    with scope.of(house.tenant):
        return Receipt.objects.create(tenant=house.tenant, call=call, command=command, **facts | more)


@contextmanager
def reads() -> Iterator[list[str]]:
    """The SELECTs of a request, without the bookkeeping of its scopes."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield found
    for query in queries.captured_queries:
        if query["sql"].startswith("SELECT") and "set_config" not in query["sql"]:
            found.append(query["sql"])
