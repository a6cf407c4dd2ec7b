"""Proof of caller ID: which line, by what right, and what VoiceDock reported afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.calls import queries, wording
from dashboard.calls.models import Call
from tenants.models import AuditEntry


@dataclass(frozen=True)
class Proof:
    """`same` is None until VoiceDock has reported a number."""

    line: str
    name: str
    reported: str
    same: bool | None
    begins: datetime | None
    ends: datetime | None
    by: str
    entry: AuditEntry | None


def proof_of(call: Call) -> Proof | None:
    """Inside the scope of the call's tenant; None for calls that no line of ours carried."""
    if not call.line and not call.reported_line:
        return None
    dedication = call.number_dedication if call.number_dedication_id else None
    return Proof(
        line=call.line,
        name=wording.line(call),
        reported=call.reported_line,
        same=(call.reported_line == call.line) if call.reported_line else None,
        begins=dedication.period.lower if dedication else None,
        ends=dedication.period.upper if dedication else None,
        by=str(dedication.made_by) if dedication and dedication.made_by else "",
        entry=queries.dedicated_entry(dedication) if dedication else None,
    )
