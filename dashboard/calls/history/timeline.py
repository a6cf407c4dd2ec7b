"""One call as a timeline: steps of its state, sentences spoken, and our commands with what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.calls import call_times, labels
from dashboard.calls.control import handover
from dashboard.calls.history import order, recorded_steps
from dashboard.calls.history.entry import Entry, Mark, clock
from dashboard.calls.history.receipt_entries import command_entry, short
from dashboard.calls.models import END_IS_LATE, STOPS_DIALING, Alarm, Call, CallReport, Receipt, State
from dashboard.calls.updates.voicemail import Source
from dashboard.ui.units import with_unit
from dashboard.voicedock.commands import CommandType
from tenants.models import AuditEntry, User

CLOCKS_DIFFER = timedelta(seconds=5)  # a smaller lag is not worth words

__all__ = ["Entry", "Mark", "command_entry", "ending", "entries", "short"]


def entries(
    call: Call,
    receipts: list[Receipt],
    report: CallReport | None,
    *,
    me: User | None,
    zone: ZoneInfo,
    words: bool = True,
    recorded: list[AuditEntry] | None = None,
    targets: Mapping[str, str] | None = None,
) -> list[Entry]:
    """All entries, the newest last; without `words` neither messages nor the contents of commands.

    `recorded` are the entries of the audit trail about this call, `targets` the names of transfer targets.
    """
    sent = [command_entry(call, receipt, me=me, zone=zone, words=words, targets=targets) for receipt in receipts]
    spoken = list(_messages(call, report, zone)) if report and words else []
    talk = order.conversation(call, spoken, list(zip(receipts, sent, strict=True)), report.messages if report else [])
    return order.merged(list(_steps(call, receipts, report, recorded or [], me, zone, targets or {})), talk)


def _messages(call: Call, report: CallReport, zone: ZoneInfo) -> Iterator[tuple[int, Entry]]:
    """The messages with their place in the conversation; a time that lies behind the end tells nothing."""
    speakers = {"assistant": labels.assistant(call) or "Assistant", "user": labels.person(call) or "Person"}
    times = [*report.message_times, *([None] * len(report.messages))]
    for index, (message, heard) in enumerate(zip(report.messages, times, strict=False)):
        content, role = str(message.get("content") or "").strip(), str(message.get("role") or "")
        at = datetime.fromisoformat(heard) if heard else None
        if at and call.ended_at and at > call.ended_at:
            at = None
        if content and role in speakers:
            yield index, Entry("message", at, clock(at, zone), content, person=role == "user", speaker=speakers[role])


def _steps(
    call: Call,
    receipts: list[Receipt],
    report: CallReport | None,
    recorded: list[AuditEntry],
    me: User | None,
    zone: ZoneInfo,
    targets: Mapping[str, str],
) -> Iterator[order.Step]:
    def step(
        rank: int, at: datetime | None, words: str = "", state: str = "", until: datetime | None = None
    ) -> order.Step:
        entry = Entry("step", at, clock(at, zone), words, state=state, until=until)
        return order.Step(rank, entry, at or call.created_at)

    yield step(order.FIRST, call.created_at, _began(call, me))
    waits = call.state == State.QUEUED and bool(call.error)
    for entry in _without_current_wait(recorded) if waits else recorded:
        state, words = recorded_steps.read(entry, me)
        yield step(order.AFTER, entry.at, words, state)
    actions = {entry.action for entry in recorded}
    if waits:
        yield step(order.AFTER, call.state_at, call.error, until=call.next_attempt_at)
    if call.needs_decision and recorded_steps.ACTION_OF_STATE.get(call.state) not in actions:
        words = call.error or "VoiceDock did not answer. The call may have been placed"
        yield step(order.AFTER, call.state_at, words, call.state)
    elif call.state in (State.CONNECTING, State.RINGING) and not call.started_at:
        yield step(order.AFTER, call.state_at, labels.states.read(call.state)[1], call.state)
    if answered_at := call_times.answered_at(call):
        reported = _by_their_clock(call.started_at, answered_at, zone)
        yield step(order.FIRST, answered_at, f"Answered{reported}", State.IN_PROGRESS)
    alarm = call.current_alarm
    if alarm in (Alarm.END_NOT_CONFIRMED, *STOPS_DIALING) and f"call.{alarm}" not in actions:
        at = call.alarm_at or (call.end_asked_at + END_IS_LATE if call.end_asked_at else None)
        yield step(order.AFTER, at, call.alarm_words, State.NEEDS_PERSON)
    is_ended_here = call.state in (State.REFUSED, State.LOST) and bool(actions & recorded_steps.ENDED_HERE)
    if call.finished and not is_ended_here:
        causes = _causes_of_end(receipts)
        ended_at = call_times.ended_at(call, causes) or call_times.not_before(call.state_at, causes)
        for index, (words, state) in enumerate(_ended(call, receipts, me, targets)):
            reported = _by_their_clock(call.ended_at, ended_at, zone) if index == 0 else ""
            yield step(order.AFTER, ended_at, f"{words}{reported}", state)
        if call.end_due_by_id and not _end_was_sent(call, receipts):
            yield step(order.AFTER, ended_at, _end_not_sent(call, me))
        if report and report.updated_at > (call.ended_at or call.state_at):
            yield step(order.AFTER, report.updated_at, f"{_came(report)} came from VoiceDock")


def _by_their_clock(reported: datetime | None, shown: datetime, zone: ZoneInfo) -> str:
    """What VoiceDock reports, where its clock is so far behind that it would lie clearly before its cause."""
    is_behind = reported is not None and shown - reported >= CLOCKS_DIFFER
    return f"; {clock(reported, zone)} by VoiceDock’s clock" if is_behind else ""


def _without_current_wait(recorded: list[AuditEntry]) -> list[AuditEntry]:
    """Why it waits now is told closer by the call itself."""
    last = next((entry for entry in reversed(recorded) if entry.action == "call.requeued"), None)
    return [entry for entry in recorded if entry is not last]


def _began(call: Call, me: User | None) -> str:
    who = "You" if call.requested_by and call.requested_by == me else labels.started_by(call)
    who = who if call.requested_by else f"The campaign {who}"
    if call.direction == "inbound":
        return "The call came in"
    if call.direction == "web":
        return "A call from the browser began"
    if not (call.requested_by or labels.lead(call)):
        return "Placed outside of Patchbay: by a campaign, or VoiceDock’s dashboard or API. By which is not known"
    words = f"{who} placed the call"
    if call.placed_at and call.sent_at:
        took = (call.placed_at - call.sent_at).total_seconds()
        words += f"; VoiceDock took it {_within(took)}"
    return words


def _within(seconds: float) -> str:
    """`in 0.3 s`, `at once`."""
    return f"in {with_unit(f'{seconds:.1f}', 's')}" if seconds >= 0.05 else "at once"


def ending(call: Call, receipts: list[Receipt], me: User | None, targets: Mapping[str, str]) -> str:
    """How the call ended: to whom it was transferred, by whom it was ended, "you" for oneself."""
    moved = handover.current(call, receipts, targets)
    if moved and moved.is_done:
        return moved.words
    return labels.ending(call, me)


def _ended(
    call: Call, receipts: list[Receipt], me: User | None, targets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Words and state of the steps that end the call."""
    words = ending(call, receipts, me, targets)
    is_whole = words.startswith(("ended by ", "Transferred "))
    yield words[:1].upper() + words[1:] if is_whole else labels.state(call), call.state
    if call.machine_source:
        yield f"Voicemail or a machine took the call: {Source(call.machine_source).label} says so", ""
    if call.error:
        yield call.error, ""


def _end_was_sent(call: Call, receipts: list[Receipt]) -> bool:
    """For whom its end is due: VoiceDock's answer to the command may come after the end itself, or never."""
    mine = [one for one in receipts if one.asked_by_id == call.end_due_by_id and one.command == CommandType.END_CALL]
    return any(one.outcome != Receipt.Outcome.REFUSED for one in mine)


def _end_not_sent(call: Call, me: User | None) -> str:
    who = "you" if call.end_due_by == me else call.end_due_by
    return f"End call, asked for by {who}, was not sent any more: the call was over"


def _causes_of_end(receipts: list[Receipt]) -> list[datetime]:
    """The commands that the end confirms: by VoiceDock's clock it may lie before them."""
    ends = (CommandType.END_CALL, CommandType.TRANSFER)
    return [one.asked_at for one in receipts if one.command in ends and one.effect == Receipt.Effect.CONFIRMED]


def _came(report: CallReport) -> str:
    parts = {"summary": report.summary, "analysis": report.analysis, "transcript": report.messages}
    names = [name for name, value in parts.items() if value] or ["the recording"]
    words = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return words[:1].upper() + words[1:]
