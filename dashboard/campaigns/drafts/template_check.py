"""The instructions of a draft, held against the columns of its file: what is filled in, for how many it is empty."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from django.db.models import Count, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.functions.text import Trim

from dashboard.calls.placing.spoken_text import has_broken_variable
from dashboard.calls.placing.variables import names_in
from dashboard.campaigns.drafts import queries
from dashboard.campaigns.lead_files import columns
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from tenants.isolation import scope

MOST = 20  # variables that are looked at
BROKEN = "Braces are left over: write a value as {{name}}, with letters, digits and _ between two braces on both sides."


@dataclass(frozen=True)
class VariableUse:
    """A variable of the instructions. `column` is the head of its column; without one the file has no such value.

    `empty` of the `people` who will be called have no value; `instead` is what they get. `guess` is what may be meant;
    where a column of the file has the head `name`, `head` is that, and `guess` how the instructions write it.
    """

    name: str
    column: str | None
    people: int = 0
    empty: int = 0
    instead: str = ""
    guess: str = ""
    head: str = ""

    @property
    def is_unknown(self) -> bool:
        return self.column is None

    @property
    def is_missing(self) -> bool:
        """Somebody would get nothing in its place."""
        return not self.instead and (self.is_unknown or self.empty > 0)


def columns_of(file: CampaignFile | None) -> dict[str, str]:
    """By the name of a variable, the head of its column in the file."""
    if file is None:
        return {}
    kept = columns.read(file.columns, len(file.headers))
    return {column.variable: head for column, head in zip(kept, file.headers, strict=True) if column.variable}


@scope.requires_scope
def uses(draft: CampaignDraft, file: CampaignFile | None, template: str, people: int) -> list[VariableUse]:
    """In the order of the text. One query when somebody will be called. Without a file nothing is unknown yet."""
    names, known = names_in([template])[:MOST], columns_of(file)
    empty = _empty(draft, [name for name in names if name in known]) if people else {}
    return [
        VariableUse(
            name,
            known.get(name) if file else "",
            people,
            empty.get(name, 0) if name in known else people,
            draft.instead.get(name, ""),
            *_guess(name, known),
        )
        for name in names
    ]


def broken(template: str) -> str:
    """What is wrong with the braces of a text, or ""."""
    return BROKEN if has_broken_variable(template) else ""


def _empty(draft: CampaignDraft, names: list[str]) -> dict[str, int]:
    """How many of those who will be called have nothing for each of these."""
    counts = {f"empty_{at}": Count("pk", filter=Q(**{f"value_{at}": ""})) for at in range(len(names))}
    values = {
        f"value_{at}": Trim(Coalesce(KeyTextTransform(name, "variables"), Value("", TextField())))
        for at, name in enumerate(names)
    }
    found = queries.ready(draft).order_by().alias(**values).aggregate(**counts) if names else {}
    return {name: found[f"empty_{at}"] for at, name in enumerate(names)}


def renamed(name: str, known: dict[str, str]) -> tuple[str, str] | None:
    """How the instructions write the column of the file that is called so there, and its head; else None."""
    wanted = columns.variable_name(name, 0)
    heads = ((variable, head) for variable, head in known.items() if columns.variable_name(head, -1) == wanted)
    return None if name in known else next(heads, None)


def _guess(name: str, known: dict[str, str]) -> tuple[str, str]:
    """What may be meant, and the head of its column where the name is that."""
    if name in known:
        return "", ""
    return renamed(name, known) or (next(iter(difflib.get_close_matches(name, known, 1)), ""), "")
