"""What a draft needs before it can be sent, each with the section in which it is filled in."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.utils import timezone

from dashboard.campaigns.drafts import queries, template_check
from dashboard.campaigns.drafts.queries import People
from dashboard.campaigns.drafts.template_check import VariableUse, broken
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from dashboard.contact_rules.verdict import Rule
from tenants import time_zones
from tenants.isolation import scope
from tenants.names import isolate

NO_NAME = "It has no name."
NO_ASSISTANT = "No assistant is chosen."
ASSISTANT_LEFT = "Its assistant is not assigned to this client any more. Choose another one."
NO_HOURS = "The hours in which it calls are not complete."
NOT_IN_ORDER = "Its hours do not end later on the same day."
NO_WEEKDAY = "No day of the week is chosen."
NO_COUNTRY = "It leaves out public holidays, but no country is chosen whose holidays these are."
ALL_OVER = "Its last day is over."
DAYS_REVERSED = "Its last day is before its first one."
NO_FILE = "There is no file with people."
STILL_READ = "Its file is still being read. It can be sent once its people are shown."
NOBODY = "Nobody of its file may be called."
ALL_OUTSIDE = "Its hours reach beyond those in which the people of its file may be called, so nobody is left."
UNREAD = (DraftLead.State.DUPLICATE, DraftLead.State.NOT_READ)


class Missing(NamedTuple):
    """`section` is the id of a section of the page, or `people`."""

    section: str
    words: str


def of(draft: CampaignDraft, file: CampaignFile | None, people: People, uses: list[VariableUse]) -> list[Missing]:
    return [*_basics(draft), *_people(file, people), *_when(draft), *_says(draft, uses)]


@scope.requires_scope
def of_draft(draft: CampaignDraft) -> list[Missing]:
    """As its review shows them."""
    file, people = queries.file_of(draft), queries.people_of(draft)
    return of(draft, file, people, template_check.uses(draft, file, draft.template, people.ready))


def of_row(draft: CampaignDraft) -> list[str]:
    """In short, for a row of the list: what the draft itself shows without its people."""
    has_people = getattr(draft, "read_at", None) is not None
    sections = {missing.section for missing in [*_basics(draft), *_when(draft)]}
    words = {"basics": "name or assistant", "when": "days and hours"}
    return (
        []
        if has_people and not sections
        else [
            *(["people"] if not has_people else []),
            *(text for section, text in words.items() if section in sections),
        ]
    )


def _basics(draft: CampaignDraft) -> list[Missing]:
    dedication = draft.assistant_dedication
    found = [] if draft.name.strip() else [NO_NAME]
    if dedication is None:
        found.append(NO_ASSISTANT)
    elif not dedication.is_open:
        found.append(ASSISTANT_LEFT)
    return [Missing("basics", words) for words in found]


def _people(file: CampaignFile | None, people: People) -> list[Missing]:
    if file is None:
        return [Missing("people", NO_FILE)]
    if file.read_at is None:
        return [Missing("people", file.problem or STILL_READ)]
    if people.ready:
        return []
    outside = [group.key for group in people.groups if group.key not in UNREAD] == [Rule.HOURS]
    return [Missing("when", ALL_OUTSIDE) if outside else Missing("people", NOBODY)]


def _when(draft: CampaignDraft) -> list[Missing]:
    zone = time_zones.read(draft.timezone)
    found = []
    if draft.starts is None or draft.ends is None or zone is None:
        found.append(NO_HOURS)
    elif draft.starts >= draft.ends:
        found.append(NOT_IN_ORDER)
    if not draft.weekdays:
        found.append(NO_WEEKDAY)
    if draft.skips_holidays and not draft.holiday_country:
        found.append(NO_COUNTRY)
    if draft.first_day and draft.last_day and draft.last_day < draft.first_day:
        found.append(DAYS_REVERSED)
    elif draft.last_day and draft.last_day < today(draft.timezone):
        found.append(ALL_OVER)
    return [Missing("when", words) for words in found]


def _says(draft: CampaignDraft, uses: list[VariableUse]) -> list[Missing]:
    found = [broken(draft.template)] if broken(draft.template) else []
    found += [_no_column(use) for use in uses if use.is_unknown and use.is_missing]
    return [Missing("says", words) for words in found]


def _no_column(use: VariableUse) -> str:
    if use.head:
        return f"The column {isolate(use.head)} is {{{{{use.guess}}}}} in the instructions, not {{{{{use.name}}}}}."
    return f"The file has no column for {{{{{use.name}}}}}."


def today(zone: str) -> date:
    """The day that it is in the campaign's zone."""
    return timezone.now().astimezone(time_zones.or_utc(zone)).date()
