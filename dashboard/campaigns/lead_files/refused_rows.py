"""The rows of a file that are not called as they stand: each with its value, why, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dashboard.campaigns.lead_files import columns, corrections, lead_rows, numbers
from dashboard.campaigns.lead_files.numbers import Repair
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from dashboard.ui import phone_numbers
from tenants.isolation import scope

PAGE = 25
CHUNK = 1_000
LONGEST_WHO = 60  # shown of a row without a name
WHY = "Why not read"
HELPS = numbers.HELPS | lead_rows.HELPS
State = DraftLead.State
SHOWN = {"": State.NOT_READ, "twice": State.DUPLICATE}  # by the parameter of the address


class Typed(NamedTuple):
    """In place of the number of a row."""

    value: str
    error: str = ""


@dataclass(frozen=True)
class RefusedRow:
    """`who` is the name in the row, or what stands beside its number. `can_be_corrected`: another number can be typed.
    `error` is why what was typed, the `value` then, is none."""

    line: int
    who: str
    value: str
    reason: str
    helps: str
    can_be_corrected: bool
    error: str = ""


class RepairOffer(NamedTuple):
    """What one press reads all `rows` with the same fault as, with the first of them as an example."""

    repair: str
    rows: int
    first: RefusedRow


@scope.requires_scope
def context(
    draft: CampaignDraft, file: CampaignFile, after_line: str, show: str, typed: Mapping[int, Typed]
) -> dict[str, Any]:
    """A page of them, in the order of the file, with the numbers that were typed and are none."""
    show = show if show in SHOWN else ""
    start = int(after_line) if after_line.isascii() and after_line.isdecimal() and len(after_line) < 9 else 0
    found = list(_rows(draft, SHOWN[show], start)[: PAGE + 1])
    counts = file.counts.get("states", {})
    number = columns.place_of_number(columns.read(file.columns, len(file.headers)))
    rows = [_row(lead, file, typed) for lead in found[:PAGE]]
    return {
        "refused": rows,
        "has_fields": not show or any(row.can_be_corrected for row in rows),
        "repairs": _repairs(draft, file) if not show else [],
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


@scope.requires_scope
def lines(draft: CampaignDraft) -> list[int]:
    """Of those that were not read."""
    return list(_rows(draft, State.NOT_READ, 0).values_list("line", flat=True))


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


def _row(lead: DraftLead, file: CampaignFile, typed: Mapping[int, Typed]) -> RefusedRow:
    again = typed.get(lead.line) or Typed(corrections.shown_value(file, lead))
    may = corrections.can_be_corrected(file, lead)
    who = lead.name or _beside_number(file, lead)
    return RefusedRow(lead.line, who, again.value, lead.reason, HELPS.get(lead.rule, ""), may, again.error)


def _beside_number(file: CampaignFile, lead: DraftLead) -> str:
    """The other cells of a row without a name."""
    number = columns.place_of_number(columns.read(file.columns, len(file.headers)))
    cells = (corrections.one_line(cell) for at, cell in enumerate(lead.values) if at != number)
    return ", ".join(filter(None, cells))[:LONGEST_WHO]


def _repairs(draft: CampaignDraft, file: CampaignFile) -> list[RepairOffer]:
    """One query for each kind of fault that there is, of three."""
    found = []
    for repair in map(str, Repair):
        rows = file.counts.get("wrong", {}).get(repair, 0)
        if rows and (first := _rows(draft, State.NOT_READ, 0).filter(rule=repair).first()):
            found.append(RepairOffer(repair, rows, _row(first, file, {})))
    return found


def _number_example(draft: CampaignDraft, number: int | None) -> tuple[str, str] | None:
    """A number as it stands in the file, and as it is called."""
    lead = DraftLead.objects.filter(draft=draft, state=State.READY).order_by("line").first()
    if lead is None or number is None or number >= len(lead.values):
        return None
    return lead.values[number].strip(), phone_numbers.grouped(lead.number)
