"""The steps of making a campaign, each with how far it is, for the rail beside the page."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.calls import labels
from dashboard.calls.models import Call, State
from dashboard.campaigns import calling_days
from dashboard.campaigns.drafts.queries import People
from dashboard.campaigns.drafts.readiness import Missing
from dashboard.campaigns.drafts.template_check import VariableUse
from dashboard.campaigns.models import CampaignDraft, CampaignFile

HEARD = (State.ENDED, State.TRANSFERRED)


class Step(NamedTuple):
    """`section` is an id on the draft's page; `people` and `review` are pages. `mark` is done, wrong or ""."""

    section: str
    label: str
    note: str
    mark: str


def of(
    draft: CampaignDraft,
    file: CampaignFile | None,
    people: People,
    uses: list[VariableUse],
    missing: list[Missing],
    trial: Call | None,
) -> list[Step]:
    open_sections = {one.section for one in missing}

    def step(section: str, label: str, note: str, *, warns: bool = False) -> Step:
        mark = "wrong" if warns else "" if section in open_sections else "done"
        return Step(section, label, note, mark)

    speaker = draft.assistant_dedication.assistant if draft.assistant_dedication else ""
    empty = [use for use in uses if use.is_missing]
    return [
        step(
            "basics",
            "Name and assistant",
            str(speaker),
        ),
        step("people", "People", _people(draft, file, people), warns=people.total > 0 and not people.ready),
        step("when", "When", _when(draft)),
        step("says", "What it says", _says(draft, empty), warns=bool(empty)),
        Step("test", "Test call", labels.state(trial) if trial else "optional", _trial_mark(trial)),
        Step("review", "Review and start", "" if missing else "ready", ""),
    ]


def _trial_mark(trial: Call | None) -> str:
    if trial is None or trial.is_live:
        return ""
    return "done" if trial.state in HEARD else "wrong"


def _people(draft: CampaignDraft, file: CampaignFile | None, people: People) -> str:
    if file is None:
        return "no file yet"
    if file.read_at is None:
        return "not read yet"
    not_read = f", {people.not_read:,} not read" if people.not_read else ""
    if draft.checked_at is None and people.ready:
        return f"{people.total:,}, not checked yet{not_read}"
    return f"{people.ready:,} of {people.total:,} will be called{not_read}"


def _when(draft: CampaignDraft) -> str:
    days = calling_days.weekdays_in_words(draft.weekdays)
    return f"{days}, {draft.starts:%-H:%M} to {draft.ends:%-H:%M}" if draft.starts and draft.ends else days


def _says(draft: CampaignDraft, empty: list[VariableUse]) -> str:
    if empty:
        return f"{len(empty)} {'value is' if len(empty) == 1 else 'values are'} missing"
    return "" if draft.template else "nothing beyond the assistant’s own"
