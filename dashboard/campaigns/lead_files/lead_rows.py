"""A row of a file as a lead of a draft: a person to call, or a row that is not called, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dashboard.calls.placing.spoken_text import BRACES_IN_VALUE, has_braces
from dashboard.campaigns.lead_files import columns, consent, numbers
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.columns import Column
from dashboard.campaigns.lead_files.limits import LONGEST_CELL
from dashboard.campaigns.lead_files.rows import Row, cleaned
from dashboard.campaigns.models import DraftLead
from tenants.models import Tenant

State = DraftLead.State
WIDTH, LONG, TIME, BRACES = "width", "long", "consent-time", "braces"
MORE_CELLS = "This row has {cells} cells, but the file has {columns} columns."
TOO_LONG = "The text in {column} is longer than {most:,} characters."
NO_TIME = "“{text}” in {column} is no day, so the time of the consent is not known."
TWICE = "The same number is in line {line}."
HELPS = {
    WIDTH: "Put a text that has the sign between columns in it into quotes.",
    LONG: "Shorten it, or do not use the column.",
    TIME: "Write it like 2026-05-14.",
    BRACES: "Remove the braces, or do not use the column.",
}
LONGEST_NAME = 200
LONGEST_REASON = 300
LONGEST_SHOWN = 40  # characters of a cell in a sentence


@dataclass(frozen=True)
class Reader:
    """Makes leads of rows; one for each reading, since it knows the numbers before."""

    tenant: Tenant
    draft_id: int
    headers: list[str]
    columns: list[Column]
    country: str
    repairs: Collection[str] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)  # by line, the number in place of the file's
    lines: dict[str, int] = field(default_factory=dict)

    def leads(self, rows: Iterable[Row]) -> Iterator[DraftLead]:
        """One for each row."""
        return (self.lead(row) for row in rows)

    def lead(self, row: Row) -> DraftLead:
        texts = self._texts(row)
        lead = DraftLead(tenant_id=self.tenant.pk, draft_id=self.draft_id, line=row.line, values=row.cells)
        if wrong := self._fill(lead, texts):
            lead.state, lead.rule, lead.reason = State.NOT_READ, wrong[0], wrong[1][:LONGEST_REASON]
        elif first := self.lines.get(lead.number):
            lead.state, lead.reason = State.DUPLICATE, TWICE.format(line=first)
        else:
            self.lines[lead.number] = row.line
        return lead

    def _texts(self, row: Row) -> list[str]:
        texts = [cleaned(cell) for cell in row.cells]
        corrected = self.corrections.get(str(row.line)) if self.corrections else None
        if corrected is not None:
            texts[columns.place_of_number(self.columns) or 0] = corrected
        return texts

    def _fill(self, lead: DraftLead, texts: list[str]) -> tuple[str, str] | None:
        """The code and the words of what is wrong with the row, if anything is."""
        if len(texts) > len(self.columns):
            return WIDTH, MORE_CELLS.format(cells=len(texts), columns=len(self.columns))
        wrong: tuple[str, str] | None = None
        for header, column, text in zip(self.headers, self.columns, texts, strict=True):
            most = LONGEST_NAME if column.role == Role.NAME else LONGEST_CELL
            if column.role != Role.NOT_USED and len(text) > most:
                wrong = wrong or (LONG, TOO_LONG.format(column=header, most=most))
                continue
            found = self._put(lead, header, column, text)
            wrong = wrong or found
        return wrong

    def _put(self, lead: DraftLead, header: str, column: Column, text: str) -> tuple[str, str] | None:
        if column.role == Role.NUMBER:
            reading = numbers.read(text, self.tenant, self.country, self.repairs)
            lead.number = reading.number
            return None if reading.number else (reading.code, reading.reason)
        if column.variable and has_braces(text):
            return BRACES, BRACES_IN_VALUE
        if column.variable:
            lead.variables[column.variable] = text
        if column.role == Role.NAME:
            lead.name = text
        elif text and column.role in consent.KEYS:
            return self._put_consent(lead, header, column.role, text)
        return None

    def _put_consent(self, lead: DraftLead, header: str, role: Role, text: str) -> tuple[str, str] | None:
        value = consent.time_of(text, self.country) if role == Role.CONSENT_TIME else text
        if not value:
            return TIME, NO_TIME.format(text=text[:LONGEST_SHOWN], column=header)
        lead.consent[consent.KEYS[role]] = value
        return None
