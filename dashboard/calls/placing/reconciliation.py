"""Reconcile calls with an unknown outcome: search VoiceDock's lists for them, then let a person decide."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.calls.models import Alarm, Call, State
from dashboard.calls.transitions import tenant_id_of, transition
from dashboard.calls.updates import apply
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync.models import UnreadableItem
from dashboard.sync.unreadable_items import Items
from tenants.isolation import scope
from tenants.models import Connection

SEARCH_DELAYS = (2, 5, 15, 30, 60, 120)  # seconds after the sending
EVERY = 30.0  # seconds, after the last of these delays and after failed requests
TIMEOUT = timedelta(seconds=120)
COMPLETE_SEARCHES = 2
PAGE, PAGES = 100, 10
BEFORE = timedelta(minutes=2)
NOT_FOUND = (
    "VoiceDock did not answer when we placed this call, and its lists do not show it. It was probably not placed, "
    "but nobody can be sure."
)


def run() -> None:
    """Search for the calls that are due, with one list for each connection. Opens short scopes of its own."""
    for connection, calls in _due().items():
        _search(connection, calls)


def _due() -> dict[Connection, list[Call]]:
    """Unknown calls that are due, leased for the time of a search so that no other worker searches for them."""
    with scope.for_system("calls to look for"):
        due = Call.objects.filter(state=State.UNKNOWN, finished=False, lease_until__lte=Now())
        taken: dict[Connection, list[Call]] = defaultdict(list)
        for call in due.select_related("connection", "tenant").order_by("sent_at")[:200]:
            unclaimed = Call.objects.filter(pk=call.pk, state=State.UNKNOWN, lease_until__lte=Now())
            if unclaimed.update(lease_until=Now() + timedelta(seconds=45)):
                taken[call.connection].append(call)
    return taken


def _search(connection: Connection, calls: list[Call]) -> None:
    since = min(call.sent_at or call.created_at for call in calls) - BEFORE
    try:
        listed, complete = _listed(connection, since)
    except (limiter.RateLimitExceeded, voicedock.VoiceDockError) as error:
        wait = min(max(error.retry_after or 5.0, 5.0), EVERY)
        for call in calls:
            _again(call, timedelta(seconds=wait), seen=False)
        return
    wanted, items = {call.counterpart for call in calls}, Items(connection)
    for remote in listed:
        if remote.caller_phone in wanted:
            with items.copying(UnreadableItem.Kind.CALL, remote.id):
                apply.apply_update_in_transaction(connection, apply.CallUpdate.of_remote(remote))
    items.save()
    for call in calls:
        _next(call, complete)


def _listed(connection: Connection, since: datetime) -> tuple[list[voicedock.RemoteCall], bool]:
    """Calls begun after `since`, and whether the list is complete.

    Without a date filter: it is not documented which date VoiceDock compares.
    """
    found: list[voicedock.RemoteCall] = []
    for page in range(PAGES):
        with limiter.client_for(connection, Priority.RECONCILE) as vendor:
            answer = vendor.calls(limit=PAGE, offset=page * PAGE)
        recent = [call for call in answer.items if call.created_at is None or call.created_at >= since]
        found += recent
        if not recent or not answer.more:
            return found, True
    return found, False


def _next(call: Call, complete: bool) -> None:
    """Schedule the next search for a call that was not found, or let a person decide."""
    with scope.for_tenant(tenant_id_of(call)):
        call.refresh_from_db(fields=["state", "search_count", "sent_at", "version"])
    if call.state != State.UNKNOWN:
        return
    age = limiter.clock() - (call.sent_at or call.created_at)
    if complete and age >= TIMEOUT and call.search_count + 1 >= COMPLETE_SEARCHES:
        _hand_over(call)
        return
    later = next((at for at in SEARCH_DELAYS if at > age.total_seconds()), None)
    wait = later - age.total_seconds() if later else EVERY
    _again(call, timedelta(seconds=max(wait, 1.0)), seen=complete)


def _again(call: Call, wait: timedelta, *, seen: bool) -> None:
    with scope.for_tenant(tenant_id_of(call)):
        rows = Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call), state=State.UNKNOWN)
        rows.update(lease_until=Now() + wait, search_count=F("search_count") + (1 if seen else 0))


def _hand_over(call: Call) -> None:
    with scope.for_tenant(tenant_id_of(call)):
        transition(
            call,
            [State.UNKNOWN],
            "call.needs-person",
            state=State.NEEDS_PERSON,
            state_at=Now(),
            lease_until=None,
            search_count=F("search_count") + 1,
            error=NOT_FOUND,
            alarm=Alarm.NOT_CERTAIN,
            alarm_at=Now(),
        )
