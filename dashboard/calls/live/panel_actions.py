"""The actions of a client in the live panel: what each sends in this call, and what its model does with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS

from dashboard.calls.control import action_book, action_text, composer
from dashboard.calls.control.action_command import SentAction, field_name, not_for
from dashboard.calls.control.action_text import Piece
from dashboard.calls.control.measured import Figures
from dashboard.calls.control.transfer_book import Choice
from dashboard.calls.models import Action, Call, Receipt
from dashboard.voicedock import CommandType
from tenants.models import Tenant

KEYS = frozenset(map(str, action_book.KEYS))
ICONS = {
    CommandType.INJECT_CONTEXT: "context",
    CommandType.SAY: "say",
    CommandType.TRANSFER: "transfer",
    CommandType.END_CALL: "hang",
}
ANSWERS = {True: "The assistant answers right away", False: "Silently, without an answer"}


@dataclass(frozen=True)
class Input:
    """One field to fill in; `field` is its name in the form, `slot` the name in the text."""

    id: str
    field: str
    slot: str
    label: str
    value: str
    required: bool
    errors: Sequence[str] = ()


@dataclass(frozen=True)
class PanelAction:
    """One action. `blocked` says why it is not offered in this call; `errors` are those of the form as a whole."""

    action: Action
    tab: composer.Tab
    icon: str
    blocked: str
    pieces: list[tuple[Piece, str]]
    inputs: list[Input]
    note: str
    made_from: str
    token: uuid.UUID
    is_sent: bool = False
    errors: Sequence[str] = ()
    target_errors: Sequence[str] = ()
    target: str = ""
    closed: Choice | None = None

    @property
    def key(self) -> int:
        return self.action.key

    @property
    def choice(self) -> str:
        """Its name among the tabs of the composer."""
        return f"action-{self.key}"

    @property
    def has_errors(self) -> bool:
        return bool(self.errors or self.target_errors or any(one.errors for one in self.inputs))

    @property
    def ends_call(self) -> bool:
        return self.action.command == CommandType.END_CALL

    @property
    def transfers(self) -> bool:
        return self.action.command == CommandType.TRANSFER

    @property
    def needs_care(self) -> bool:
        """Whether the model of this call may not carry it out."""
        return bool(self.tab.tone)


def of_call(
    tenant: Tenant,
    call: Call,
    measured: Mapping[str, Figures],
    sent: SentAction | None = None,
    receipt: Receipt | None = None,
) -> list[PanelAction]:
    """All of the client, with what was typed into the one that was sent, unless that has left us.

    `measured` are the figures of the call's family, by command.
    """
    values = action_text.values_of(call, tenant.name)
    kept = sent is not None and (receipt is None or receipt.outcome == Receipt.Outcome.REFUSED)
    return [
        _panel_action(
            action,
            composer.tab(call.family, action.command, measured),
            not_for(action, call.family),
            values,
            sent if sent and sent.key == action.key else None,
            kept=kept,
        )
        for action in action_book.named(tenant)
    ]


def _panel_action(
    action: Action,
    tab: composer.Tab,
    blocked: str,
    values: Mapping[str, str],
    sent: SentAction | None,
    *,
    kept: bool,
) -> PanelAction:
    data = sent.data if sent and kept else {}
    asked = action_text.asked(action.text, action_text.fields(action.fields), values)
    inputs = [
        Input(
            id=f"action-{action.key}-{(name := field_name(slot))}",
            field=name,
            slot=slot,
            label=f"{slot[:1].upper()}{slot[1:]}",
            value=data.get(name, "") if data else values.get(slot, ""),
            required=required,
            errors=_errors(sent, name),
        )
        for slot, required in asked.items()
    ]
    typed = {one.slot: one.value for one in inputs}
    return PanelAction(
        action=action,
        tab=tab,
        icon=ICONS[CommandType(action.command)],
        blocked=blocked,
        pieces=[(piece, (dict(values) | typed).get(piece.slot, "")) for piece in action_text.pieces(action.text)],
        inputs=inputs,
        note=_note(action),
        made_from=action_book.fingerprint([action]),
        token=uuid.uuid4(),
        is_sent=sent is not None,
        errors=_errors(sent, NON_FIELD_ERRORS),
        target_errors=[*_errors(sent, "target"), *_errors(sent, "destination")],
        target=data.get("target", "") if data else "",
        closed=sent.closed if sent else None,
    )


def _errors(sent: SentAction | None, name: str) -> list[str]:
    return [str(error) for error in sent.errors.get(name, [])] if sent else []


def _note(action: Action) -> str:
    """What else happens when it is sent."""
    if action.command == CommandType.INJECT_CONTEXT:
        return ANSWERS[action.trigger_response]
    return "The call ends afterwards" if action.command == CommandType.SAY and action.end_after else ""
