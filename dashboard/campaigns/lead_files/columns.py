"""What each column of a file is: guessed by its header and its cells, kept as a text for each place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.campaigns.lead_files import column_words
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.header_rows import PHONE
from dashboard.campaigns.lead_files.rows import Row

NAME_VARIABLE = "name"
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")  # of a `{{variable}}` (`docs/voicedock-api.md §6.6`)
LONGEST_VARIABLE = 60
PREFIX = "variable:"
MOSTLY = 0.5  # share of cells that makes a column one of numbers


@dataclass(frozen=True)
class Column:
    """`variable` is the name by which its text is put into the template."""

    role: Role
    variable: str = ""

    @property
    def stored(self) -> str:
        return PREFIX + self.variable if self.role == Role.VARIABLE else self.role.value


NOT_USED = Column(Role.NOT_USED)


def stored(columns: Iterable[Column]) -> dict[str, str]:
    """As `CampaignFile.columns` keeps them: `{"0": "number", "1": "name", "2": "variable:last_visit", "3": ""}`."""
    return {str(place): column.stored for place, column in enumerate(columns)}


def read(kept: Mapping[str, str], width: int) -> list[Column]:
    """The columns of `stored`, one for each place."""
    return [_column(kept.get(str(place), "")) for place in range(width)]


def variables(kept: Mapping[str, str]) -> list[str]:
    """The names that a template can use with this file, in the order of its columns."""
    places = sorted(kept, key=lambda place: int(place) if place.isdecimal() else 0)
    return [column.variable for column in (_column(kept[place]) for place in places) if column.variable]


def has_number(kept: Mapping[str, str]) -> bool:
    """Whether exactly one column holds the numbers to call."""
    return list(kept.values()).count(Role.NUMBER.value) == 1


def place_of_number(columns: Sequence[Column]) -> int | None:
    return next((place for place, column in enumerate(columns) if column.role == Role.NUMBER), None)


def guessed(headers: list[str], head: list[Row]) -> list[Column]:
    """One number, at most one name, each consent once; texts are variables, and columns without text are not used."""
    roles = [column_words.role_of(header) for header in headers]
    number = _number(headers, roles, head)
    taken: set[Role] = {Role.NUMBER}
    names = {NAME_VARIABLE}
    found = []
    for place, header in enumerate(headers):
        role = roles[place]
        if place == number:
            column = Column(Role.NUMBER)
        elif isinstance(role, Role) and role not in taken:
            column = Column(role, NAME_VARIABLE if role == Role.NAME else "")
            taken.add(role)
        elif role == Role.NUMBER or column_words.is_extension(header) or not _has_text(head, place):
            column = NOT_USED
        else:
            column = Column(Role.VARIABLE, unused(variable_name(header, place), names))
        names.add(column.variable)
        found.append(column)
    return found


def variable_name(header: str, place: int) -> str:
    """`Laatste bezoek` → `laatste_bezoek`; `column_3` where nothing of the header can stay."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()[:LONGEST_VARIABLE] or f"column_{place + 1}"


def unused(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _column(text: str) -> Column:
    if text.startswith(PREFIX):
        return Column(Role.VARIABLE, text.removeprefix(PREFIX))
    role = Role(text) if text in list(Role) else NOT_USED.role
    return Column(role, NAME_VARIABLE if role == Role.NAME else "")


def _number(headers: list[str], roles: list[Role | str], head: list[Row]) -> int | None:
    """The column of the numbers: one that is named so and has them, else one that has them, else one named so."""
    share = {place: _share_of_phones(head, place) for place in range(len(headers))}
    named = [place for place, role in enumerate(roles) if role == Role.NUMBER]
    likely = [place for place in share if share[place] >= MOSTLY and not roles[place]]
    order = [place for place in named if share[place] >= MOSTLY] + likely + named
    return next(iter(order), next((place for place in share if share[place] >= MOSTLY), None))


def _share_of_phones(head: list[Row], place: int) -> float:
    cells = [cell for row in head if (cell := row.cells[place].strip())]
    return sum(bool(PHONE.fullmatch(cell)) for cell in cells) / len(cells) if cells else 0.0


def _has_text(head: list[Row], place: int) -> bool:
    return any(row.cells[place].strip() for row in head)
