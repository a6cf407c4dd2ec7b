"""Steps of a call that only the audit trail keeps: what was not known for a while, and who decided."""

from __future__ import annotations

import json

from dashboard.calls.models import Call, State
from tenants.isolation import scope
from tenants.models import AuditEntry, User

# action → the state whose mark it has ("" for none) and its words; {who} is the person, "You" for oneself, {before}
# who did the same before
STEPS: dict[str, tuple[str, str]] = {
    "call.requeued": ("", "VoiceDock could not take it yet; it waits to be sent again"),
    "call.unknown": (State.UNKNOWN, "No answer from VoiceDock: not known whether it was placed"),
    "call.found": ("", "Found at VoiceDock: it was placed"),
    "call.needs-person": (State.NEEDS_PERSON, "Not found at VoiceDock: a person has to decide"),
    "call.lost": (State.LOST, "VoiceDock does not know this call any more"),
    "call.reappeared": ("", "VoiceDock shows the call again"),
    "call.looked-again": ("", "{who} had it looked for again"),
    "call.taken-back": (State.ENDED, "{who} took it back before it was sent. Nothing was dialed."),
    "call.let-go": (State.ENDED, "{who} decided that it was not placed"),
    "call.lost-settled": (State.ENDED, "{who} decided that it is over. VoiceDock never reported its end."),
    "call.end-not-confirmed": (State.NEEDS_PERSON, "End call is not confirmed"),
    "call.wrong-number": (State.NEEDS_PERSON, "It left from a number that is not this client's"),
    "call.wrong-assistant": (State.NEEDS_PERSON, "It was made with an assistant that is not this client's"),
    "call.wrong-number-cleared": ("", "{who} cleared the alarm"),
    "call.called-back": ("", "{who} marked the call-back as done"),
    "call.call-back-reopened": ("", "{who} marked the call-back as not done"),
    "call.end-asked-too": ("", "{who} asked to end it too: it is already being ended by {before}"),
    "call.steering-taken": ("", "{who} took over from {before}"),
}
ACTION_OF_STATE: dict[str, str] = {
    State.UNKNOWN: "call.unknown",
    State.NEEDS_PERSON: "call.needs-person",
    State.LOST: "call.lost",
}
ENDED_HERE = {"call.taken-back", "call.let-go", "call.lost-settled"}  # a person ended it; VoiceDock reported nothing
MOST = 50


@scope.requires_scope
def of(call: Call) -> list[AuditEntry]:
    """The audit entries of this call that are steps, oldest first; inside the scope of its tenant."""
    found = AuditEntry.objects.filter(tenant=call.tenant_id, subject=f"call:{call.pk}", action__in=STEPS)
    return list(found.only("at", "action", "actor", "actor_id", "body").order_by("seq")[:MOST])


def read(entry: AuditEntry, me: User | None) -> tuple[str, str]:
    """State and words of a step."""
    state, words = STEPS[entry.action]
    who = "You" if me and entry.actor_id == me.pk else entry.actor
    before = str(json.loads(entry.body)["details"].get("before", "")) if "{before}" in words else ""
    return state, words.replace("{who}", who).replace("{before}", before)
