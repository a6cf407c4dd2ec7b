"""Numbers that a person types in place of those in the file: each is read at once, and the other rows stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dashboard.campaigns.lead_files import columns, lead_rows, numbers, people, uploads
from dashboard.campaigns.lead_files.numbers import Repair
from dashboard.campaigns.lead_files.rows import Row
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants import audit
from tenants.isolation import scope
from tenants.models import User

State = DraftLead.State
RULES = frozenset({*numbers.HELPS, *map(str, Repair)})  # of rows whose number is wrong
FIELDS = ("number", "name", "variables", "consent", "state", "rule", "reason")


class Corrected(NamedTuple):
    """How many rows were read, by line why what was typed for another one is no number, and how many of those that
    were read are twice in the file now."""

    rows: int
    wrong: dict[int, str]
    twice: int = 0


@scope.requires_scope
def correct(draft: CampaignDraft, file: CampaignFile, typed: Mapping[int, str], *, by: User) -> Corrected:
    """Read the numbers that are typed for these lines, where they are not those that stand there.

    A row that was read meanwhile is left as it is, but for one that a number typed before made a duplicate. Raises
    `people.FileNotReplaced`.
    """
    now = uploads.locked(draft, file)
    file = CampaignFile.objects.select_related("tenant").defer("content").get(pk=file.pk)
    found = [lead for lead in DraftLead.objects.filter(draft=now, line__in=typed) if can_be_corrected(file, lead)]
    before = [lead for lead in found if shown_value(file, lead) != typed[lead.line]]
    after = _read(file, before, typed)
    wrong = {lead.line: lead.reason for lead in after if lead.state == State.NOT_READ and lead.rule in RULES}
    read = [lead for lead in after if lead.line not in wrong]
    if not read:
        return Corrected(0, wrong)
    rows = {lead.line: lead for lead in before}
    _count(file, [rows[lead.line] for lead in read], read)
    file.corrections |= {str(lead.line): typed[lead.line] for lead in read}
    file.save(update_fields=["corrections", "counts"])
    for lead in read:
        lead.pk = rows[lead.line].pk
    DraftLead.objects.bulk_update(read, FIELDS)
    people.changed(now)
    audit.record(by, file.tenant, "campaign.rows-corrected", now, name=str(now), file=file.name, count=len(read))
    return Corrected(len(read), wrong, sum(lead.state == State.DUPLICATE for lead in read))


def can_be_corrected(file: CampaignFile, lead: DraftLead) -> bool:
    """Whether another number can be typed for it: its own is wrong, or one that was typed is that of another row."""
    if lead.state == State.DUPLICATE:
        return str(lead.line) in file.corrections
    return lead.state == State.NOT_READ and lead.rule in RULES


def shown_value(file: CampaignFile, lead: DraftLead) -> str:
    """The number of a row as it stands in the file, or was typed, in one line."""
    place = columns.place_of_number(columns.read(file.columns, len(file.headers)))
    value = lead.values[place] if place is not None and place < len(lead.values) else ""
    return one_line(file.corrections.get(str(lead.line), value))


def one_line(text: str) -> str:
    return " ".join(text.split())[: numbers.LONGEST]


def _read(file: CampaignFile, before: Sequence[DraftLead], typed: Mapping[int, str]) -> list[DraftLead]:
    """These rows as they are with what is typed, of which a number that another row has is a duplicate."""
    found = columns.read(file.columns, len(file.headers))
    corrections = {str(line): text for line, text in typed.items()}
    rows = [Row(lead.line, lead.values) for lead in before]

    def leads(lines: dict[str, int]) -> list[DraftLead]:
        reader = lead_rows.Reader(
            file.tenant, file.draft_id, file.headers, found, file.country, file.repairs, corrections, lines
        )
        return [reader.lead(row) for row in rows]

    wanted = {lead.number for lead in leads({}) if lead.number}
    others = DraftLead.objects.filter(draft=file.draft_id, number__in=wanted)
    others = others.exclude(state__in=(State.NOT_READ, State.DUPLICATE)).order_by()
    return leads(dict(others.values_list("number", "line")))


def _count(file: CampaignFile, before: Sequence[DraftLead], after: Sequence[DraftLead]) -> None:
    states, wrong = Counter(file.counts.get("states", {})), Counter(file.counts.get("wrong", {}))
    states.subtract(str(lead.state) for lead in before)
    states.update(str(lead.state) for lead in after)
    wrong.subtract(lead.rule for lead in before)
    wrong.update(lead.rule for lead in after if lead.rule)
    file.counts = {"states": dict(+states), "wrong": dict(+wrong)}
