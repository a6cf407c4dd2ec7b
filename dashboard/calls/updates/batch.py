"""Apply many updates at once, where no more is needed than to merge them into calls that are stored.

What else an update can ask for (a new call, a correction, an alarm with its audit entry, a command to be confirmed, a
number that is not to be called again) is left to `apply_update`, one transaction each: those updates are not in the
answer. Both use the same `Merge`, and `Merge.is_plain` says which is which.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import psycopg
import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Q

from dashboard.calls.control import effects
from dashboard.calls.models import Call, CallReport
from dashboard.calls.updates import apply, bulk_rows
from dashboard.calls.updates.apply import Merge
from dashboard.calls.updates.call_update import CallUpdate
from dashboard.live_updates import publish
from tenants.isolation import scope
from tenants.models import Number

log = structlog.get_logger()
Key = TypeVar("Key")

# What updates change in a call that is stored; an update that changes more is left to `apply_update`.
WRITTEN = (
    *("state", "rank", "finished", "state_at", "started_at", "ended_at", "duration_seconds", "end_reason", "error"),
    *("provider", "family", "number_remote_id", "reported_line", "remote_id", "webhook_call_id"),
    *("counterpart", "line", "created_at", "machine_source", "analysis_outcome", "missing_since", "missed_at"),
    *("alarm", "alarm_at", "lease_until", "end_asked_at"),
    *("field_versions", "remote_updated_at", "seen_at", "version"),
)


@dataclass(frozen=True)
class Owner:
    """Whose call an id belongs to."""

    call_id: UUID
    connection_id: int
    remote_id: str
    webhook_call_id: str


@scope.requires_scope
def apply_updates(updates: dict[Key, tuple[int, CallUpdate]]) -> set[Key]:
    """Merge these updates, in their order, into the calls of their connections; returns the keys of those applied.

    `updates` by a key of the caller's: connection and update. Inside a scope that reaches all.
    """
    calls = _calls_of(updates)
    chosen: dict[UUID, list[Key]] = defaultdict(list)
    for key, call_id in calls.items():
        chosen[call_id].append(key)
    merges: dict[UUID, Merge] = {}
    for merge in _locked(list(chosen)):
        keys = chosen[merge.call.pk]
        if _fold(merge, [updates[key] for key in keys]):
            merges[merge.call.pk] = merge
    written = _write(list(merges.values()))
    return {key for merge in written for key in chosen[merge.call.pk]}


def _calls_of(updates: dict[Key, tuple[int, CallUpdate]]) -> dict[Key, UUID]:
    """The call of each update that names one by an id of VoiceDock which no other call has, anywhere."""
    owners = _owners({remote_id for _, update in updates.values() for remote_id in _ids(update)})
    foreign_numbers = _number_holders({update.number_remote_id for _, update in updates.values()})
    found = {}
    for key, (connection_id, update) in updates.items():
        named = {owner.call_id: owner for remote_id in _ids(update) for owner in owners[remote_id]}
        if len(named) != 1:
            continue
        (owner,) = named.values()
        holders = foreign_numbers.get(update.number_remote_id)
        if owner.connection_id == connection_id and not (holders and connection_id not in holders):
            found[key] = owner.call_id
    return found


def _ids(update: CallUpdate) -> list[str]:
    """Those of VoiceDock."""
    return [remote_id for remote_id in (update.remote_id, update.webhook_call_id) if remote_id]


def _owners(remote_ids: set[str]) -> dict[str, list[Owner]]:
    owners: dict[str, list[Owner]] = defaultdict(list)
    for name in ("remote_id", "webhook_call_id"):  # an index for each
        rows = Call.objects.filter(~Q(**{name: ""}), **{f"{name}__in": remote_ids}).order_by()
        for owner in rows.values_list("pk", "connection_id", "remote_id", "webhook_call_id"):
            owners[owner[2] if name == "remote_id" else owner[3]].append(Owner(*owner))
    return owners


def _number_holders(remote_ids: set[str]) -> dict[str, set[int]]:
    """By VoiceDock's id of a number: the connections that have it."""
    holders: dict[str, set[int]] = defaultdict(set)
    rows = Number.objects.filter(remote_id__in=remote_ids - {""}).order_by()
    for remote_id, connection_id in rows.values_list("remote_id", "connection_id"):
        holders[remote_id].add(connection_id)
    return holders


def _locked(call_ids: list[UUID]) -> list[Merge]:
    """The calls, locked in one order, without those that hold no personal data any more or were sent commands."""
    rows = Call.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=call_ids, data_removed_at=None)
    calls = list(rows.order_by("pk"))
    reports = CallReport.objects.in_bulk([call.pk for call in calls])
    waiting = effects.judged_calls([call.pk for call in calls])
    return [Merge(call, stored_report=reports.get(call.pk)) for call in calls if call.pk not in waiting]


def _fold(merge: Merge, updates: list[tuple[int, CallUpdate]]) -> bool:
    """Whether these updates of one call are all merged, and change only what is written here."""
    try:
        for _, update in updates:
            named = {merge.call.remote_id, merge.call.webhook_call_id}
            if not named.issuperset(_ids(update)):  # it has other ids than when it was found
                return False
            merge.add(update)
    except (SoftTimeLimitExceeded, DatabaseError):
        raise
    except Exception:  # it fails alone, and is recorded, where it is applied by itself
        log.warning("update_not_merged", call=str(merge.call.pk), exc_info=True)
        return False
    return merge.is_plain and merge.changed_fields() <= set(WRITTEN)


def _write(merges: list[Merge]) -> list[Merge]:
    """Those that the database took: what it refuses is halved until the call that it refuses stands alone."""
    if not merges:
        return []
    try:
        with transaction.atomic():
            _write_all(merges)
    except (psycopg.OperationalError, OperationalError):
        raise
    except (psycopg.Error, DatabaseError):
        if len(merges) == 1:
            log.warning("update_not_written", call=str(merges[0].call.pk), exc_info=True)
            return []
        half = len(merges) // 2
        return _write(merges[:half]) + _write(merges[half:])
    return merges


def _write_all(merges: list[Merge]) -> None:
    changed = [merge for merge in merges if merge.changed]
    for merge in changed:
        if not merge.is_complete:
            apply.complete(merge.call)
            merge.is_complete = True
    newer = [merge.call for merge in merges if merge.changed or merge.has_newer_stamps]
    if newer:
        bulk_rows.update_calls(newer, WRITTEN)
    if reports := [merge.report for merge in changed if merge.report is not None]:
        bulk_rows.save_reports(reports)
    publish.rows_changed("call", [(merge.call.pk, merge.call.tenant_id, merge.call.version) for merge in changed])
