"""A test call: the draft's assistant with its instructions, filled with the values of one person, to a number typed.

It is placed as every single call is, with the same checks, limits and receipts.
"""

from __future__ import annotations

from uuid import UUID

from dashboard.calls import queries as call_queries
from dashboard.calls.models import Call
from dashboard.calls.placed_for import PlacedFor
from dashboard.calls.placing import intents
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.variables import fill, names_in
from dashboard.calls.presets import filling
from dashboard.calls.queries import lines
from dashboard.campaigns.drafts import queries, template_check, values
from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.isolation import scope
from tenants.models import User
from tenants.names import isolate

NO_ASSISTANT = "Choose an assistant above first."
TEST_OF = "Test call of {name}"
KIND = "Test call"
NO_LINE = "No line is assigned to you, so no call can be placed."
NO_PEOPLE = "Nobody is on it yet who has a value for {names}. Add the people first, or change the instructions."
RENAMED = "The column {head} is {{{{{variable}}}}} in the instructions, not {{{{{name}}}}}. Correct the instructions."
NO_COLUMN = "The file has no column for {names}. Correct the instructions, or fill in what is said instead."
NO_VALUE = "There is no value for {names} in line {line}. Fill in what is said instead, or choose somebody else."
MOST_KEPT = 50  # ids of test calls


@scope.opens_scope
def place(draft: CampaignDraft, line_in_file: int, *, destination: str, token: UUID, by: User) -> Call:
    """With the values of the person in this line of the file. Opens scopes of its own; raises `intents.CallRefused`."""
    tenant = draft.tenant
    with scope.for_tenant(tenant):
        lead = queries.ready(draft).filter(line=line_in_file).first()
        number = filling.line_for(tenant, lines(tenant), destination)
        values_of_lead = values.of_lead(draft, lead) if lead else {}
        missing = _missing(draft, lead, values_of_lead)
    if missing:
        raise intents.CallRefused("line", missing)
    if draft.assistant_dedication_id is None:
        raise intents.CallRefused("assistant", NO_ASSISTANT)
    if number is None:
        raise intents.CallRefused("number", NO_LINE)
    text = fill(draft.template, values_of_lead)
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
        _keep(draft, call)
    return call


@scope.requires_scope
def last(draft: CampaignDraft) -> Call | None:
    """The newest test call of this draft."""
    if not draft.trial_calls:
        return None
    return call_queries.of_tenant(draft.tenant).select_related("report").filter(pk=draft.trial_calls[-1]).first()


@scope.requires_scope
def placed_for(call: Call) -> PlacedFor | None:
    """The draft of which this is a test call, for the way back to it."""
    draft = CampaignDraft.objects.filter(tenant=call.tenant_id, trial_calls__contains=[str(call.pk)]).first()
    return PlacedFor(TEST_OF.format(name=draft), "campaign-draft", draft.pk, KIND) if draft else None


def _missing(draft: CampaignDraft, lead: DraftLead | None, filled: dict[str, str]) -> str:
    """Which variables of the instructions would be said as they stand, in words, or ""."""
    missing = [name for name in names_in([draft.template]) if not filled.get(name)]
    columns = template_check.columns_of(queries.file_of(draft)) if missing and lead else {}
    unknown = [name for name in missing if name not in columns]
    if not missing or lead is None:
        return NO_PEOPLE.format(names=_listed(missing)) if missing else ""
    for name in unknown:
        if found := template_check.renamed(name, columns):
            return RENAMED.format(head=isolate(found[1]), variable=found[0], name=name)
    if unknown:
        return NO_COLUMN.format(names=_listed(unknown))
    return NO_VALUE.format(names=_listed(missing), line=lead.line)


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _keep(draft: CampaignDraft, call: Call) -> None:
    rows = CampaignDraft.objects.select_for_update(of=("self",), no_key=True)
    if now := rows.filter(pk=draft.pk, tenant=draft.tenant_id).first():
        now.trial_calls = [*now.trial_calls, str(call.pk)][-MOST_KEPT:]
        now.save(update_fields=["trial_calls"])
