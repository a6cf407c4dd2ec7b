"""Look for calls of which nobody knows whether they were placed: in VoiceDock's lists, then a person has to say."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.calls.models import Alarm, Call, State
from dashboard.calls.transitions import owner, step
from dashboard.calls.updates import apply
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync.models import UnreadableItem
from dashboard.sync.unreadable_items import Items
from tenants.isolation import scope
from tenants.models import Connection

LOOKS_AT = (2, 5, 15, 30, 60, 120)  # seconds after the sending
EVERY = 30.0  # seconds, after the last of these while VoiceDock does not show its lists
GIVES_UP = timedelta(seconds=120)
WHOLE_LISTS = 2
PAGE, PAGES = 100, 10
BEFORE = timedelta(minutes=2)
NOT_FOUND = (
    "VoiceDock did not answer when we placed this call, and its lists do not show it. It was probably not placed, "
    "but nobody can be sure."
)


def run() -> None:
    """Look for those that are due, one list for all of a connection. Opens short scopes of its own."""
    for connection, calls in _due().items():
        _look(connection, calls)


def _due() -> dict[Connection, list[Call]]:
    """Due unknowns, taken for the time of a look so that nobody else looks for them."""
    with scope.for_system("calls to look for"):
        due = Call.objects.filter(state=State.UNKNOWN, finished=False, lease_until__lte=Now())
        taken: dict[Connection, list[Call]] = defaultdict(list)
        for call in due.select_related("connection", "tenant").order_by("sent_at")[:200]:
            mine = Call.objects.filter(pk=call.pk, state=State.UNKNOWN, lease_until__lte=Now())
            if mine.update(lease_until=Now() + timedelta(seconds=45)):
                taken[call.connection].append(call)
    return taken


def _look(connection: Connection, calls: list[Call]) -> None:
    since = min(call.sent_at or call.created_at for call in calls) - BEFORE
    try:
        listed, whole = _listed(connection, since)
    except (limiter.RateLimitExceeded, voicedock.VoiceDockError) as no:
        wait = min(max(no.retry_after or 5.0, 5.0), EVERY)
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
        _next(call, whole)


def _listed(connection: Connection, since: datetime) -> tuple[list[voicedock.RemoteCall], bool]:
    """Calls begun after `since`, and whether that was all of them. By no date filter: which date it asks is unknown."""
    found: list[voicedock.RemoteCall] = []
    for page in range(PAGES):
        with limiter.client_for(connection, Priority.RECONCILE) as vendor:
            answer = vendor.calls(limit=PAGE, offset=page * PAGE)
        recent = [one for one in answer.items if one.created_at is None or one.created_at >= since]
        found += recent
        if not recent or not answer.more:
            return found, True
    return found, False


def _next(call: Call, whole: bool) -> None:
    """Not found in this look: when to look again, or whether a person has to decide now."""
    with scope.for_tenant(owner(call)):
        call.refresh_from_db(fields=["state", "search_count", "sent_at", "version"])
    if call.state != State.UNKNOWN:
        return
    age = limiter.clock() - (call.sent_at or call.created_at)
    if whole and age >= GIVES_UP and call.search_count + 1 >= WHOLE_LISTS:
        _hand_over(call)
        return
    later = next((at for at in LOOKS_AT if at > age.total_seconds()), None)
    wait = later - age.total_seconds() if later else EVERY
    _again(call, timedelta(seconds=max(wait, 1.0)), seen=whole)


def _again(call: Call, wait: timedelta, *, seen: bool) -> None:
    with scope.for_tenant(owner(call)):
        rows = Call.objects.filter(pk=call.pk, tenant_id=owner(call), state=State.UNKNOWN)
        rows.update(lease_until=Now() + wait, search_count=F("search_count") + (1 if seen else 0))


def _hand_over(call: Call) -> None:
    with scope.for_tenant(owner(call)):
        step(
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
