"""The rows of a file that are not called as they stand: each with its value, why, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.campaigns.lead_files import columns, lead_rows, numbers
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.numbers import Repair
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from dashboard.ui import phone_numbers
from tenants.isolation import scope

PAGE = 25
CHUNK = 1_000
WHY = "Why not read"
LONGEST_SHOWN = 80  # characters of a cell
HELPS = numbers.HELPS | lead_rows.HELPS
State = DraftLead.State
SHOWN = {"": State.NOT_READ, "twice": State.DUPLICATE}  # by the parameter of the address


@dataclass(frozen=True)
class RefusedRow:
    """`repair` is what one press reads all `alike` such rows as."""

    line: int
    value: str
    reason: str
    helps: str
    repair: str = ""
    alike: int = 0


@scope.requires_scope
def context(draft: CampaignDraft, file: CampaignFile, after_line: str, show: str) -> dict[str, Any]:
    """A page of them, in the order of the file."""
    show = show if show in SHOWN else ""
    start = int(after_line) if after_line.isascii() and after_line.isdecimal() and len(after_line) < 9 else 0
    found = list(_rows(draft, SHOWN[show], start)[: PAGE + 1])
    counts = file.counts.get("states", {})
    number = _place_of_number(file)
    return {
        "refused": [_row(lead, number, file) for lead in found[:PAGE]],
        "next_after": found[PAGE - 1].line if len(found) > PAGE else None,
        "paged": start > 0,
        "show": show,
        "not_read": counts.get(State.NOT_READ, 0),
        "twice": counts.get(State.DUPLICATE, 0),
        "number_example": _number_example(draft, number),
    }


@scope.requires_scope
def after(draft: CampaignDraft, line_before: int) -> list[DraftLead]:
    """The next part of those that were not read."""
    return list(_rows(draft, State.NOT_READ, line_before)[:CHUNK])


def head(file: CampaignFile) -> list[str]:
    return [*file.headers, WHY]


def line(lead: DraftLead, width: int) -> list[str]:
    """The row of the file with one more cell. Cells beyond the columns would move that one, so they are joined."""
    cells = list(lead.values)
    if len(cells) > width:
        cells = [*cells[: width - 1], " ".join(cells[width - 1 :])]
    return [*cells, *[""] * (width - len(cells)), lead.reason]


def _rows(draft: CampaignDraft, state: str, after_line: int) -> Any:
    return DraftLead.objects.filter(draft=draft, state=state, line__gt=after_line).order_by("line")


def _row(lead: DraftLead, number: int | None, file: CampaignFile) -> RefusedRow:
    value = lead.values[number] if number is not None and number < len(lead.values) else ""
    repair = lead.rule if lead.rule in list(Repair) else ""
    return RefusedRow(
        lead.line,
        value.strip()[:LONGEST_SHOWN],
        lead.reason,
        HELPS.get(lead.rule, ""),
        repair,
        file.counts.get("wrong", {}).get(repair, 0) if repair else 0,
    )


def _place_of_number(file: CampaignFile) -> int | None:
    found = columns.read(file.columns, len(file.headers))
    return next((place for place, column in enumerate(found) if column.role == Role.NUMBER), None)


def _number_example(draft: CampaignDraft, number: int | None) -> tuple[str, str] | None:
    """A number as it stands in the file, and as it is called."""
    lead = DraftLead.objects.filter(draft=draft, state=State.READY).order_by("line").first()
    if lead is None or number is None or number >= len(lead.values):
        return None
    return lead.values[number].strip(), phone_numbers.grouped(lead.number)
