"""Apply what VoiceDock reports to our row of a call: the same merge for lists, single reads and webhooks.

Updates in any order, repeated or not, lead to the same row: the state that is furthest along wins, then the newest;
every other field has the value of the newest update that contains it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import Any

from django.utils import timezone

from dashboard.calls import outcomes
from dashboard.calls.control import effects
from dashboard.calls.models import (
    LARGE,
    STOPS_DIALING,
    UNCERTAIN,
    UNSENT,
    Alarm,
    Call,
    CallerIdCorrection,
    CallReport,
    State,
)
from dashboard.calls.transitions import record_transition
from dashboard.calls.updates import matching, message_times, opt_outs, voicemail
from dashboard.calls.updates.call_update import NEVER, CallUpdate
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.voicedock import states
from dashboard.voicedock.capabilities import family_of
from tenants.isolation import scope
from tenants.models import Assistant, Connection

__all__ = ["CallUpdate", "Merge", "apply_update", "apply_update_in_transaction", "comes_too_late", "complete"]

WRITE_ONCE = ("reported_line", "number_remote_id")  # the database holds it; what differs later is a correction
CORRECTED = ("call.wrong-number", "call.reported-again")
OURS = (*UNSENT, *UNCERTAIN, State.REFUSED)  # any state that VoiceDock reports replaces these


def apply_update_in_transaction(connection: Connection, update: CallUpdate) -> Call | None:
    """Apply one update in a transaction of its own. None when the call is not stored yet (`create_from_remote`)."""
    with scope.for_system("apply an update of a call"):
        return apply_update(connection, update)


@scope.requires_scope
def apply_update(connection: Connection, update: CallUpdate) -> Call | None:
    """The same inside a scope that reaches all, as the last thing in it: audit entries are written here."""
    found = matching.find(connection, update) or matching.create_from_remote(connection, update)
    if found is None:
        return None
    call, is_new = found
    if call.data_removed_at or (is_new and comes_too_late(call)):
        return _without_personal_data(call, update) if is_new else call
    merge = Merge(call, is_new=is_new)
    merge.add(update)
    confirmed = merge.may_confirm and effects.confirm(call, merge.report)
    if not (confirmed or merge.changed):
        if merge.has_newer_stamps:  # no visible change, but older updates must stay older
            Call.objects.filter(pk=call.pk).update(
                field_versions=call.field_versions, remote_updated_at=call.remote_updated_at
            )
        return call
    _keep(call, merge.report, is_new)
    for action, details in merge.transitions:
        entry = record_transition(call, action, **details)
        if merge.correction is not None and action in CORRECTED:
            merge.correction.entry = entry
            merge.correction.save(force_insert=True)
    if not merge.transitions:
        publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    if merge.asks_not_to_be_called:
        opt_outs.record(call)
    return call


class Merge:
    """Updates of one call, merged into its unsaved row: what changed, and which audit entries have to be written.

    `stored_report` is the report that the call has, where the caller has read it; otherwise it is read when needed.
    """

    def __init__(
        self, call: Call, *, is_new: bool = False, stored_report: CallReport | EllipsisType | None = ...
    ) -> None:
        self.call, self.stored_report = call, stored_report
        self.report: CallReport | None = None  # if the updates change it
        self.correction: CallerIdCorrection | None = None
        self.transitions: list[tuple[str, dict[str, Any]]] = []  # action and details
        self.is_complete = False  # whether `complete` has run
        self.may_confirm = False  # whether the updates can have confirmed a command
        self._is_new = is_new
        self._before = {name: getattr(call, name) for name in SHOWN}
        self._stamps_before = dict(call.field_versions)

    def add(self, update: CallUpdate) -> None:
        call = self.call
        before = {name: getattr(call, name) for name in ("state", "reported_line", "assistant_remote_id")}
        correction = _correction(call, update)
        report = _merge_report(call, update, self._stored_report)
        _merge(call, update)
        if report is not None or "end_reason" in update.fields:
            _merge_outcome(call, report)
        self.transitions += _consequences(call, before, correction)
        self.report, self.correction = report or self.report, correction or self.correction
        self.may_confirm |= report is not None or call.finished or call.state != before["state"]

    @property
    def changed(self) -> bool:
        """Whether the updates changed anything that a page may show."""
        return self._is_new or self.report is not None or self.correction is not None or bool(self.changed_fields())

    def changed_fields(self) -> set[str]:
        """Of the call itself."""
        return {name for name, value in self._before.items() if getattr(self.call, name) != value}

    @property
    def asks_not_to_be_called(self) -> bool:
        """Whether it is these updates that say so: that is recorded once."""
        return opt_outs.is_asked(self.call.analysis_outcome) and not opt_outs.is_asked(self._before["analysis_outcome"])

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be written but the call and its report.

        Whatever else `apply_update` does after a merge is named here: `batch` leaves the call to it then.
        """
        return not (self.transitions or self.correction or self.asks_not_to_be_called)

    @property
    def has_newer_stamps(self) -> bool:
        return self.call.field_versions != self._stamps_before

    def _stored_report(self) -> CallReport | None:
        if self.report is not None:
            return self.report
        if self.stored_report is ...:
            self.stored_report = CallReport.objects.filter(call_id=self.call.pk).first()
        return self.stored_report


def _correction(call: Call, update: CallUpdate) -> CallerIdCorrection | None:
    """An unsaved correction, if the reported caller ID differs from the first one and all corrections."""
    reported = update.fields.get("reported_line", "")
    if not reported or not call.reported_line or reported == call.reported_line:
        return None
    if call.caller_id_corrections.filter(reported_line=reported).exists():
        return None
    return CallerIdCorrection(
        call=call,
        tenant_id=call.tenant_id,
        reported_line=reported,
        number_remote_id=update.fields.get("number_remote_id", ""),
        reported_at=update.at if update.at != NEVER else timezone.now(),
    )


def comes_too_late(call: Call) -> bool:
    """Whether the client's data was removed already; the call is then stored without personal data."""
    right = call.number_dedication or call.assistant_dedication
    return right is not None and right.tenant.data_is_removed


def _without_personal_data(call: Call, update: CallUpdate) -> Call:
    """Save a new call as finished, without the counterpart."""
    call.state, call.finished = update.status or State.ENDED, True
    call.counterpart, call.data_removed_at = "", timezone.now()
    call.save(force_insert=True)
    return call


def _merge(call: Call, update: CallUpdate) -> None:
    for name, value in update.fields.items():
        is_newer = _is_newer(call, name, update)
        if (not getattr(call, name)) if name in WRITE_ONCE else is_newer:
            setattr(call, name, value)
    if update.remote_id and not call.remote_id:
        call.remote_id = update.remote_id
    if update.webhook_call_id and not call.webhook_call_id:
        call.webhook_call_id = update.webhook_call_id
    if call.provider and "provider" in update.fields:
        call.family = family_of(call.provider)
    if call.origin == Call.Origin.ADOPTED:
        call.counterpart, call.line = (
            call.counterpart or update.counterpart,
            call.line or update.line,
        )
        call.created_at = min(call.created_at, update.born_at) if update.born_at.year > 1 else call.created_at
    if update.status:
        call.missing_since = call.missed_at = None
    _merge_state(call, update)


def _merge_state(call: Call, update: CallUpdate) -> None:
    if not update.status:
        return
    rank, stamp = states.rank(update.status), update.stamp
    current = (-1, "") if call.state in OURS else (call.rank, call.field_versions.get("state", ""))
    if (rank, stamp) > current:
        if call.state in OURS:
            call.error = update.fields.get("error", "")
        call.state, call.rank = update.status, rank
        call.field_versions["state"] = stamp
    call.finished = states.is_terminal(call.state, call.ended_at)
    reached = call.ended_at if call.finished else call.started_at if call.state == State.IN_PROGRESS else None
    call.state_at = reached or (update.at if call.field_versions.get("state") == stamp else call.state_at)


def _merge_outcome(call: Call, report: CallReport | None) -> None:
    """Set whether a machine took the call, and what came of it, from all fields known by now."""
    found = voicemail.source_of(
        call.end_reason,
        report.analysis if report else None,
        report.messages if report else [],
        report.summary if report else "",
        direction=call.direction,
    )
    call.machine_source = found if report is not None else found or call.machine_source
    if report is not None:
        call.analysis_outcome = outcomes.from_analysis(report.analysis)


def _merge_report(call: Call, update: CallUpdate, stored: Callable[[], CallReport | None]) -> CallReport | None:
    """The report, unsaved, if this update changes it."""
    newer = {name: value for name, value in update.report.items() if _is_newer(call, f"report.{name}", update)}
    if not newer:
        return None
    report = stored() or CallReport(call=call, tenant_id=call.tenant_id)
    if "messages" in newer:
        is_over = call.finished or states.is_terminal(update.status, update.fields.get("ended_at"))
        now = None if is_over else timezone.now()
        report.message_times = message_times.merged(report.messages, report.message_times, newer["messages"], now)
    for name, value in newer.items():
        setattr(report, name, value)
    report.updated_at = timezone.now()
    return report


def _is_newer(call: Call, name: str, update: CallUpdate) -> bool:
    """Whether this update is the newest with this field; its stamp is stored if so."""
    if update.stamp <= call.field_versions.get(name, ""):
        return False
    call.field_versions[name] = update.stamp
    return True


def _consequences(
    call: Call, before: dict[str, Any], correction: CallerIdCorrection | None
) -> list[tuple[str, dict[str, Any]]]:
    """Raise and clear alarms after this update. Returns the audit entries to write: action and details."""
    transitions: list[tuple[str, dict[str, Any]]] = []
    if before["state"] in UNCERTAIN and call.state not in OURS:
        transitions.append(("call.reappeared" if before["state"] == State.LOST else "call.found", {}))
    if call.alarm in (Alarm.NOT_CERTAIN, Alarm.LOST) and call.state not in OURS:
        call.alarm, call.alarm_at = "", None
    if call.end_due_at and call.state == State.IN_PROGRESS and not call.end_asked_at:
        call.end_asked_at = limiter.clock()  # it can be ended from now on (`bulk_end`)
    if call.alarm == Alarm.END_NOT_CONFIRMED and call.finished:
        call.alarm, call.alarm_at = "", None
    if call.state not in OURS:
        call.lease_until = None
    reported = correction.reported_line if correction else call.reported_line
    if (correction or reported != before["reported_line"]) and _is_wrong(call, reported):
        if call.alarm != Alarm.WRONG_NUMBER:
            call.alarm, call.alarm_at = Alarm.WRONG_NUMBER, limiter.clock()
        call.alarm_mail_at = call.alarm_mailed_at = None
        transitions.append(("call.wrong-number", _three_facts(call, reported)))
    elif correction:
        transitions.append(("call.reported-again", _three_facts(call, reported)))
    if call.assistant_remote_id != before["assistant_remote_id"] and _has_wrong_assistant(call):
        if call.alarm not in STOPS_DIALING:
            call.alarm, call.alarm_at = Alarm.WRONG_ASSISTANT, limiter.clock()
            call.alarm_mail_at = call.alarm_mailed_at = None
        transitions.append(("call.wrong-assistant", {"reported": call.assistant_name or call.assistant_remote_id}))
    return transitions


def _three_facts(call: Call, reported: str) -> dict[str, str]:
    return {"meant": call.meant_line, "asked": call.asked_line, "reported": reported}


def _is_wrong(call: Call, reported: str) -> bool:
    """A call of a client that left from another number than the one of its dedication."""
    if call.tenant_id is None or call.direction != "outbound":
        return False
    if call.origin == Call.Origin.ADOPTED:
        return (call.number_dedication_id is None or reported != call.line) and matching.is_recent(call)
    return reported != call.line


def _has_wrong_assistant(call: Call) -> bool:
    """A call out of a client that VoiceDock made with an assistant that is not the one meant, or not the client's."""
    if call.tenant_id is None or call.direction != "outbound":
        return False
    if call.origin == Call.Origin.ADOPTED:
        return call.assistant_dedication_id is None and matching.is_recent(call)
    if call.is_transient:
        return matching.is_saved_by_others(call)
    right = call.assistant_dedication
    return right is not None and right.assistant.remote_id != call.assistant_remote_id


def complete(call: Call, *, is_new: bool = False, copy: Assistant | EllipsisType | None = ...) -> None:
    """Set what belongs to each save of a changed call, whatever changed.

    `copy` is ours of its assistant, where the caller has read it; otherwise it is read when needed.
    """
    if not call.provider and call.family in ("", "unknown"):
        _family_of_copy(call, copy)
    call.seen_at = timezone.now()
    call.version += 0 if is_new else 1


def _keep(call: Call, report: CallReport | None, is_new: bool) -> None:
    complete(call, is_new=is_new)
    call.save(force_insert=is_new)
    if report is not None:
        report.save()


def _family_of_copy(call: Call, copy: Assistant | EllipsisType | None) -> None:
    """Take the model family from our copy of the assistant: no provider is known."""
    if copy is ...:
        copy = matching.assistant_of(call.connection_id, call.assistant_remote_id)
    if copy is not None:
        call.family = copy.family


# No update changes what is large, or what is our own record of the updates. What the database generates (`generated`),
# it makes from the others, and a new row has none of it yet.
RECORDS = ("id", "field_versions", "rank", "state_at", "remote_updated_at", "seen_at", "version")
SHOWN = [
    field.attname
    for field in Call._meta.concrete_fields
    if not field.generated and field.attname not in (*LARGE, *RECORDS)
]
