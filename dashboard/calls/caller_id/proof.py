"""Proof of caller ID: which number was meant, which VoiceDock was asked for, which it reported; each known or not.

Whatever is written about the caller ID of a call (its page, the report, mails, the client's page) is made from these
three stored facts by this module, so that no two places disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dashboard.calls import labels, leads, queries
from dashboard.calls.models import UNCERTAIN, UNSENT, AlarmClearing, Call, State
from dashboard.ui import phone_numbers
from tenants import names
from tenants.isolation import scope
from tenants.models import AuditEntry

NOT_HERE = "It was not placed here"
AGREES, DIFFERS, NOT_REPORTED, NOT_DIALED = "agrees", "differs", "not-reported", "not-dialed"


@dataclass(frozen=True)
class CallerId:
    """The three facts of one call. `expected` is the number by which the reports are judged: the one that was meant,
    or, of a call that was not placed here, the client's line that carried it; "" when no line of the client did.

    `sent` tells whether the request left, as far as is known; `refused` whether VoiceDock itself refused; `campaign` is
    the name of the campaign at VoiceDock that made the call, "" for every other.
    """

    meant: str
    asked: str
    reported: tuple[str, ...]
    expected: str
    placed_here: bool
    outbound: bool
    state: str
    has_id: bool
    sent: bool
    refused: bool
    campaign: str = ""

    @classmethod
    def of(cls, call: Call, later: Iterable[str] = ()) -> CallerId:
        """`later`: the numbers of its corrections, the oldest first. The call has its `lead` (`queries`), if any."""
        placed = call.origin == Call.Origin.PLACED
        return cls(
            meant=call.meant_line,
            asked=call.asked_line,
            reported=tuple(number for number in (call.reported_line, *later) if number),
            expected=call.line if placed or call.number_dedication_id else "",
            placed_here=placed,
            outbound=call.direction == "outbound",
            state=call.state,
            has_id=bool(call.remote_id or call.webhook_call_id),
            sent=call.sent_at is not None or call.claimed_at is not None,  # one that waits again was tried before
            refused=call.answered_status == State.REFUSED,
            campaign="" if placed else str(labels.lead(call).get("campaign") or ""),
        )

    @property
    def is_dialed(self) -> bool:
        """As far as VoiceDock has told; it may be dialed without our knowing while the call is not certain."""
        return bool(self.has_id or self.reported) or self.state not in (*UNSENT, State.REFUSED)

    @property
    def verdict(self) -> str:
        """The same as `report.VERDICT` computes in the database."""
        if not self.is_dialed:
            return NOT_DIALED
        if self.placed_here and self.asked and self.asked != self.meant:
            return DIFFERS
        if not self.reported:
            return NOT_REPORTED
        return AGREES if set(self.reported) == {self.expected} else DIFFERS

    @property
    def meant_words(self) -> str:
        """The number that the call was to leave from, where it was placed here."""
        return phone_numbers.grouped(self.meant) if self.meant else "Not known"

    @property
    def meant_unknown(self) -> str:
        """Why it is not known which number was meant."""
        return (
            f"not known, {'a campaign at VoiceDock made the call' if self.campaign else 'the call was not placed here'}"
        )

    @property
    def asked_words(self) -> str:
        """The number that VoiceDock was asked for, or why there is none."""
        if self.asked:
            return phone_numbers.grouped(self.asked)
        if not self.placed_here:
            return "Not asked from here"
        return "Not recorded" if self.sent or self.is_dialed else "Not asked"

    @property
    def reported_words(self) -> str:
        return ", later ".join(phone_numbers.grouped(number) for number in self.reported)

    def sentence(self, client: str) -> str:
        """What is known, in a sentence or two for people of the client and for staff."""
        if not self.outbound:
            return self._inbound()
        if not self.placed_here:
            return self._found(names.isolate(client))
        if not self.is_dialed:
            return self._not_dialed()
        if self.state in UNCERTAIN and not self.reported and not self.has_id:
            return f"{self._wish()} Whether it was dialed is not known."
        match self.verdict:
            case "agrees":
                asked = " as it was asked for" if self.asked else " as was meant"
                return f"The person saw {phone_numbers.grouped(self.meant)}. VoiceDock reported the same number{asked}."
            case "not-reported":
                return f"{self._wish()} VoiceDock has not reported a number for it."
        if not self.reported:
            return f"{self._wish()} VoiceDock has not reported a number for it."
        return f"{self._wish()[:-1]}, but VoiceDock reported {self._reports()}."

    def _inbound(self) -> str:
        if not self.reported:
            return "VoiceDock has not reported which number was called."
        return f"VoiceDock reported that the person called {self._reports()}."

    def _found(self, client: str) -> str:
        made = f"It was made by the campaign {names.isolate(self.campaign)} at VoiceDock" if self.campaign else NOT_HERE
        unknown = f"{made}, so which number was meant is not known."
        if not self.reported:
            return f"{unknown} VoiceDock has not reported a number for it."
        if not self.expected:
            return f"{unknown} VoiceDock reported {self._reports()}, which was not assigned to {client} then."
        if self.verdict == AGREES:
            return f"{made}. VoiceDock reported {self._reports()}, assigned to {client} then."
        line = phone_numbers.grouped(self.expected)
        return f"{made}. Of {client}’s line {line} VoiceDock reported {self._reports()}."

    def _not_dialed(self) -> str:
        if self.state == State.QUEUED and self.sent:
            return f"It is to be placed from {phone_numbers.grouped(self.meant)}, and waits to be tried again."
        if self.state == State.QUEUED:
            return f"It is to be placed from {phone_numbers.grouped(self.meant)}. VoiceDock has not been asked yet."
        if self.state == State.SENDING:
            return f"VoiceDock is being asked to place it from {phone_numbers.grouped(self.asked or self.meant)}."
        if self.refused:
            return f"{self._wish()} VoiceDock refused, so nothing was dialed."
        if self.sent:
            return f"{self._wish()} VoiceDock has reported no call."
        return f"{self._wish()} Nothing was dialed."

    def _wish(self) -> str:
        """What was meant, and what VoiceDock was asked for."""
        meant = f"It was meant to be placed from {phone_numbers.grouped(self.meant)}"
        if not self.asked:
            asked = "what VoiceDock was asked for is not recorded"
            return f"{meant}; {asked if self.sent or self.is_dialed else 'VoiceDock was not asked'}."
        if self.asked == self.meant:
            return f"{meant}, and VoiceDock was asked for that number."
        return f"{meant}, and VoiceDock was asked for {phone_numbers.grouped(self.asked)}."

    def _reports(self) -> str:
        return " and later ".join(phone_numbers.grouped(number) for number in self.reported)


@dataclass(frozen=True)
class Proof:
    """The facts of a call with the right that allowed it, and what staff decided about a number that differed."""

    caller_id: CallerId
    words: str
    name: str
    begins: datetime | None
    ends: datetime | None
    by: str
    entry: AuditEntry | None
    clearings: list[AlarmClearing]

    @property
    def verdict(self) -> str:
        return self.caller_id.verdict


@scope.requires_scope
def caller_id_of(call: Call) -> CallerId:
    """Reads the `lead` of a call that was read without it."""
    if call.origin != Call.Origin.PLACED and not hasattr(call, "lead"):
        found = Call.objects.filter(pk=call.pk).annotate(lead=leads.facts()).values_list("lead", flat=True)
        call.lead = found.first()  # type: ignore[attr-defined]
    return CallerId.of(call, call.caller_id_corrections.values_list("reported_line", flat=True))


def proof_of(call: Call) -> Proof | None:
    """Inside the scope of the call's tenant; None for calls that no line of ours carried."""
    if not call.line and not call.reported_line:
        return None
    dedication = call.number_dedication if call.number_dedication_id else None
    caller_id = caller_id_of(call)
    return Proof(
        caller_id=caller_id,
        words=caller_id.sentence(call.tenant.name if call.tenant else "a client"),
        name=labels.line(call),
        begins=dedication.period.lower if dedication else None,
        ends=dedication.period.upper if dedication else None,
        by=str(dedication.made_by) if dedication and dedication.made_by else "",
        entry=queries.dedicated_entry(dedication) if dedication else None,
        clearings=list(call.alarm_clearings.select_related("cleared_by")),
    )
