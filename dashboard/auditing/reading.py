"""Who read or heard this? Transcripts, recordings and exports of a client's calls, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from dashboard.auditing.answers import Answer, counted
from dashboard.auditing.periods import Period
from tenants.audit.messages import sentence
from tenants.models import AuditEntry

TRANSCRIPTS = ("call.transcript-read", "transcript.read")
RECORDINGS = ("call.recording-opened",)
EXPORTS = ("calls.exported", "caller-id.exported", "list.exported", "evidence.exported")
READING = (*TRANSCRIPTS, *RECORDINGS, *EXPORTS)
SHOWN = 200


@dataclass(frozen=True)
class Reader:
    """One person, by the name that the trail has: staff stand there with their company."""

    name: str
    transcripts: int
    recordings: int
    exports: int
    last_entry: int


@dataclass(frozen=True)
class Reading:
    """One entry of the trail."""

    entry: AuditEntry
    sentence: str


@dataclass(frozen=True)
class ReadingAnswer:
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
    return _short(readers_of(entries_of(period)))


def answer(period: Period, call: UUID | None = None) -> ReadingAnswer:
    found = entries_of(period, call)
    readers = readers_of(found)
    newest = list(found.order_by("-at", "-id")[: SHOWN + 1])
    return ReadingAnswer(
        _short(readers), readers, [Reading(entry, sentence(entry)) for entry in newest[:SHOWN]], len(newest) > SHOWN
    )


def readers_of(found: QuerySet[AuditEntry]) -> list[Reader]:
    rows = (
        found.order_by()
        .values("actor")
        .annotate(
            transcripts=Count("pk", filter=Q(action__in=TRANSCRIPTS)),
            recordings=Count("pk", filter=Q(action__in=RECORDINGS)),
            exports=Count("pk", filter=Q(action__in=EXPORTS)),
            last=Max("seq"),
        )
        .order_by("-transcripts", "-recordings", "actor")
    )
    return [
        Reader(row["actor"], row["transcripts"], row["recordings"], row["exports"], row["last"]) for row in rows[:SHOWN]
    ]


def _short(readers: list[Reader]) -> Answer:
    source = "From the audit trail; the same transcript again within an hour is one entry"
    if not readers:
        return Answer("ended", "Nobody.", "No transcript, recording or export is in the trail.", "0 people", source)
    transcripts, recordings = sum(row.transcripts for row in readers), sum(row.recordings for row in readers)
    exports = sum(row.exports for row in readers)
    parts = [
        counted(count, noun)
        for count, noun in ((transcripts, "transcript"), (recordings, "recording"), (exports, "export"))
        if count
    ]
    people = counted(len(readers), "person", "people")
    return Answer("ended", f"{people}.", f"They opened {_listed(parts)}.", people, source)


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)
