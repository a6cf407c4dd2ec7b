"""A client in which every text is as long as its field allows, of words that hold no place to break a line."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from dashboard.calls.models import (
    Action,
    AssistantDraft,
    Call,
    CallPreset,
    CallReport,
    Phrase,
    PlannedCall,
    Receipt,
    TransferTarget,
)
from dashboard.campaigns.models import (
    Campaign,
    CampaignDoNotCallEntry,
    CampaignDraft,
    CampaignFile,
    CampaignSchedule,
    DraftLead,
    Lead,
)
from dashboard.connections.models import OrganizationRequest
from dashboard.contact_rules.models import CountryPreset, DoNotCallEntry
from dashboard.sync.models import SyncRun
from tenants import audit
from tenants.isolation import scope
from tenants.models import Assistant, Connection, Invitation, Number, Tenant, User
from tests.fixtures.canary_tenant import CanaryTenant, make_canary_tenant

FIELDS: dict[type[Model], tuple[str, ...]] = {
    Tenant: ("name", "city"),
    User: ("name",),
    Connection: ("name", "organization_name", "last_error"),
    Number: ("name", "business_name"),
    Assistant: ("name", "business_name", "provider", "model"),
    Campaign: ("name",),
    CampaignDraft: ("name", "template", "reason"),
    CampaignFile: ("name", "sheet"),
    CampaignSchedule: ("reason",),
    DraftLead: ("name", "reason"),
    Phrase: ("text",),
    Action: ("name", "text"),
    CallPreset: ("name",),
    AssistantDraft: ("name",),
    TransferTarget: ("name", "announcement"),
    SyncRun: ("error",),
    OrganizationRequest: ("name",),
    Invitation: ("name",),
    Call: ("counterpart", "assistant_name", "error", "end_reason"),
    PlannedCall: ("reason", "preset_name", "assistant_name"),
    DoNotCallEntry: ("note",),
    CampaignDoNotCallEntry: ("note",),
    CountryPreset: ("source",),
    Receipt: ("note", "action"),
}
FREE_TEXT = 900  # characters, where a field has no length; and of a word: breaking one of 20,000 takes Chromium seconds


def unbroken(length: int) -> str:
    return ("Wm" * length)[:length]


def filled() -> CanaryTenant:
    one = make_canary_tenant("Wm", "longest", "555014")
    long = unbroken(FREE_TEXT)
    with scope.for_system("make everything as long as it may be"):
        for model, names in FIELDS.items():
            model._default_manager.update(**{name: _longest(model, name) for name in names})
        for model in (User, Invitation):
            for row in model._default_manager.all():
                mail = f"{unbroken(60)}@{unbroken(60)}.{row.pk}.test"
                model._default_manager.filter(pk=row.pk).update(email=mail)
        Assistant.objects.update(first_message=long)
        Campaign.objects.update(template=long)
        Lead.objects.update(variables={"name": unbroken(300), "day": unbroken(300)})
        values = {"name": unbroken(300), "day": unbroken(300)}
        CampaignDraft.objects.update(instead=values)
        DraftLead.objects.update(variables=values, values=[unbroken(300)] * 3)
        messages = [{"role": "user", "content": long}, {"role": "assistant", "content": long}]
        CallReport.objects.update(summary=long, messages=messages, analysis={"mood": unbroken(300)})
        Receipt.objects.update(payload={"type": "say", "content": long})
        owner = next(iter(one.people.values()))
        owner.refresh_from_db()
        audit.record(owner, one.tenant, "tenant.settings-changed", one.tenant, what=unbroken(300))
    return one


def _longest(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    length = field.max_length or FREE_TEXT
    return (f"{unbroken(FREE_TEXT)} " * (length // FREE_TEXT + 1))[:length].strip()
