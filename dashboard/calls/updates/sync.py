"""Sync calls from VoiceDock's lists, for what no webhook reported: live calls, and finished ones.

Lists are read before single calls; every result is merged as those of webhooks are.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dashboard import voicedock
from dashboard.calls.models import LIVE, Call
from dashboard.calls.updates import apply, batch, lost_calls, new_calls
from dashboard.connections import sync as connections
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind, UnreadableItem
from dashboard.sync.runs import Run
from tenants.isolation import scope
from tenants.models import Connection

WHILE_LIVE = 3.0  # seconds between syncs while anything is live
LISTED = ("in-progress", "connecting")  # the live ones among the values the filter is documented for (§5.2)
LIVE_PAGE = 100
SINGLE_READS = 2  # more than these missing from the lists are searched in one page of the newest
PAGE = 50
HISTORY_PAGE = 100
HISTORY_PAGES = 4  # of history in one run; the next one goes on where this stopped
NEWEST_PAGES = 20  # of what is new in one run; 2 while history is still on its way
OWN_FOR = timedelta(seconds=30)  # how long a key counts as opening the connection's organization
DEEP_EVERY = timedelta(minutes=10)
Known = tuple[str, datetime | None, int, Any]  # of a stored call (`_known`)
DEEP_PAGES = 4  # read then even if nothing on the first ones is new: a report may come late


@scope.requires_scope
def connections_with_live_calls() -> set[int]:
    """Inside a scope that reaches all."""
    return set(Call.objects.filter(finished=False, state__in=LIVE).values_list("connection_id", flat=True))


def live(connection: Connection) -> None:
    """Sync live calls, and those that were live at the last sync. Opens scopes of its own."""
    with runs.run_sync(connection, Kind.LIVE_CALLS) as run:
        known = lost_calls.watched(connection)
        with run.client_for(Priority.LIVE) as vendor:
            pages = [vendor.calls(status=status, limit=LIVE_PAGE) for status in LISTED]
        listed = {remote_id for page in pages for remote_id in _apply_page(run, page)[1]}
        missing = [remote_id for remote_id in known if remote_id not in listed]
        if missing:
            _find_missing(run, missing)
        if listed or any(lost_calls.watched(connection).values()):
            run.again_in = WHILE_LIVE


def finished(connection: Connection) -> None:
    """Newest first until a page holds nothing new; then a piece of the history, until all of it is here.

    The state's cursor: `history` is how far back we are (`offset`, and `done`), `deep_at` when older pages were read,
    `unread` how many pages a run that did not come to its end had to read in any case.
    """
    with runs.run_sync(connection, Kind.CALLS) as run:
        history = run.cursor.setdefault("history", {"offset": 0, "done": False})
        deep = history["done"] and _deep_is_due(run)
        unread = max(run.cursor.get("unread", 0), DEEP_PAGES if deep else 0)
        for page in range(NEWEST_PAGES if history["done"] else 2):
            if run.is_over:
                run.again_in = 1.0
                return
            new, more = _page(run, PAGE, page * PAGE)
            if not more or (not new and page + 1 >= unread):
                break
            run.cursor["unread"] = max(unread, page + 2)
        else:
            run.again_in = 1.0
        run.cursor.pop("unread", None)
        if deep:
            run.cursor["deep_at"] = timezone.now().isoformat()
        _history(run, history)


def _history(run: Run, history: dict[str, Any]) -> None:
    for _ in range(HISTORY_PAGES):
        if history["done"] or run.is_over:
            break
        _, more = _page(run, HISTORY_PAGE, history["offset"])
        history["offset"] += HISTORY_PAGE
        history["done"] = not more
    if not history["done"]:
        run.again_in = 1.0


def _page(run: Run, limit: int, offset: int) -> tuple[int, bool]:
    """Read and apply one page. Returns how many calls were new or changed, and whether there are older ones."""
    with run.client_for(Priority.REST) as vendor:
        page = vendor.calls(limit=limit, offset=offset)
    new, _ = _apply_page(run, page)
    return new, page.more


def _apply_page(run: Run, page: voicedock.Page[voicedock.RemoteCall]) -> tuple[int, set[str]]:
    """Apply the calls of a page that differ from our rows. Returns how many changed, and all ids.

    Most of them at once; the others in a transaction each, the oldest first. One that fails is recorded as an
    unreadable item.
    """
    run.items.add_unreadable(UnreadableItem.Kind.CALL, page.unreadable)
    calls = {str(text_lengths.fit(Call, "remote_id", call.id)): call for call in page.items}
    known = _known(run.connection, list(calls))
    nothing = ("", None, 0, None)
    different = [key for key, call in calls.items() if known.get(key, nothing)[:2] != (call.status, call.updated_at)]
    changed, applied = _apply_at_once(run, {key: calls[key] for key in different}, known)
    for remote_id in sorted(set(different) - applied, key=lambda key: (calls[key].created_at or timezone.now(), key)):
        _, _, version, _ = known.get(remote_id, nothing)
        with run.items.copying(UnreadableItem.Kind.CALL, remote_id):
            updated = apply.apply_update_in_transaction(run.connection, apply.CallUpdate.of_remote(calls[remote_id]))
            changed += updated is not None and updated.version != version
    if any(missing for *_, missing in known.values()):
        lost_calls.found(run.connection, list(known))
    run.seen += page.size
    run.changed += changed
    return changed, set(calls)


def _apply_at_once(run: Run, calls: dict[str, voicedock.RemoteCall], known: dict[str, Known]) -> tuple[int, set[str]]:
    """Those of these calls for which one transaction is enough: how many changed, and which were applied."""
    updates = {}
    for remote_id, call in calls.items():
        with suppress(ValueError, TypeError, AttributeError, ArithmeticError):  # it is recorded where it fails alone
            updates[remote_id] = apply.CallUpdate.of_remote(call)
    new = {remote_id: update for remote_id, update in updates.items() if remote_id not in known}
    stored = {key: (run.connection.pk, update) for key, update in updates.items() if key in known}
    created: set[str] = set()
    merged: set[str] = set()
    if new:
        with scope.for_system("store new calls"):
            created = new_calls.store(run.connection, new)
    if stored:
        with scope.for_system("merge updates of calls"):
            merged = batch.apply_updates(stored)
    now = _known(run.connection, list(merged)) if merged else {}
    changed = len(created) + sum(now[key][2] != known[key][2] for key in merged if key in now)
    run.items.copied |= {(UnreadableItem.Kind.CALL, remote_id) for remote_id in created | merged}
    return changed, created | merged


def _find_missing(run: Run, missing: list[str]) -> None:
    """Read calls that are live here and in no list: they are over, or in a state that the lists have no filter for."""
    if len(missing) > SINGLE_READS:
        with run.client_for(Priority.LIVE) as vendor:
            newest = vendor.calls(limit=LIVE_PAGE)
        _, listed = _apply_page(run, newest)
        missing = [remote_id for remote_id in missing if remote_id not in listed]
    for remote_id in missing[:SINGLE_READS]:
        with run.client_for(Priority.LIVE) as vendor:
            try:
                found = vendor.call(remote_id)
            except voicedock.NotFound:
                found = None
        if found is None:
            _confirm_organization(run)
            run.changed += lost_calls.missed(run.connection, remote_id)
        else:
            _apply_page(run, voicedock.Page([found], 1, 1, 0))


def _confirm_organization(run: Run) -> None:
    """A 404 counts only while the key opens this connection's own organization.

    VoiceDock answers 404 for an unknown call and for one of another organization (`voicedock-api.md §4.3`).
    Otherwise the run fails, which shows the connection in trouble, and what was missed of its calls counts no more. The
    state's cursor: `own_at`, when the key last opened it.
    """
    last = parse_datetime(run.cursor.get("own_at", ""))
    if last is not None and last > timezone.now() - OWN_FOR:
        return
    try:
        with run.client_for(Priority.LIVE) as vendor:
            organization = vendor.organization()
        connections.check_organization(run.connection, organization)
    except voicedock.VoiceDockError:
        lost_calls.forget_misses(run.connection)
        raise
    run.cursor["own_at"] = timezone.now().isoformat()


def _known(connection: Connection, remote_ids: list[str]) -> dict[str, Known]:
    """By id: state, when VoiceDock changed it last, our version, and since when VoiceDock did not show it."""
    with scope.for_system("calls we know"):
        rows = Call.objects.filter(connection_id=connection.pk, remote_id__in=remote_ids)
        known = rows.values_list("remote_id", "state", "remote_updated_at", "version", "missing_since")
        return {remote_id: (state, at, version, missing) for remote_id, state, at, version, missing in known}


def _deep_is_due(run: Run) -> bool:
    last = parse_datetime(run.cursor.get("deep_at", ""))
    return last is None or last < timezone.now() - DEEP_EVERY
