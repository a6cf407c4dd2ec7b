"""The short form of an answer, as it stands in the list of questions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """`mark` is a modifier of `.state` (live: as it should be, person: it is not, waiting: not known, ended: neutral);
    `verdict` is the first words ("Yes."), `figure` the short figure at the end of the row, `source` how it is known.
    """

    mark: str
    verdict: str
    sentence: str
    figure: str
    source: str


def counted(count: int, one: str, many: str = "") -> str:
    """`1 call`, `1,204 calls`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
