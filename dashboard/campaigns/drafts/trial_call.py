"""A test call: the draft's assistant with its instructions, filled with the values of one person, to a number typed.

It is placed as every single call is, with the same checks, limits and receipts.
"""

from __future__ import annotations

from uuid import UUID

from dashboard.calls import queries as call_queries
from dashboard.calls.models import Call
from dashboard.calls.origins import Origin
from dashboard.calls.placing import intents
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.variables import fill
from dashboard.calls.presets import filling
from dashboard.calls.queries import lines
from dashboard.campaigns.drafts import queries, values
from dashboard.campaigns.models import CampaignDraft
from tenants.isolation import scope
from tenants.models import User

NO_ASSISTANT = "Choose an assistant above first."
TEST_OF = "Test call of {name}"
NO_LINE = "No line is assigned to you, so no call can be placed."


@scope.opens_scope
def place(draft: CampaignDraft, line_in_file: int, *, destination: str, token: UUID, by: User) -> Call:
    """With the values of the person in this line of the file. Opens scopes of its own; raises `intents.CallRefused`."""
    tenant = draft.tenant
    with scope.for_tenant(tenant):
        lead = queries.ready(draft).filter(line=line_in_file).first()
        number = filling.line_for(tenant, lines(tenant), destination)
    if draft.assistant_dedication_id is None:
        raise intents.CallRefused("assistant", NO_ASSISTANT)
    if number is None:
        raise intents.CallRefused("number", NO_LINE)
    text = fill(draft.template, values.of_lead(draft, lead) if lead else {})
    call = intents.place(
        tenant,
        by=by,
        number=number,
        assistant=draft.assistant_dedication_id,
        destination=destination,
        token=token,
        changes=Changes(instructions=text),
    )
    with scope.for_tenant(tenant):
        CampaignDraft.objects.filter(pk=draft.pk).update(trial_call_id=call.pk)
    return call


@scope.requires_scope
def last(draft: CampaignDraft) -> Call | None:
    """The newest test call of this draft."""
    if draft.trial_call_id is None:
        return None
    return call_queries.of_tenant(draft.tenant).select_related("report").filter(pk=draft.trial_call_id).first()


@scope.requires_scope
def origin(call: Call) -> Origin | None:
    """The draft whose newest test call this is, for the way back to it."""
    draft = CampaignDraft.objects.filter(tenant=call.tenant_id, trial_call_id=call.pk).first()
    return Origin(TEST_OF.format(name=draft), "campaign-draft", draft.pk) if draft else None
