"""Whoever asked in a call not to be called is put on the client's do-not-call list by itself."""

from __future__ import annotations

from dashboard.calls import outcomes
from dashboard.calls.models import Call
from dashboard.contact_rules import entries
from tenants.isolation import scope


def is_asked(analysis_outcome: str) -> bool:
    return analysis_outcome == outcomes.DO_NOT_CALL


@scope.requires_scope
def record(call: Call) -> None:
    """Last in its transaction. Nothing for a call out of the web, or from a hidden number."""
    if call.tenant is not None and entries.is_number(call.counterpart):
        entries.add(call.tenant, [call.counterpart], source=entries.Source.HEARD, by=None, call_id=call.pk)
