"""One call as a story: steps of its state, words spoken, and our commands with what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.calls import labels
from dashboard.calls.models import END_IS_LATE, STOPS_DIALING, Alarm, Call, Receipt, State
from dashboard.calls.updates.voicemail import Source
from dashboard.ui import phone_numbers, times
from dashboard.voicedock.commands import CommandType
from dashboard.voicedock.commands import label as command_label
from tenants.models import User

SHOWS: dict[str, str] = {  # what will show that it worked; VoiceDock itself never tells (`voicedock-api.md §4.1`)
    CommandType.INJECT_CONTEXT: "VoiceDock does not tell whether it was used",
    CommandType.SAY: "confirmed when the words come back in the transcript",
    CommandType.TRANSFER: "confirmed when the call is transferred",
    CommandType.END_CALL: "confirmed when the call has ended",
}


@dataclass(frozen=True)
class Mark:
    """One stage of a receipt. `tone` is good, open, bad or next."""

    tone: str
    words: str
    icon: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry of a timeline. `kind` is step, message or command; `clock` is the time shown."""

    kind: str
    clock: str = ""
    words: str = ""
    state: str = ""
    person: bool = False
    title: str = ""
    by: str = ""
    tone: str = ""
    to: str = ""
    why: str = ""
    marks: list[Mark] = field(default_factory=list)


def entries(
    call: Call,
    receipts: list[Receipt],
    messages: list[dict] | None,
    *,
    me: User | None,
    zone: ZoneInfo,
    words: bool = True,
) -> list[Entry]:
    """All entries, the newest last; without `words` neither messages nor the contents of commands.

    Messages from VoiceDock have no times (`§5.1`): a command is placed before the message it caused, else after the
    messages that were known when it was sent.
    """
    steps = list(_steps(call, me, zone))
    before = [entry for moment, entry in steps if moment is None or not call.started_at or moment <= call.started_at]
    after = [entry for moment, entry in steps if moment and call.started_at and moment > call.started_at]
    return before + _talk(call, receipts, (messages or []) if words else [], me, zone, words) + after


def _steps(call: Call, me: User | None, zone: ZoneInfo) -> Iterator[tuple[datetime | None, Entry]]:
    def step(moment: datetime | None, words: str = "", state: str = "") -> tuple[datetime | None, Entry]:
        return moment, Entry(
            "step", clock=f"{moment.astimezone(zone):%H:%M:%S}" if moment else "", words=words, state=state
        )

    yield step(call.created_at, _began(call, me))
    if call.state == State.QUEUED and call.error:
        yield step(call.state_at, call.error)
    if call.needs_decision:
        yield step(call.state_at, call.error or "VoiceDock did not answer. The call may have been placed", call.state)
    elif call.state in (State.CONNECTING, State.RINGING) and not call.started_at:
        yield step(call.state_at, states_words(call), call.state)
    if call.started_at:
        yield step(call.started_at, "Answered", State.IN_PROGRESS)
    if call.current_alarm in (Alarm.END_NOT_CONFIRMED, *STOPS_DIALING):
        moment = call.alarm_at or (call.end_asked_at + END_IS_LATE if call.end_asked_at else None)
        yield step(moment, call.alarm_words, State.NEEDS_PERSON)
    if call.finished:
        yield step(call.ended_at or call.state_at, labels.state(call), call.state)
        if call.machine_source:
            source = Source(call.machine_source).label
            yield step(call.ended_at or call.state_at, f"Voicemail or a machine took the call: {source} says so")
        if call.error:
            yield step(call.ended_at or call.state_at, call.error)


def states_words(call: Call) -> str:
    return labels.states.read(call.state)[1]


def _began(call: Call, me: User | None) -> str:
    who = "You" if call.requested_by and call.requested_by == me else labels.started_by(call)
    if call.direction == "inbound":
        return "The call came in"
    if call.direction == "web":
        return "A call from the browser began"
    words = f"{who} placed the call" if call.requested_by or labels.lead(call) else "Placed outside of Patchbay"
    if call.placed_at and call.sent_at:
        words += f"; VoiceDock took it in {(call.placed_at - call.sent_at).total_seconds():.1f} s"
    return words


def _talk(
    call: Call, receipts: list[Receipt], messages: list[dict], me: User | None, zone: ZoneInfo, words: bool
) -> list[Entry]:
    commands = [
        (_place(receipt, messages), command_entry(call, receipt, me=me, zone=zone, words=words)) for receipt in receipts
    ]
    entries: list[Entry] = []
    for at, message in enumerate(messages):
        while any(place is not None and place <= at for place, _ in commands):
            entries.append(commands.pop(0)[1])
        if entry := _message_entry(message):
            entries.append(entry)
    return entries + [entry for _, entry in commands]


def _place(receipt: Receipt, messages: list[dict]) -> int | None:
    """The index of the message before which the command is shown; None when it is unknown."""
    words = _plain(receipt.payload.get("message") or receipt.payload.get("content") or "")
    if receipt.command != CommandType.INJECT_CONTEXT and words:
        for at, message in enumerate(messages[receipt.messages_before or 0 :], receipt.messages_before or 0):
            if message.get("role") == "assistant" and words in _plain(message.get("content")):
                return at
    return receipt.messages_before


def _plain(text: object) -> str:
    return " ".join(str(text or "").split()).casefold()


def _message_entry(message: dict) -> Entry | None:
    words = str(message.get("content") or "").strip()
    if not words or message.get("role") not in ("assistant", "user"):
        return None
    return Entry("message", words=words, person=message["role"] == "user")


def command_entry(call: Call, receipt: Receipt, *, me: User | None, zone: ZoneInfo, words: bool = True) -> Entry:
    """The entry of a command: its content, who sent it, and every stage it has reached."""
    payload = receipt.payload
    return Entry(
        "command",
        clock=_talking(call, receipt.asked_at, zone),
        title=command_label(receipt.command),
        by="you" if me and receipt.asked_by_id == me.pk else str(receipt.asked_by or "Patchbay"),
        to=str(payload.get("destination") or ""),
        words=str(payload.get("message") or payload.get("content") or "") if words else "",
        tone=_tone(receipt),
        marks=list(_marks(call, receipt, zone)),
        why=_why(receipt),
    )


def _talking(call: Call, moment: datetime, zone: ZoneInfo) -> str:
    """How far into the conversation, else the local clock."""
    if call.started_at and moment >= call.started_at:
        return times.talked((moment - call.started_at).total_seconds())
    return f"{moment.astimezone(zone):%H:%M:%S}"


def _tone(receipt: Receipt) -> str:
    if receipt.outcome in (Receipt.Outcome.REFUSED, Receipt.Outcome.UNKNOWN) and not receipt.effect:
        return "wrong"
    return {Receipt.Effect.CONFIRMED: "live", Receipt.Effect.NOT_CONFIRMED: "waiting"}.get(receipt.effect, "")  # type: ignore[call-overload]


def _marks(call: Call, receipt: Receipt, zone: ZoneInfo) -> Iterator[Mark]:
    outcome, clock = Receipt.Outcome, "%H:%M:%S"
    if receipt.sent_at:
        yield Mark("", f"Sent {receipt.sent_at.astimezone(zone):{clock}}", "send")
    if receipt.outcome == outcome.WAITING:
        yield Mark("next", "waiting for VoiceDock’s answer" if receipt.sent_at else "on its way")
    elif receipt.outcome == outcome.ACCEPTED:
        yield Mark("good", f"Accepted by VoiceDock{_answered(receipt, zone)}", "check")
    elif receipt.outcome == outcome.REFUSED:
        yield Mark("bad", "Refused" + ("" if receipt.sent_at else ", not sent"), "alert")
    else:
        yield Mark("bad", f"No answer from VoiceDock{_waited(receipt)}", "alert")
    if receipt.effect == Receipt.Effect.CONFIRMED:
        at = f" at {_talking(call, receipt.effect_at, zone)}" if receipt.effect_at else ""
        yield Mark("good", f"Confirmed{at}", "check")
    elif receipt.effect == Receipt.Effect.NOT_CONFIRMED:
        yield Mark("open", "Not confirmed", "clock")
    elif receipt.outcome == outcome.ACCEPTED:
        yield Mark("next", SHOWS.get(receipt.command, ""))


def _answered(receipt: Receipt, zone: ZoneInfo) -> str:
    if not receipt.answered_at:
        return ""
    took = f", {(receipt.answered_at - receipt.sent_at).total_seconds():.1f} s" if receipt.sent_at else ""
    return f" {receipt.answered_at.astimezone(zone):%H:%M:%S}{took}"


def _waited(receipt: Receipt) -> str:
    if not (receipt.sent_at and receipt.answered_at):
        return ""
    return f" in {(receipt.answered_at - receipt.sent_at).total_seconds():.0f} s"


def _why(receipt: Receipt) -> str:
    if receipt.note:
        return receipt.note
    if receipt.outcome == Receipt.Outcome.UNKNOWN and not receipt.effect:
        return "It may have arrived. We will not send it again by ourselves."
    return ""


def short(receipt: Receipt, *, words: bool = True) -> tuple[str, str]:
    """The last command on a card of the board: what, and what became of it."""
    to = phone_numbers.grouped(str(receipt.payload.get("destination") or ""))
    content = str(receipt.payload.get("content") or receipt.payload.get("message") or "") if words else ""
    title = command_label(receipt.command)
    what = f"{title} to {to}" if to else (f"{title}: “{content}”" if content else title)
    became = {"confirmed": "confirmed", "not-confirmed": "not confirmed"}.get(receipt.effect) or {
        "accepted": "accepted",
        "refused": "refused",
        "unknown": "no answer",
    }.get(receipt.outcome, "on its way")
    return what, became
