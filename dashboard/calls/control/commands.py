"""Steer a live call: the receipt is committed before the command leaves, and tells the truth about it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Func, IntegerField, Value
from django.db.models.functions import Coalesce, Now, NullIf

from dashboard import voicedock
from dashboard.calls.control import transfer_targets
from dashboard.calls.models import OVER, Call, Receipt, State
from dashboard.calls.placing import destinations
from dashboard.calls.transitions import READ_ANEW, owner, tell
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants.isolation import scope
from tenants.models import User

LONGEST = 1000  # characters; ours, VoiceDock states no limit (`voicedock-api.md §4.1`)
NAMES = {"inject-context": "Context", "say": "Say", "transfer": "Transfer", "end-call": "End call"}
SAID = NullIf(Func("report__messages", function="jsonb_array_length", output_field=IntegerField()), Value(0))
Outcome = Receipt.Outcome


class _NotSendable(ValueError):
    """Why this command is not sent, in words."""


def send(call: Call, command: Mapping[str, Any], *, by: User | None, token: UUID) -> Receipt:
    """Send one command, once. `command` is what VoiceDock takes (`§4.1`), with its `type`.

    Returns the receipt, whatever became of it; the same token gives the same receipt and sends nothing. Opens scopes
    of its own, with nothing open while VoiceDock is asked.
    """
    receipt, wanted, new = _ask(call, command, by, token)
    if not new or wanted is None:
        return receipt
    sent_at = limiter.clock()
    try:
        priority = Priority.END if receipt.command == "end-call" else Priority.CONTROL
        with limiter.client_for(receipt.call.connection, priority, tenant=receipt.tenant_id, call_id=call.pk) as vendor:
            sent_at = limiter.clock()
            vendor.control_call(receipt.call.remote_id, wanted)
            _settle(receipt, Outcome.ACCEPTED, sent_at=sent_at)
    except limiter.RateLimitExceeded as no:
        _settle(receipt, Outcome.REFUSED, f"{no.words} Not sent; try again in {no.retry_after:.0f} seconds.")
    except voicedock.NotSent as no:
        _settle(receipt, Outcome.REFUSED, no.words)
    except voicedock.NotActive:
        _settle(receipt, Outcome.REFUSED, "VoiceDock says that this call is no longer in progress.", sent_at)
    except voicedock.NotFound:
        _settle(receipt, Outcome.REFUSED, "VoiceDock does not know this call any more.", sent_at)
    except (voicedock.Refused, voicedock.Invalid) as no:
        _settle(receipt, Outcome.REFUSED, no.words, sent_at if no.sent else None)
    except voicedock.VoiceDockError as silence:
        _settle(receipt, Outcome.UNKNOWN, f"{silence.words} {_advice(receipt)}", sent_at)
    return record(receipt)


def _ask(
    call: Call, command: Mapping[str, Any], by: User | None, token: UUID
) -> tuple[Receipt, voicedock.Command | None, bool]:
    """Write the receipt; what there is to send, and whether this is what made it."""
    name, payload = str(command.get("type", "")), {key: value for key, value in command.items() if value != ""}
    wanted, no = None, ""
    with scope.for_tenant(owner(call)):
        found = Call.objects.select_related("connection", "tenant").annotate(said=SAID)
        now = found.get(pk=call.pk)
        try:
            wanted = _read(command, now)
        except _NotSendable as error:
            no = str(error)
        no = no or hindrance(now)
        at = limiter.clock()
        meant = Receipt(
            tenant_id=owner(now),
            asked_at=at,
            call=now,
            token=token,
            command=name[:20],
            payload=payload,
            asked_by=by,
            said_before=now.said,
            outcome=Outcome.REFUSED if no else Outcome.WAITING,
            answered_at=at if no else None,
            recorded_at=at if no else None,
            note=no[:400],
        )
        Receipt.objects.bulk_create([meant], ignore_conflicts=True)
        receipt = Receipt.objects.get(call=now, token=token)
        new = receipt.asked_at == meant.asked_at and _made_here(receipt, meant)
        if new:
            _mark(now, ending=name == "end-call" and not no)
            if no:
                tell(now, "call.command-not-sent", by=by, command=NAMES.get(name, name), why=no)
            else:
                tell(now, "call.command-asked", by=by, command=NAMES.get(name, name))
        receipt.call = now
    return receipt, None if no else wanted, new


def _made_here(receipt: Receipt, meant: Receipt) -> bool:
    """Whether the row is the one just inserted: two at the same microsecond differ by who and what."""
    return (receipt.command, receipt.payload, receipt.asked_by_id) == (meant.command, meant.payload, meant.asked_by_id)


def _mark(call: Call, *, ending: bool = False) -> None:
    asked = {"end_asked_at": Coalesce(F("end_asked_at"), Now())} if ending else {}
    Call.objects.filter(pk=call.pk, tenant_id=owner(call)).update(version=F("version") + 1, **asked)
    call.refresh_from_db(fields=READ_ANEW)


def _settle(receipt: Receipt, outcome: Outcome, note: str = "", sent_at: datetime | None = None) -> None:
    """The first thing that is done with an answer, committed alone: whatever fails afterwards, it is known.

    A receipt that was given up meanwhile still learns the truth.
    """
    with scope.for_tenant(receipt.tenant_id):
        open_ones = Receipt.objects.filter(pk=receipt.pk, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN])
        open_ones.settle(outcome, note, sent_at=sent_at, answered_at=Now(), recorded_at=None)


def record(receipt: Receipt) -> Receipt:
    """Tell the screens and the audit trail how a command came out, once; the sweep does it where a crash left it.

    Opens the scope of its tenant.
    """
    call = receipt.call
    with scope.for_tenant(receipt.tenant_id):
        mine = Receipt.objects.filter(pk=receipt.pk, recorded_at=None).exclude(outcome=Outcome.WAITING)
        recorded = mine.update(recorded_at=Now())
        receipt.refresh_from_db(
            fields=["outcome", "note", "sent_at", "answered_at", "recorded_at", "effect", "effect_at"]
        )
        if recorded:
            _mark(call)
            name = NAMES.get(receipt.command, receipt.command)
            tell(call, f"call.command-{receipt.outcome}", by=receipt.asked_by, command=name, why=receipt.note)
    if receipt.command in ("end-call", "transfer") or receipt.outcome != Outcome.ACCEPTED:
        runs.mark_due(call.connection_id, Kind.LIVE_CALLS)
    return receipt


def _advice(receipt: Receipt) -> str:
    if receipt.command == "end-call":
        return "If the call goes on, end it again: that does no harm."
    return "We will not send it again by ourselves."


def hindrance(call: Call) -> str:
    """Why no command is sent to this call now; empty where one is. A page asks it before it offers any."""
    if call.can_be_controlled:
        return ""
    if call.finished or call.state in OVER:
        return "This call is over, so the command was not sent."
    if call.state == State.LOST:
        return "VoiceDock does not know this call any more, so the command was not sent. Say what became of it."
    if call.state != State.IN_PROGRESS:
        return "This works once the call has been answered. The command was not sent."
    if not call.remote_id:
        return "VoiceDock has not told us its id of this call yet. Try again in a few seconds; nothing was sent."
    return "VoiceDock’s id of this call is too long for Patchbay, so no command can be sent to it."


def _read(command: Mapping[str, Any], call: Call) -> voicedock.Command:
    """The command, checked. Raises `_NotSendable`."""
    match command.get("type"):
        case "inject-context":
            content = _text(command.get("content"), "Write what the assistant should know.")
            return voicedock.InjectContext(content, bool(command.get("trigger_response")))
        case "say":
            content = _text(command.get("content"), "Write what the assistant should say.")
            return voicedock.Say(content, bool(command.get("end_after")))
        case "end-call":
            return voicedock.EndCall(_text(command.get("message")) or None)
        case "transfer":
            return voicedock.Transfer(_target(call, command.get("destination")), _text(command.get("message")) or None)
    raise _NotSendable("There is no such command.")


def _text(value: Any, needed: str = "") -> str:
    text = value.strip() if isinstance(value, str) else ""
    if needed and not text:
        raise _NotSendable(needed)
    if len(text) > LONGEST:
        raise _NotSendable(f"Keep it below {LONGEST} characters: these are {len(text)}.")
    return text


def _target(call: Call, value: Any) -> str:
    if call.tenant is None:
        raise _NotSendable("This call belongs to no client, so it cannot be transferred.")
    try:
        return transfer_targets.read(call.tenant, value if isinstance(value, str) else "")
    except destinations.NotCallable as error:
        raise _NotSendable(str(error)) from None
