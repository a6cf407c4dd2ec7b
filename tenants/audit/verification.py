"""Verify the audit trail: each chain row by row, and against the signed heads."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import F, Func, QuerySet, TextField, Value

from tenants.audit.log import RESELLER
from tenants.isolation import scope
from tenants.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from tenants.audit.checkpoints import Checkpoints

EMPTY = b""
CLOCK_TOLERANCE = timedelta(hours=1)  # between the clock of an entry and the clock of a checkpoint


@dataclass(frozen=True)
class Broken:
    """The first entry of a chain that does not follow from the previous one."""

    chain: str
    seq: int
    reason: str


def link(before: bytes, seq: int, chain: str, action: str, body: str, pk: int | None = None) -> bytes:
    """The hash of one entry, byte for byte as the trigger computes it; without `pk` as version 0.1 did."""
    end = "" if pk is None else f"\n{pk}"
    return hashlib.sha256(before + f"{seq}\n{chain}\n{action}\n{body}{end}".encode()).digest()


class Row(NamedTuple):
    """The columns of one entry. `moment` is its time as text, in UTC with microseconds: as most bodies have it."""

    pk: int
    chain: str
    seq: int
    hash: bytes
    moment: str
    actor_id: int | None
    actor: str
    action: str
    subject: str
    body: str
    tenant_id: int | None

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.moment)


COLUMNS = [name for name in Row._fields if name != "moment"]
MOMENT = Func(
    Func(Value("UTC"), F("at"), function="timezone"),
    Value('YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    function="to_char",
    output_field=TextField(),
)


def disagreement(row: Row) -> str:
    """The first column that differs from the body, or ""."""
    try:
        facts = json.loads(row.body)
        if facts["at"] != row.moment and datetime.fromisoformat(facts["at"]) != row.at:
            return "at"
        expected = (facts["by"], facts["actor"], facts["action"], facts["subject"])
    except (ValueError, TypeError, KeyError):
        return "body"
    if expected != (row.actor_id, row.actor, row.action, row.subject):
        names = ("actor_id", "actor", "action", "subject")
        return next(name for name, value in zip(names, expected, strict=True) if getattr(row, name) != value)
    chain = RESELLER if row.tenant_id is None else f"tenant-{row.tenant_id}"
    return "" if row.chain == chain else "chain"


def _follows(row: Row, before: bytes) -> bool:
    content = (before, row.seq, row.chain, row.action, row.body)
    return row.hash == link(*content, row.pk) or row.hash == link(*content)


@scope.requires_scope
def verify(
    chains: Collection[str] | None = None, published: Checkpoints | None = None, *, after: int = 0
) -> Iterator[Broken]:
    """Check every chain in scope, or the given ones, and yield the first broken entry of each.

    `after`: of one chain, check what follows this entry, which is taken as it is.

    Chains are compared with their heads in the database and, if given, with checkpoints: only these show a chain that
    was rewritten as a whole.
    """
    among = {} if chains is None else {"chain__in": chains}
    heads = {head.chain: head for head in AuditHead.objects.filter(**among)}
    signed = published.heads if published else {}
    marks = {chain: sorted((seq, when) for seq, (_, when) in heads.items()) for chain, heads in signed.items()}
    at: dict[str, tuple[int, bytes]] = _start(chains, after)
    held: dict[str, int] = {}  # the last entry of each chain that agrees with a checkpoint
    broken: set[str] = set()
    for row in _rows(AuditEntry.objects.filter(**among, seq__gt=after)):
        chain, seq, digest = row.chain, row.seq, row.hash
        if chain in broken:
            continue
        last, before = at.get(chain, (0, EMPTY))
        reason = ""
        if seq != last + 1:
            reason = f"entry {last + 1} is missing"
        elif not _follows(row, before):
            reason = "its hash does not follow from its content and the entry before it"
        elif column := disagreement(row):
            reason = f"its columns do not agree with its body: {column}"
        elif (checkpoint := signed.get(chain, {}).get(seq)) is not None:
            if checkpoint[0] != digest:
                first = held.get(chain, 0) + 1
                reason = f"it is not what was signed at {checkpoint[1]}: an entry from {first} on was changed"
            held[chain] = seq
        reason = reason or _wrong_time(row, marks.get(chain, []))
        if reason:
            broken.add(chain)
            yield Broken(chain, seq, reason)
        at[chain] = (seq, digest)
    for chain in sorted({*heads, *at, *(signed if chains is None else set(signed) & set(chains))} - broken):
        seq, digest = at.get(chain, (0, EMPTY))
        head, last_signed = heads.get(chain), max(signed.get(chain, {}), default=0)
        if last_signed > seq:
            yield Broken(chain, seq + 1, f"the chain ends before entry {last_signed}, which was signed")
        elif head is None or head.seq != seq or bytes(head.hash) != digest:
            yield Broken(chain, seq + 1, "the chain ends before its head")


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[Row]:
    """In the order of their chains. Plain values: making objects of them takes longer than hashing them."""
    found = entries.order_by("chain", "seq").values_list(*COLUMNS[:4], MOMENT, *COLUMNS[4:])
    for pk, chain, seq, digest, *rest in found.iterator(chunk_size=2000):
        yield Row(pk, chain, seq, bytes(digest), *rest)


def _start(chains: Collection[str] | None, after: int) -> dict[str, tuple[int, bytes]]:
    """Sequence number and hash of the entry that the check begins after, by chain."""
    if not after:
        return {}
    starts = AuditEntry.objects.filter(chain__in=chains or [], seq=after).values_list("chain", "hash")
    return {chain: (after, bytes(digest)) for chain, digest in starts}


def _wrong_time(entry: Row, marks: list[tuple[int, str]]) -> str:
    """What is wrong with the time of an entry: it lies between the checkpoints before and after the entry, or "".

    Nothing else proves that time. `marks` are the checkpoints of the chain, in order.
    """
    if not marks:
        return ""
    following = bisect_left(marks, entry.seq, key=lambda mark: mark[0])
    if following and entry.at < signed_moment(marks[following - 1][1]) - CLOCK_TOLERANCE:
        seq, when = marks[following - 1]
        return f"it says {entry.at:%Y-%m-%d %H:%M} UTC, and was appended after entry {seq} was signed at {when}"
    if following < len(marks) and entry.at > signed_moment(marks[following][1]) + CLOCK_TOLERANCE:
        seq, when = marks[following]
        return f"it says {entry.at:%Y-%m-%d %H:%M} UTC, and entry {seq} was signed at {when} already"
    return ""


def signed_moment(when: str) -> datetime:
    return datetime.strptime(when, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
