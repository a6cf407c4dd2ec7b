"""Removal of the data of old calls, by the periods of each organization (voicedock-api.md §13).

After the content period transcript, summary, analysis and recording are gone, after the metadata period the person's
number and the link to the campaign. The sandbox's own choice: the periods count from the end of a call, and what is due
is removed once an hour of its clock, and when the periods are changed.
"""

from .records import Call, Lead
from .state import State

DAY, HOUR = 86_400.0, 3_600.0


def run(state: State, now: float) -> None:
    """At most once an hour."""
    if now >= state.next_retention_at:
        state.next_retention_at = now + HOUR
        remove(state, now)


def remove(state: State, now: float) -> None:
    leads = {lead.call_id: lead for group in state.leads.values() for lead in group if lead.call_id}
    for call in state.calls.values():
        org = state.organizations[call.org_id]
        if call.live or not call.ended_at:
            continue
        if now >= call.ended_at + org.content_retention_days * DAY:
            _remove_content(call)
        if now >= call.ended_at + org.metadata_retention_days * DAY:
            _remove_metadata(call, leads.get(call.id))


def _remove_content(call: Call) -> None:
    call.messages, call.summary, call.analysis, call.content_removed = [], None, None, True


def _remove_metadata(call: Call, lead: Lead | None) -> None:
    call.counterpart_number, call.campaign_id, call.lead_id = "", None, None
    if lead:
        lead.call_id = None
