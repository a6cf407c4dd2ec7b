"""The instructions as one person of the draft gets them, and who comes before and after in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.calls.placing.filled_text import FilledPiece, pieces
from dashboard.campaigns.drafts import queries, values
from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.isolation import scope

LARGEST_LINE = 2_147_483_647


@dataclass(frozen=True)
class Preview:
    """`at` of `total` people; `before` and `after` are the lines of their neighbours, None at an end."""

    pieces: list[FilledPiece]
    lead: DraftLead | None = None
    at: int = 0
    total: int = 0
    before: int | None = None
    after: int | None = None
    values: dict[str, str] = field(default_factory=dict)


@scope.requires_scope
def of(draft: CampaignDraft, template: str, line: int, total: int) -> Preview:
    """Of the person in this line of the file, or the next one who will be called; `total` of them are known."""
    people = queries.ready(draft)
    lead = (people.filter(line__gte=line).first() or people.first()) if total else None
    if lead is None:
        return Preview(pieces(template, {}, missing={}))
    filled = values.of_lead(draft, lead)
    lines = people.values_list("line", flat=True)
    return Preview(
        pieces(template, filled),
        lead,
        people.filter(line__lte=lead.line).count(),
        total,
        lines.filter(line__lt=lead.line).order_by("-line").first(),
        lines.filter(line__gt=lead.line).first(),
        filled,
    )


def read_line(text: str) -> int:
    """The line that an address or a press names; 0 for the first."""
    return min(int(text), LARGEST_LINE) if text.isdecimal() and len(text) < 12 else 0
