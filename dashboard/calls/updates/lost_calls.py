"""Calls that VoiceDock does not know any more: neither in its lists nor by their id, for `LOST_AFTER`.

An answer counts only while the key opens the connection's own organization: otherwise nothing is known of its calls.
Such a call is shown as lost and asks for a person; it no longer counts against what a client may have at once. If
VoiceDock shows it again, `apply_update` brings it back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from dashboard.calls.models import LIVE, Alarm, Call, State
from dashboard.calls.transitions import record_transition
from tenants.isolation import scope
from tenants.models import Connection

LOST_AFTER = timedelta(minutes=2)  # between the first and the last answer that VoiceDock does not know it
NOT_KNOWN = (
    "VoiceDock does not know this call any more: its lists do not show it, and it is not found by its id. It is "
    "probably over, but VoiceDock never reported an end."
)
ASKED_FOR = Q(state__in=LIVE) | Q(state=State.LOST)
KNOWN_BY_AN_ID = ~Q(remote_id="", webhook_call_id="")


@scope.opens_scope
def watched(connection: Connection) -> dict[str, bool]:
    """Ids of calls that we think alive, or lost and not settled, with whether it is alive.

    Those asked about longest ago come first, so that each gets its turn.
    """
    with scope.for_system("calls we think alive"):
        rows = Call.objects.filter(ASKED_FOR, KNOWN_BY_AN_ID, connection_id=connection.pk, finished=False)
        found = rows.order_by(Coalesce("missed_at", "seen_at")).values_list("remote_id", "webhook_call_id", "state")
        return {remote_id or webhook_call_id: state != State.LOST for remote_id, webhook_call_id, state in found}


@scope.opens_scope
def found(connection: Connection, remote_ids: Collection[str]) -> None:
    """Clear earlier misses of calls that VoiceDock shows."""
    with scope.for_system("calls that are there"):
        rows = Call.objects.filter(connection_id=connection.pk, remote_id__in=remote_ids, missing_since__isnull=False)
        rows.update(missing_since=None, missed_at=None)


@scope.opens_scope
def forget_misses(connection: Connection) -> None:
    """VoiceDock did not answer for this connection's organization: nothing follows for its calls, not even for those
    that were missed before. Lost ones stay as they are."""
    with scope.for_system("nothing is known of these calls"):
        rows = Call.objects.filter(connection_id=connection.pk, missing_since__isnull=False, finished=False)
        rows.exclude(state=State.LOST).update(missing_since=None, missed_at=None)


@scope.opens_scope
def missed(connection: Connection, remote_id: str) -> bool:
    """VoiceDock does not know this id; whether the call is lost by now."""
    with scope.for_system("a call that VoiceDock does not know"):
        rows = Call.objects.filter(ASKED_FOR, connection_id=connection.pk, finished=False)
        call = (
            rows.select_for_update(of=("self",), no_key=True)
            .select_related("tenant")
            .filter(Q(remote_id=remote_id) | Q(remote_id="", webhook_call_id=remote_id))
            .first()
        )
        if call is None:
            return False
        row = Call.objects.filter(pk=call.pk)
        row.update(missing_since=Coalesce("missing_since", Now()), missed_at=Now())
        overdue = row.filter(missed_at__gte=F("missing_since") + LOST_AFTER)
        if (call.state == State.LOST and call.alarm) or not overdue.exists():
            return False
        _mark_lost(call)
    return True


def _mark_lost(call: Call) -> None:
    """Mark a call lost; one without a tenant is finished at once. Inside a scope that reaches all tenants."""
    alarm = Alarm.LOST if call.alarm in (Alarm.NONE, Alarm.END_NOT_CONFIRMED) else call.alarm
    change = {"alarm": alarm, "alarm_at": Now()} if call.tenant_id else {"finished": True}
    if alarm == call.alarm:
        change.pop("alarm_at", None)
    Call.objects.filter(pk=call.pk).update(
        state=State.LOST, state_at=Now(), lease_until=None, error=NOT_KNOWN, version=F("version") + 1, **change
    )
    call.refresh_from_db(fields=["version", "state", "finished"])
    record_transition(call, "call.lost")
