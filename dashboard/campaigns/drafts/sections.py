"""A draft's page as data: its forms with what is stored or typed, the preview, what is missing, and the steps."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from dashboard.calls import labels
from dashboard.calls.placing import intents
from dashboard.calls.queries import assistants
from dashboard.campaigns.drafts import (
    book,
    plan_words,
    preview,
    queries,
    readiness,
    steps,
    template_check,
    trial_call,
)
from dashboard.campaigns.drafts.queries import People
from dashboard.campaigns.drafts.section_forms import BasicsForm, SaysForm, SectionForm, WhenForm, is_sent
from dashboard.campaigns.drafts.template_check import VariableUse
from dashboard.campaigns.drafts.trial_form import TrialForm
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from tenants import time_zones
from tenants.isolation import scope
from tenants.models import User

SECTIONS = ("basics", "when", "says")
NEXT = "show"  # the line of the person whose values are shown next


@dataclass
class DraftPage:
    """`forms` are by section."""

    draft: CampaignDraft
    file: CampaignFile | None
    people: People
    uses: list[VariableUse]
    forms: dict[str, SectionForm]
    trial: TrialForm
    line: int = 0

    @property
    def has_errors(self) -> bool:
        return any(form.is_bound and form.errors for form in self.forms.values())

    def template(self) -> str:
        """As it is typed, or stored."""
        return str(self.forms["says"]["template"].value() or "")

    def context(self) -> dict[str, Any]:
        draft, missing = self.draft, readiness.of(self.draft, self.file, self.people, self.uses)
        trial_call_now = trial_call.last(draft)
        zone = time_zones.read(draft.timezone)
        return {
            "draft": draft,
            "file": self.file,
            "people": self.people,
            "uses": self.uses,
            "columns": template_check.columns_of(self.file),
            "broken": template_check.broken(self.template()),
            **self.forms,
            "trial": self.trial,
            "missing": missing,
            "steps": steps.of(draft, self.file, self.people, self.uses, missing, trial_call_now),
            "trial_call": trial_call_now,
            "trial_state": labels.state(trial_call_now) if trial_call_now else "",
            "preview": preview.of(draft, self.template(), self.line, self.people.ready),
            "zone_time": f"{timezone.now().astimezone(zone):%H:%M}" if zone else "",
            "zones": time_zones.choices(),
            "when_words": plan_words.when(draft),
            "blocking_reason": intents.blocking_reason(draft.tenant),
        }


@scope.requires_scope
def shown(draft: CampaignDraft, data: QueryDict | None = None, *, line: int = 0, tests: bool = False) -> DraftPage:
    """With what is stored; `data` is what is typed in its place, of the sections that it holds.

    `tests`: a test call is asked for.
    """
    file = queries.file_of(draft)
    people = queries.people_of(draft)
    says = data.get("says-template") if data else None
    uses = template_check.uses(draft, file, draft.template if says is None else str(says), people.ready)
    speakers = assistants(draft.tenant)

    def sent(section: str) -> QueryDict | None:
        return data if data and is_sent(data, section) else None

    forms: dict[str, SectionForm] = {
        "basics": BasicsForm(sent("basics"), draft=draft, assistants=speakers),
        "when": WhenForm(sent("when"), draft=draft),
        "says": SaysForm(sent("says"), draft=draft, uses=uses),
    }
    choices = list(queries.ready(draft)[: queries.CHOICES])
    first = {"token": uuid.uuid4(), "line": line or (choices[0].line if choices else 0)}
    first["destination"] = data.get("trial-destination", "") if data else ""
    trial = TrialForm(data if tests else None, initial=first, people=choices, prefix="trial")
    return DraftPage(draft, file, people, uses, forms, trial, line)


@scope.requires_scope
def save(draft: CampaignDraft, data: QueryDict, *, line: int, by: User, tests: bool = False) -> DraftPage:
    """Saves each section that is valid; the page has what is stored by then, and what was typed where that is wrong."""
    page = shown(draft, data, line=line, tests=tests)
    facts: dict[str, Any] = {}
    wrong = {}
    for section, form in page.forms.items():
        if form.is_bound and form.is_valid():
            facts |= form.stored()
        elif form.is_bound:
            wrong[section] = form
    if facts and book.change(draft, facts, by=by):
        tenant = draft.tenant
        draft = queries.of_tenant(tenant).get(pk=draft.pk)
        draft.tenant = tenant
    after = shown(draft, line=line)
    after.forms |= wrong
    after.trial = page.trial
    return after


def line_of(data: QueryDict) -> int:
    """The line of the person whose values are shown: a press on *Next* goes before the line that is typed."""
    return preview.read_line(data.get(NEXT, "") or data.get("at_line", "") or data.get("line", ""))
