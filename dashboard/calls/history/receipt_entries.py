"""Commands in a timeline and on a card: who sent them, and every stage that their receipts have reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.calls.history.entry import Entry, Mark, clock
from dashboard.calls.models import END_IS_LATE, TRANSFER_IS_LATE, Call, Receipt
from dashboard.rate_limits import limiter
from dashboard.ui import phone_numbers
from dashboard.voicedock import capabilities
from dashboard.voicedock.commands import CommandType
from dashboard.voicedock.commands import label as command_label
from tenants.models import User

Outcome, Effect = Receipt.Outcome, Receipt.Effect
GIVEN_UP = timedelta(seconds=limiter.TIMEOUT)
# What will show that an accepted command worked; VoiceDock itself never tells (`voicedock-api.md §4.1`).
OPEN: dict[str, str] = {
    CommandType.INJECT_CONTEXT: "not told whether it was used",
    CommandType.SAY: "not in the transcript yet",
    CommandType.TRANSFER: "not seen yet",
    CommandType.END_CALL: "not ended yet",
}
NO_ANSWER = "It may have arrived. We will not send it again by ourselves."
BECAME: dict[str, str] = {
    Effect.CONFIRMED: "confirmed",
    Effect.NOT_CONFIRMED: "not confirmed",
    Effect.NOT_KNOWN: "not known whether it worked",
}
PROOF: dict[str, str] = {
    CommandType.SAY: "spoken",
    CommandType.TRANSFER: "transferred",
    CommandType.END_CALL: "call ended",
}


def command_entry(
    call: Call,
    receipt: Receipt,
    *,
    me: User | None,
    zone: ZoneInfo,
    words: bool = True,
    targets: Mapping[str, str] | None = None,
) -> Entry:
    """The entry of a command: its content, who sent it, and every stage it has reached."""
    payload, to = receipt.payload, str(receipt.payload.get("destination") or "")
    return Entry(
        "command",
        receipt.asked_at,
        clock(receipt.asked_at, zone),
        title=receipt.action or command_label(receipt.command),
        command=command_label(receipt.command) if receipt.action else "",
        by="you" if me and receipt.asked_by_id == me.pk else str(receipt.asked_by or "Patchbay"),
        to=to,
        to_name=(targets or {}).get(to, ""),
        words=str(payload.get("message") or payload.get("content") or "") if words else "",
        tone=_tone(receipt),
        marks=list(_marks(call, receipt, zone)),
        why=_why(call, receipt),
        is_unseen_transfer=receipt.command == CommandType.TRANSFER and receipt.effect == Effect.NOT_CONFIRMED,
    )


def short(receipt: Receipt, *, words: bool = True) -> tuple[str, str]:
    """The last command on a card of the board: what, and what became of it."""
    to = phone_numbers.grouped(str(receipt.payload.get("destination") or ""))
    content = str(receipt.payload.get("content") or receipt.payload.get("message") or "") if words else ""
    title = receipt.action or command_label(receipt.command)
    what = f"{title} to {to}" if to else (f"{title}: “{content}”" if content else title)
    became = BECAME.get(receipt.effect) or {
        "accepted": "accepted",
        "refused": "refused",
        "unknown": "no answer",
    }.get(receipt.outcome, "on its way")
    return what, became


def _tone(receipt: Receipt) -> str:
    if receipt.outcome in (Outcome.REFUSED, Outcome.UNKNOWN) and not receipt.effect:
        return "wrong"
    tones: dict[str, str] = {Effect.CONFIRMED: "live", Effect.NOT_CONFIRMED: "waiting", Effect.NOT_KNOWN: "waiting"}
    return tones.get(receipt.effect, "")


def _marks(call: Call, receipt: Receipt, zone: ZoneInfo) -> Iterator[Mark]:
    if receipt.sent_at:
        yield Mark("good", f"Sent {clock(receipt.sent_at, zone)}", "send")
    answered = clock(receipt.answered_at, zone)
    if receipt.outcome == Outcome.WAITING:
        yield Mark("next", "on its way; VoiceDock has to answer within", until=receipt.asked_at + GIVEN_UP)
    elif receipt.outcome == Outcome.ACCEPTED:
        yield Mark("good", f"Accepted {answered}".strip(), "check")
    elif receipt.outcome == Outcome.REFUSED:
        yield Mark("bad", f"Refused {answered}".strip() if receipt.sent_at else "Refused, not sent", "alert")
    else:
        is_known = bool(capabilities.known_limit(call.family, receipt.command))
        limit = ", a known limit" if is_known else ""
        yield Mark("bad", f"No answer{limit}: not known whether it arrived", "alert")
    if receipt.effect == Effect.CONFIRMED:
        words = f"Confirmed {clock(receipt.effect_at, zone)}".strip()
        yield Mark("good", ", ".join(filter(None, [words, PROOF.get(receipt.command, "")])), "check")
    elif receipt.effect == Effect.NOT_CONFIRMED:
        yield Mark("open", "Not confirmed", "clock")
    elif receipt.effect == Effect.NOT_KNOWN:
        yield Mark("open", "Not known whether it worked", "info")
    elif receipt.outcome == Outcome.ACCEPTED:
        yield _next(call, receipt)


def _next(call: Call, receipt: Receipt) -> Mark:
    """What an accepted command waits for, with the moment at which the screen says that it did not come."""
    until = _deadline(call, receipt)
    if until:
        return Mark("open", f"{OPEN[receipt.command]}, we warn in", "clock", until)
    if capabilities.known_limit(call.family, receipt.command):
        return Mark("open", "cannot be confirmed on this model", "clock")
    if call.finished and receipt.command == CommandType.SAY:
        return Mark("open", "not confirmed: no transcript came", "clock")
    words = OPEN.get(receipt.command, "")
    return Mark("next", words.removesuffix(" yet") if call.finished else words)


def _deadline(call: Call, receipt: Receipt) -> datetime | None:
    if call.finished:
        return None
    if receipt.command == CommandType.END_CALL and call.end_asked_at and not call.end_late_at and not call.end_is_late:
        return call.end_asked_at + END_IS_LATE
    if receipt.command == CommandType.TRANSFER and receipt.answered_at:
        return receipt.answered_at + TRANSFER_IS_LATE
    return None


def _why(call: Call, receipt: Receipt) -> str:
    remark = f"Sent {receipt.remark}." if receipt.remark else ""
    return " ".join(filter(None, [_what_to_make_of_it(call, receipt), remark]))


def _what_to_make_of_it(call: Call, receipt: Receipt) -> str:
    """What to make of it; where the model is known for it, its limit is named and not a fault of the moment."""
    if receipt.effect == Effect.NOT_KNOWN:
        return receipt.note
    limit = capabilities.known_limit(call.family, receipt.command)
    if receipt.outcome == Outcome.UNKNOWN and receipt.effect != Effect.CONFIRMED and limit:
        return f"{limit} {NO_ANSWER}"
    if receipt.outcome == Outcome.ACCEPTED and receipt.effect != Effect.CONFIRMED and limit:
        return limit
    if receipt.note:
        return receipt.note
    return NO_ANSWER if receipt.outcome == Outcome.UNKNOWN and not receipt.effect else ""
