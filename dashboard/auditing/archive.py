"""The evidence about one client and period as an archive that can be verified without Patchbay.

Tables as CSV and a summary to print; the entries of the trail and the checkpoints as they were signed; a list of
hashes, signed with the key that signs the checkpoints.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string

from dashboard.auditing import access, caller_id, reading, trail
from dashboard.auditing.periods import Period
from dashboard.calls.caller_id import report
from dashboard.ui import pagination
from tenants import spreadsheets
from tenants.audit import checkpoints
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AssistantDedication, AuditEntry, NumberDedication, Person

MOST_CALLS, CHUNK = 100_000, 1000
OpenScope = Callable[[], AbstractContextManager[None]]
README, VERIFIER = "auditing/evidence_readme.txt", "auditing/verify_trail.py.txt"
DEDICATIONS = ["What", "Number or assistant", "Assigned from", "Assigned until", "By", "Ended by"]
PEOPLE = ["Person", "Address", "Role", "Since", "Until", "Side"]
READINGS = ["Entry", "Time", "Person", "What"]
ENTRIES = ["Entry", "Time", "Person", "Action", "In words", "Hash"]


class Archive:
    """A ZIP file whose members are hashed while they are written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.hashes: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with self.zip.open(name, "w", force_zip64=True) as member:
            for chunk in chunks:
                digest.update(chunk)
                member.write(chunk)
        self.hashes[name] = digest.hexdigest()

    def table(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Adds `name`.csv."""
        self.add(f"{name}.csv", spreadsheets.chunks(head, rows, spreadsheets.Format.COMMA))

    def text(self, name: str, text: str) -> None:
        self.add(name, [text.encode()])

    def close(self) -> str:
        """Adds the list of hashes and its signature; returns the hash of that list."""
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.hashes.items())).encode()
        self.zip.writestr("SHA256SUMS", listed)
        try:
            self.zip.writestr("SHA256SUMS.sig", checkpoints.sign(listed))
            self.zip.writestr("public_key.pem", checkpoints.public_key_pem())
        except checkpoints.NoSigningKey:
            pass  # README.txt says what holds the list instead: its hash in the audit trail, which is signed elsewhere
        self.zip.close()
        return hashlib.sha256(listed).hexdigest()


def count_calls(period: Period) -> int:
    """How many calls the archive would have, counted up to one more than it may have."""
    return caller_id.calls_of(period).order_by()[: MOST_CALLS + 1].count()


def write(file: IO[bytes], period: Period, *, by: str, sees_all: bool, open_scope: OpenScope) -> str:
    """Writes the archive; returns the hash of its list of hashes. Each table is read in scopes of its own."""
    archive = Archive(file)
    with open_scope():
        people = access.answer(period, sees_all=sees_all)
        facts = summary(period, people) | {"by": by, "sees_all": sees_all, "is_signed": bool(settings.AUDIT_KEY)}
        archive.text("summary.html", render_to_string("auditing/summary.html", facts))
        archive.text("README.txt", render_to_string(README, facts))
        archive.text("verify_trail.py", render_to_string(VERIFIER))
        archive.table("dedications", DEDICATIONS, dedications(period))
        archive.table("access", PEOPLE, _people(period, people))
    archive.table("calls", report.HEAD, report.rows(caller_id.calls_of(period), period.zone, open_scope))
    archive.table("read-or-heard", READINGS, _readings(period, open_scope))
    archive.table("trail", ENTRIES, _entries(period, open_scope))
    archive.add("trail.jsonl", _exact_entries(period, open_scope))
    archive.add("checkpoints.jsonl", _checkpoints(period, whole=sees_all))
    return archive.close()


def _checkpoints(period: Period, *, whole: bool) -> Iterator[bytes]:
    """The checkpoints as they were signed; or not `whole`: what they say of this client's chain alone.

    A whole line names the chains of all clients, which an auditor of some of them may not see.
    """
    first, last = period.days_in_utc
    for line in checkpoints.lines(first, last + timedelta(days=1)):  # the first one after it has its last entries
        if whole:
            yield f"{line}\n".encode()
            continue
        facts, chain = json.loads(line), trail.chain_of(period)
        if chain in facts["heads"]:
            yield json.dumps({"at": facts["at"], "heads": {chain: facts["heads"][chain]}}).encode() + b"\n"


def summary(period: Period, people: access.AccessAnswer) -> dict[str, object]:
    """What the printed summary says: every answer."""
    first, last = trail.entries_in(period)
    return {
        "period": period,
        "made_at": period.asked_at.astimezone(period.zone),
        "caller_id": caller_id.answer(period),
        "reading": reading.answer(period),
        "trail": trail.answer(period),
        "access": people,
        "first_entry": first,
        "last_entry": last,
        "chain": trail.chain_of(period),
    }


@scope.requires_scope
def dedications(period: Period) -> Iterator[list[object]]:
    """Every number and assistant that was dedicated to the client at some moment of the period."""
    overlapping = Q(tenant=period.client, period__overlap=(period.begins, period.ends), withdrawn_at=None)
    names = dict(Person.objects.values_list("pk", "name"))

    def moment(at: datetime | None) -> str:
        return at.astimezone(period.zone).isoformat(timespec="seconds") if at else "still"

    for number in NumberDedication.objects.filter(overlapping).order_by("period"):
        yield ["Number", number.e164, *_when(number, moment, names)]
    for assistant in AssistantDedication.objects.filter(overlapping).select_related("assistant").order_by("period"):
        yield ["Assistant", assistant.assistant.name, *_when(assistant, moment, names)]


def _when(
    dedication: NumberDedication | AssistantDedication, moment: Callable[[datetime | None], str], names: dict[int, str]
) -> list[object]:
    made, ended = names.get(dedication.made_by_id or 0, "Patchbay"), names.get(dedication.ended_by_id or 0, "")
    return [moment(dedication.period.lower), moment(dedication.period.upper), made, ended]


def _people(period: Period, found: access.AccessAnswer) -> Iterator[list[object]]:
    def moment(at: datetime | None, otherwise: str) -> str:
        return at.astimezone(period.zone).isoformat(timespec="seconds") if at else otherwise

    sides = [(period.client.name, found.team), ("Reseller", found.staff or [])]
    for side, people in sides:
        for one in people:
            began = moment(one.since, "before the trail began")
            yield [one.person, one.email, one.role, began, moment(one.until, "still"), side]
    for visit in found.visits:
        name = getattr(visit, "visitor", "")
        yield [name, "", "Entered", moment(visit.started_at, ""), moment(visit.ended_at, "still"), "Reseller"]


def _readings(period: Period, open_scope: OpenScope) -> Iterator[list[object]]:
    for chunk in pagination.in_chunks(reading.entries_of(period), CHUNK, open_scope, moment="at"):
        for entry in chunk:
            yield [entry.seq, _local(entry, period), entry.actor, sentence(entry)]


def _entries(period: Period, open_scope: OpenScope) -> Iterator[list[object]]:
    for entry in _in_order(period, open_scope):
        words = sentence(entry)
        yield [entry.seq, _local(entry, period), entry.actor, entry.action, words, bytes(entry.hash).hex()]


def _exact_entries(period: Period, open_scope: OpenScope) -> Iterator[bytes]:
    """One JSON object a line, with everything that the hash of an entry covers; the first line is the hash before."""
    first, _ = trail.entries_in_scope(period, open_scope)
    with open_scope():
        before = AuditEntry.objects.filter(tenant=period.client, seq=first - 1).first()
    start = {"chain": trail.chain_of(period), "before": bytes(before.hash).hex() if before else ""}
    yield json.dumps(start).encode() + b"\n"
    for entry in _in_order(period, open_scope):
        facts = {
            "id": entry.pk,
            "seq": entry.seq,
            "action": entry.action,
            "body": entry.body,
            "hash": bytes(entry.hash).hex(),
        }
        yield json.dumps(facts, ensure_ascii=False).encode() + b"\n"


def _in_order(period: Period, open_scope: OpenScope) -> Iterator[AuditEntry]:
    """The entries from the first to the last of the period, by number."""
    first, last = trail.entries_in_scope(period, open_scope)
    while first and first <= last:
        with open_scope():
            chunk = list(
                AuditEntry.objects.filter(tenant=period.client, seq__gte=first, seq__lte=last).order_by("seq")[:CHUNK]
            )
        yield from chunk
        first = chunk[-1].seq + 1 if chunk else last + 1


def _local(entry: AuditEntry, period: Period) -> str:
    return entry.at.astimezone(period.zone).isoformat(timespec="seconds")
