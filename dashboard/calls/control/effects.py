"""Confirm commands by later updates of their call: by its state or its transcript (`voicedock-api.md §4.1`)."""

from __future__ import annotations

from django.utils import timezone

from dashboard.calls.models import Call, CallReport, Receipt, State
from dashboard.voicedock import CommandType
from tenants.isolation import scope

Effect, Outcome = Receipt.Effect, Receipt.Outcome
MAY_HAVE_ARRIVED = [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.WAITING]
NOT_TRANSFERRED = "The call ended without having been transferred."
NOT_SPOKEN = "These words are not in the transcript of the call."


@scope.requires_scope
def confirm(call: Call, report: CallReport | None) -> bool:
    """Set the effect of each command from the call's state and transcript. Returns whether any receipt changed.

    A command that was not confirmed in time can still be confirmed. Context stays open: its use is never reported.
    """
    open_ones = Receipt.objects.filter(call_id=call.pk, outcome__in=MAY_HAVE_ARRIVED).exclude(effect=Effect.CONFIRMED)
    changed = False
    for receipt in list(open_ones):
        effect, note = _effect(receipt, call, report)
        if effect and effect != receipt.effect:
            moment = call.ended_at or timezone.now()
            Receipt.objects.filter(pk=receipt.pk).update(effect=effect, effect_at=moment, note=note)
            changed = True
    return changed


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
