"""Who read or heard this? Transcripts, recordings and exports of a client's calls, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.db.models.functions import Concat

from dashboard.auditing.answers import Answer, counted
from dashboard.auditing.periods import Period
from tenants.audit.messages import sentence
from tenants.models import AuditEntry

TRANSCRIPTS = ("call.transcript-read", "transcript.read")
RECORDINGS = ("call.recording-opened",)
EXPORTS = ("calls.exported", "campaign.exported", "caller-id.exported", "list.exported", "evidence.exported")
LISTS = ("calls.summaries-read", "calls.words-seen")  # summaries in a list, last sentences on the live board
READING = (*TRANSCRIPTS, *RECORDINGS, *LISTS, *EXPORTS)
SHOWN = 200
COUNTS = {
    kind: Count("pk", filter=Q(action__in=actions))
    for kind, actions in (
        ("transcripts", TRANSCRIPTS),
        ("recordings", RECORDINGS),
        ("lists", LISTS),
        ("exports", EXPORTS),
    )
}


@dataclass(frozen=True)
class Reader:
    """One person, by the name that the trail has: staff stand there with their company."""

    name: str
    transcripts: int
    recordings: int
    lists: int
    exports: int


@dataclass(frozen=True)
class Reading:
    """One entry of the trail."""

    entry: AuditEntry
    sentence: str


@dataclass(frozen=True)
class ReadingAnswer:
    """`readers` are the `SHOWN` who read most."""

    short: Answer
    readers: list[Reader]
    readings: list[Reading]
    is_cut: bool


def entries_of(period: Period, call: UUID | None = None) -> QuerySet[AuditEntry]:
    """Of the period; or of one call, whenever it was."""
    found = AuditEntry.objects.filter(tenant=period.client, action__in=READING)
    if call is not None:
        return found.filter(subject__in=[f"call:{call}", f"callreport:{call}"])
    return found.filter(at__gte=period.begins, at__lt=period.ends)


def short(period: Period) -> Answer:
    return _short(entries_of(period))


def answer(period: Period, call: UUID | None = None) -> ReadingAnswer:
    found = entries_of(period, call)
    newest = list(found.order_by("-at", "-id")[: SHOWN + 1])
    return ReadingAnswer(
        _short(found),
        readers_of(found),
        [Reading(entry, sentence(entry)) for entry in newest[:SHOWN]],
        len(newest) > SHOWN,
    )


def readers_of(found: QuerySet[AuditEntry]) -> list[Reader]:
    """By user and name, since two people may have one name."""
    rows: QuerySet[Any] = found.order_by().values("actor_id", "actor").annotate(**COUNTS)
    return [
        Reader(row["actor"], row["transcripts"], row["recordings"], row["lists"], row["exports"])
        for row in rows.order_by("-transcripts", "-recordings", "actor")[:SHOWN]
    ]


def _short(found: QuerySet[AuditEntry]) -> Answer:
    source = "From the audit trail; the same again within an hour is one entry"
    totals = found.order_by().aggregate(
        people=Count(Concat("actor_id", Value(" "), "actor", output_field=CharField()), distinct=True), **COUNTS
    )
    if not totals["people"]:
        words = "No transcript, recording, list with summaries or export is in the trail."
        return Answer("ended", "Nobody.", words, "0 people", source)
    nouns = (("transcripts", "transcript"), ("recordings", "recording"), ("lists", "list"), ("exports", "export"))
    parts = [counted(totals[kind], noun) for kind, noun in nouns if totals[kind]]
    people = counted(totals["people"], "person", "people")
    return Answer("ended", f"{people}.", f"They opened {_listed(parts)}.", people, source)


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)
