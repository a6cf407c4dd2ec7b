"""What later news shows of our commands: that they worked, or that they did not (`voicedock-api.md §4.1`)."""

from __future__ import annotations

from django.utils import timezone

from dashboard.calls.models import Call, CallReport, Receipt, State
from dashboard.voicedock import CommandType

Effect, Outcome = Receipt.Effect, Receipt.Outcome
MAY_HAVE_ARRIVED = [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.WAITING]
NOT_TRANSFERRED = "The call ended without having been transferred."
NOT_SPOKEN = "These words are not in the transcript of the call."


def settle(call: Call, report: CallReport | None) -> bool:
    """Tell of each command what the call's state or transcript decides; whether that changed any receipt.

    What was not confirmed in time may be after all. Context stays open: VoiceDock never tells whether it was used.
    """
    open_ones = Receipt.objects.filter(call_id=call.pk, outcome__in=MAY_HAVE_ARRIVED).exclude(effect=Effect.CONFIRMED)
    settled = False
    for receipt in list(open_ones):
        effect, note = _effect(receipt, call, report)
        if effect and effect != receipt.effect:
            moment = call.ended_at or timezone.now()
            Receipt.objects.filter(pk=receipt.pk).update(effect=effect, effect_at=moment, note=note)
            settled = True
    return settled


def _effect(receipt: Receipt, call: Call, report: CallReport | None) -> tuple[str, str]:
    match receipt.command:
        case CommandType.END_CALL:
            return (Effect.CONFIRMED, "") if call.finished else (Effect.OPEN, "")
        case CommandType.TRANSFER:
            if call.state == State.TRANSFERRED:
                return Effect.CONFIRMED, ""
            return (Effect.NOT_CONFIRMED, NOT_TRANSFERRED) if call.finished else (Effect.OPEN, "")
        case CommandType.SAY:
            messages = report.messages if report else []
            if _spoken(str(receipt.payload.get("content") or ""), messages):
                return Effect.CONFIRMED, ""
            return (Effect.NOT_CONFIRMED, NOT_SPOKEN) if messages and call.finished else (Effect.OPEN, "")
    return Effect.OPEN, ""


def _spoken(words: str, messages: list[dict[str, str]]) -> bool:
    wanted = _plain(words)
    return bool(wanted) and any(
        message.get("role") == "assistant" and wanted in _plain(message.get("content")) for message in messages
    )


def _plain(text: object) -> str:
    """As speech compares it: without case, punctuation at the edges and double spaces."""
    return " ".join("".join(char if char.isalnum() else " " for char in str(text or "").casefold()).split())
