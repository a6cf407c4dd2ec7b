"""Steer a live call: the receipt is committed before the command leaves, and tells the truth about it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Func, IntegerField, Value
from django.db.models.functions import Coalesce, Now, NullIf

from dashboard import voicedock
from dashboard.calls.control import effects, handover, steering, transfer_targets
from dashboard.calls.models import OVER, Call, Receipt, State
from dashboard.calls.placing import destinations
from dashboard.calls.transitions import REFRESH_FIELDS, record_transition, tenant_id_of
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from dashboard.voicedock import CommandType, EndCall, InjectContext, Say, Transfer
from dashboard.voicedock.capabilities import Family
from dashboard.voicedock.commands import label
from tenants.isolation import scope
from tenants.models import User

NOTHING_DONE = "Nothing was done."
LONGEST = 1000  # characters; ours, VoiceDock states no limit (`voicedock-api.md §4.1`)
KNOWN_MESSAGES = NullIf(Func("report__messages", function="jsonb_array_length", output_field=IntegerField()), Value(0))
ANSWER = ("outcome", "note", "sent_at", "answered_at", "recorded_at", "effect", "effect_at")
Outcome = Receipt.Outcome
Command = voicedock.Command | Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """What a command was made with: the name of an action, what the person confirmed, the digest of the session."""

    action: str = ""
    remark: str = ""
    session: str = ""
    is_repeated: bool = False  # whether whoever sends it sends it again where nothing was done


class _NotSendable(ValueError):
    """Why this command is not sent, in words."""


@dataclass(frozen=True)
class _Ask:
    """What was asked: its receipt, and what is to be sent now, if anything."""

    receipt: Receipt
    to_send: voicedock.Command | None = None


def send(call: Call, command: Command, *, by: User | None, token: UUID, origin: Origin = Origin()) -> Receipt:
    """Send one command, once. It is one that was checked, or what VoiceDock takes (`§4.1`) with its `type`.

    Of `call` only its id and its tenant count: it is
    read where the receipt is written. Returns the receipt, whatever became of it; the same token gives the same
    receipt and sends nothing. Raises `Call.DoesNotExist` where the tenant has no such call. Opens scopes of its own,
    with nothing open while VoiceDock is asked.
    """
    with scope.for_tenant(tenant_id_of(call)):
        ask = _ask(tenant_id_of(call), call.pk, command, by, token, origin)
    if ask.to_send is None:
        return ask.receipt
    receipt = ask.receipt
    sent_at = limiter.clock()
    try:
        priority = Priority.END if receipt.command == CommandType.END_CALL else Priority.CONTROL
        with limiter.client_for(receipt.call.connection, priority, tenant=receipt.tenant_id, call_id=call.pk) as vendor:
            sent_at = limiter.clock()
            vendor.control_call(receipt.call.remote_id, ask.to_send)
            _settle(receipt, Outcome.ACCEPTED, sent_at=sent_at)
    except limiter.RateLimitExceeded as error:
        receipt.retry_after = error.retry_after
        again = NOTHING_DONE if origin.is_repeated else f"Not sent; try again in {error.retry_after:.0f} seconds."
        _settle(receipt, Outcome.REFUSED, f"{error.message} {again}")
    except voicedock.NotSent as error:
        _settle(receipt, Outcome.REFUSED, f"{error.cause} {NOTHING_DONE}" if origin.is_repeated else error.message)
    except voicedock.RateLimited as error:
        receipt.retry_after = error.retry_after or limiter.PAUSE_AFTER_429
        note = f"{error.cause} {NOTHING_DONE}" if origin.is_repeated else error.message
        _settle(receipt, Outcome.REFUSED, note, sent_at)
    except voicedock.NotActive:
        _settle(receipt, Outcome.REFUSED, "VoiceDock says that this call is no longer in progress.", sent_at)
    except voicedock.NotFound:
        _settle(receipt, Outcome.REFUSED, "VoiceDock does not know this call any more.", sent_at)
    except (voicedock.Refused, voicedock.Invalid) as error:
        _settle(receipt, Outcome.REFUSED, error.message, sent_at if error.sent else None)
    except voicedock.VoiceDockError as error:
        _settle(receipt, Outcome.UNKNOWN, f"{error.message} {_advice(receipt)}", sent_at)
    return record(receipt)


def _ask(tenant: int, call_id: UUID, command: Command, by: User | None, token: UUID, origin: Origin) -> _Ask:
    """Write the receipt. The call's row is locked, so that its version is known without reading it again."""
    found = Call.objects.select_related("connection", "tenant").annotate(known_messages=KNOWN_MESSAGES)
    call = found.select_for_update(of=("self",), no_key=True).get(pk=call_id, tenant_id=tenant)
    checked = _check(command, call)
    refusal = checked.refusal or blocking_reason(call)
    if not refusal and checked.name == CommandType.TRANSFER and handover.is_on_its_way(call):
        refusal = handover.ONE_AT_A_TIME
    if not refusal and checked.name != CommandType.END_CALL:
        refusal = steering.claim(call, by=by, session=origin.session)
    at = limiter.clock()
    meant = Receipt(
        tenant_id=tenant,
        asked_at=at,
        call=call,
        token=token,
        command=checked.name[:20],
        action=origin.action,
        remark=origin.remark,
        family=call.family or Family.UNKNOWN,
        payload=checked.payload,
        asked_by=by,
        messages_before=call.known_messages,
        outcome=Outcome.REFUSED if refusal else Outcome.WAITING,
        answered_at=at if refusal else None,
        recorded_at=at if refusal else None,
        note=refusal[:400],
    )
    Receipt.objects.bulk_create([meant], ignore_conflicts=True)
    receipt = Receipt.objects.get(call=call, token=token)
    receipt.call = call
    if receipt.asked_at != meant.asked_at or not _made_here(receipt, meant):
        return _Ask(receipt)
    _mark(call, ending=checked.name == CommandType.END_CALL and not refusal)
    call.version += 1
    if refusal:
        record_transition(call, "call.command-not-sent", by=by, command=_in_words(receipt), why=refusal)
        return _Ask(receipt)
    record_transition(call, "call.command-asked", by=by, command=_in_words(receipt))
    return _Ask(receipt, checked.command)


def _in_words(receipt: Receipt) -> str:
    """Which command, with which action, and what was confirmed: `Context (SMS code)`."""
    more = ", ".join(filter(None, [receipt.action, receipt.remark]))
    return f"{label(receipt.command)} ({more})" if more else label(receipt.command)


def _made_here(receipt: Receipt, meant: Receipt) -> bool:
    """Whether the row is the one just inserted: two at the same microsecond differ by who and what."""
    return (receipt.command, receipt.payload, receipt.asked_by_id) == (meant.command, meant.payload, meant.asked_by_id)


def _mark(call: Call, *, ending: bool = False) -> None:
    """A new version of the call; whoever shows it reads it again."""
    asked = {"end_asked_at": Coalesce(F("end_asked_at"), Now())} if ending else {}
    Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call)).update(version=F("version") + 1, **asked)


def _settle(receipt: Receipt, outcome: Outcome, note: str = "", sent_at: datetime | None = None) -> None:
    """The first thing that is done with an answer, committed alone: whatever fails afterwards, it is known.

    A receipt that was given up meanwhile still learns the truth.
    """
    with scope.for_tenant(receipt.tenant_id):
        open_ones = Receipt.objects.filter(pk=receipt.pk, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN])
        open_ones.settle(outcome, note, sent_at=sent_at, answered_at=Now(), recorded_at=None)


@scope.opens_scope
def record(receipt: Receipt) -> Receipt:
    """Tell the screens and the audit trail how a command came out, once; the sweep does it where a crash left it.

    Opens the scope of its tenant.
    """
    call = receipt.call
    with scope.for_tenant(receipt.tenant_id):
        unrecorded = Receipt.objects.filter(pk=receipt.pk, recorded_at=None).exclude(outcome=Outcome.WAITING)
        if unrecorded.update(recorded_at=Now()):
            _mark(call)
            _read_again(receipt, REFRESH_FIELDS)
            if call.finished and effects.confirm(call):
                _read_again(receipt)
            words = _in_words(receipt)
            record_transition(
                call, f"call.command-{receipt.outcome}", by=receipt.asked_by, command=words, why=receipt.note
            )
        else:
            _read_again(receipt)
    if receipt.command in (CommandType.END_CALL, CommandType.TRANSFER) or receipt.outcome != Outcome.ACCEPTED:
        runs.mark_due(call.connection_id, Kind.LIVE_CALLS)
    return receipt


def _read_again(receipt: Receipt, of_call: Sequence[str] = ()) -> None:
    """What has become of the receipt, and these fields of its call, in one query."""
    joined = Receipt.objects.select_related("call").only("call", *ANSWER, *(f"call__{name}" for name in of_call))
    rows = joined if of_call else Receipt.objects.only(*ANSWER)
    now = rows.get(pk=receipt.pk)
    for name in ANSWER:
        setattr(receipt, name, getattr(now, name))
    for name in of_call:
        setattr(receipt.call, name, getattr(now.call, name))


def _advice(receipt: Receipt) -> str:
    if receipt.command == CommandType.END_CALL:
        return "If the call goes on, end it again: that does no harm."
    return "We will not send it again by ourselves."


def blocking_reason(call: Call) -> str:
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


@dataclass(frozen=True)
class _Checked:
    """A command under the name and with the fields that its receipt keeps; `refusal` where it cannot be sent."""

    name: str
    payload: Mapping[str, Any]
    command: voicedock.Command | None = None
    refusal: str = ""


def _check(command: Command, call: Call) -> _Checked:
    """A form has checked the command that it made; whatever came without a form is checked here."""
    if not isinstance(command, Mapping):
        return _Checked(command.type, command.body(), command)
    name, payload = str(command.get("type", "")), {key: value for key, value in command.items() if value != ""}
    try:
        return _Checked(name, payload, _read(command, call))
    except (_NotSendable, destinations.NotCallable) as error:
        return _Checked(name, payload, refusal=str(error))
    except voicedock.Invalid as error:
        return _Checked(name, payload, refusal=error.message)


def _read(command: Mapping[str, Any], call: Call) -> voicedock.Command:
    """Raises `_NotSendable`, `NotCallable` and `Invalid`, each with words for people."""
    texts = {name: _text(command.get(name)) for name in ("content", "message", "destination")}
    message = texts["message"] or None
    match command.get("type"):
        case CommandType.INJECT_CONTEXT:
            made: voicedock.Command = InjectContext(texts["content"], bool(command.get("trigger_response")))
        case CommandType.SAY:
            made = Say(texts["content"], bool(command.get("end_after")))
        case CommandType.END_CALL:
            made = EndCall(message)
        case CommandType.TRANSFER:
            if call.tenant is None:
                raise _NotSendable("This call belongs to no client, so it cannot be transferred.")
            own = transfer_targets.own_lines(call.tenant)
            made = Transfer(transfer_targets.read(call.tenant, texts["destination"], own=own), message)
        case _:
            raise _NotSendable("There is no such command.")
    made.body()
    return made


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > LONGEST:
        raise _NotSendable(f"Keep it below {LONGEST} characters: these are {len(text)}.")
    return text
