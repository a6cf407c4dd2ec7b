"""The transfer of a call: on its way, or done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from dashboard.calls.models import TRANSFER_IS_LATE, Call, Receipt, State
from dashboard.ui import phone_numbers
from dashboard.voicedock import CommandType
from tenants.isolation import scope

ON_ITS_WAY = (Receipt.Outcome.WAITING, Receipt.Outcome.ACCEPTED)
ONE_AT_A_TIME = (
    "A transfer of this call is on its way already, so this one was not sent. Send it once the page says that the "
    "other one was not seen."
)


@dataclass(frozen=True)
class Handover:
    """To whom; `destination` is empty where no command is confirmed to have done it.

    `warns_at` is when the screen says that it was not seen; None until VoiceDock has accepted the command.
    """

    destination: str
    name: str
    is_done: bool
    warns_at: datetime | None = None

    @property
    def words(self) -> str:
        """`Transferring to Reception`, `Transferred to +31 20 555 0155`."""
        to = self.name or phone_numbers.grouped(self.destination)
        verb = "Transferred" if self.is_done else "Transferring"
        return f"{verb} to {to}" if to else verb


@scope.requires_scope
def is_on_its_way(call: Call) -> bool:
    """Whether a transfer was sent of which the end is open, and which is not late yet."""
    is_late = Q(outcome=Receipt.Outcome.ACCEPTED, answered_at__lte=Now() - TRANSFER_IS_LATE)
    sent = Receipt.objects.filter(call=call, command=CommandType.TRANSFER, outcome__in=ON_ITS_WAY)
    return sent.filter(effect=Receipt.Effect.OPEN).exclude(is_late).exists()


def current(call: Call, receipts: list[Receipt], names: Mapping[str, str]) -> Handover | None:
    """The newest transfer that was not refused, while it is on its way; the confirmed one, once the call has moved."""
    transfers = [one for one in receipts if one.command == CommandType.TRANSFER]
    sent = [one for one in transfers if one.outcome != Receipt.Outcome.REFUSED]
    newest = sent[-1] if sent else None
    is_done = call.state == State.TRANSFERRED
    waits = newest is not None and not newest.effect and newest.outcome in ON_ITS_WAY and call.is_live
    if not (is_done or waits):
        return None
    shown = next((one for one in sent if one.effect == Receipt.Effect.CONFIRMED), None) if is_done else newest
    destination = str(shown.payload.get("destination") or "") if shown else ""
    accepted_at = shown.answered_at if shown and not is_done and shown.outcome == Receipt.Outcome.ACCEPTED else None
    warns_at = accepted_at + TRANSFER_IS_LATE if accepted_at else None
    return Handover(destination, names.get(destination, ""), is_done, warns_at)
