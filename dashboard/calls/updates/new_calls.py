"""Store at once the calls of a list that are new here, where a row and its report are all that each needs.

One that may be a stored call under another id, or that asks for more (an alarm, a number that is not to be called
again), is left to `apply.apply_update`: it is not in the answer. Both make and merge a call by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import psycopg
import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from dashboard.calls.models import UNCERTAIN, UNSENT, Call, CallReport
from dashboard.calls.updates import apply, matching
from dashboard.calls.updates.apply import Merge
from dashboard.calls.updates.call_update import NEVER, CallUpdate
from dashboard.live_updates import publish
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Connection, NumberDedication

log = structlog.get_logger()
Right = TypeVar("Right", NumberDedication, AssistantDedication)


@scope.requires_scope
def store(connection: Connection, updates: Mapping[str, CallUpdate]) -> set[str]:
    """Store those of these updates, by their ids at VoiceDock, that are new calls; returns the ids of the stored ones.

    Inside a scope that reaches all, as the last thing in it.
    """
    matching.lock(connection)
    new = _certainly_new(connection, updates)
    copies = _copies(connection, new.values())
    rights = _Rights(connection, new.values())
    merges = {}
    for remote_id, update in new.items():
        merge = _merged(connection, update, rights, copies.get(update.assistant_remote_id))
        if merge is not None:
            merges[remote_id] = merge
    return set(merges) if _write(list(merges.values())) else set()


class _Rights:
    """The dedications of a connection that these updates may be of."""

    def __init__(self, connection: Connection, updates: Iterable[CallUpdate]) -> None:
        updates = list(updates)
        of_number = Q(number__remote_id__in={update.number_remote_id for update in updates} - {""})
        of_number |= Q(e164__in={update.line for update in updates} - {""})
        numbers = NumberDedication.objects.filter(of_number, connection_id=connection.pk, withdrawn_at=None)
        self._numbers = list(numbers.select_related("tenant", "number"))
        speakers = AssistantDedication.objects.filter(connection_id=connection.pk, withdrawn_at=None)
        speakers = speakers.filter(assistant__remote_id__in={update.assistant_remote_id for update in updates} - {""})
        self._assistants = list(speakers.select_related("tenant", "assistant"))

    def number(self, update: CallUpdate, moment: datetime) -> NumberDedication | None:
        """As `matching.number_at`."""
        held = [right for right in self._numbers if moment in right.period]
        by_id = [right for right in held if right.number.remote_id == update.number_remote_id != ""]
        return next(iter(by_id or [right for right in held if right.e164 == update.line != ""]), None)

    def assistant(self, update: CallUpdate, moment: datetime) -> AssistantDedication | None:
        """As `matching.assistant_at`."""
        held = [right for right in self._assistants if moment in right.period]
        return next((right for right in held if right.assistant.remote_id == update.assistant_remote_id), None)


def _certainly_new(connection: Connection, updates: Mapping[str, CallUpdate]) -> dict[str, CallUpdate]:
    """Those that no stored call can be: no id of theirs is known, and no call without one has their other party."""
    calls = Call.objects.filter(connection_id=connection.pk).order_by()
    ids = list(updates)
    known = set(calls.filter(remote_id__in=ids).values_list("remote_id", flat=True))
    known |= set(calls.filter(webhook_call_id__in=ids).values_list("webhook_call_id", flat=True))
    answered = calls.filter(remote_id="", answered_remote_id__in=ids)
    known |= set(answered.values_list("answered_remote_id", flat=True))
    without_id = calls.filter(remote_id="", counterpart__in={update.counterpart for update in updates.values()})
    unanswered = Q(origin=Call.Origin.PLACED, state__in=[*UNSENT, *UNCERTAIN])
    parties = set(without_id.filter(unanswered | ~Q(webhook_call_id="")).values_list("counterpart", flat=True))
    return {
        remote_id: update
        for remote_id, update in updates.items()
        if remote_id == update.remote_id
        and remote_id not in known
        and update.counterpart not in parties
        and not update.reference
        and matching.may_be_created(update)
    }


def _copies(connection: Connection, updates: Iterable[CallUpdate]) -> dict[str, Assistant]:
    """Our copies of their assistants, by VoiceDock's ids."""
    remote_ids = {update.assistant_remote_id for update in updates} - {""}
    found = Assistant.objects.filter(connection_id=connection.pk, remote_id__in=remote_ids)
    return {assistant.remote_id: assistant for assistant in found}


def _merged(connection: Connection, update: CallUpdate, rights: _Rights, copy: Assistant | None) -> Merge | None:
    """None when it asks for more than is written here, or cannot be merged: it fails alone, where it is recorded."""
    moment = update.born_at if update.born_at != NEVER else timezone.now()
    try:
        held = rights.number(update, moment), rights.assistant(update, moment)
        call = matching.new_call(connection, update, moment, *held, copy)
        if apply.comes_too_late(call):
            return None
        merge = Merge(call, is_new=True, stored_report=None)
        merge.add(update)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.warning("update_not_merged", connection=connection.pk, exc_info=True)
        return None
    if not merge.is_plain:
        return None
    apply.complete(call, is_new=True, copy=copy)
    return merge


def _write(merges: list[Merge]) -> bool:
    """All of them or none: whatever the database refuses is found where they are stored one by one."""
    try:
        with transaction.atomic():
            Call.objects.bulk_create([merge.call for merge in merges])
            CallReport.objects.bulk_create([merge.report for merge in merges if merge.report is not None])
            publish.rows_changed("call", [(one.call.pk, one.call.tenant_id, one.call.version) for one in merges])
    except (psycopg.OperationalError, OperationalError):
        raise
    except (psycopg.Error, DatabaseError):
        log.warning("calls_not_stored_at_once", exc_info=True)
        return False
    return True
