"""Verify the audit trail: each chain row by row, and against the signed heads."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tenants.audit.log import RESELLER
from tenants.isolation import scope
from tenants.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from tenants.audit.checkpoints import Published

EMPTY = b""
CLOCKS_DIFFER = timedelta(hours=1)  # between whoever writes an entry and whoever signs the heads, at the very most


@dataclass(frozen=True)
class Broken:
    """The first row of a chain that does not follow from the one before it."""

    chain: str
    seq: int
    reason: str


def link(before: bytes, seq: int, chain: str, action: str, body: str, pk: int | None = None) -> bytes:
    """The hash of one entry, byte for byte as the trigger computes it; without `pk` as it was in version 0.1."""
    end = "" if pk is None else f"\n{pk}"
    return hashlib.sha256(before + f"{seq}\n{chain}\n{action}\n{body}{end}".encode()).digest()


def disagreement(entry: AuditEntry) -> str:
    """The first column that does not say what the body says, or ""."""
    try:
        facts = json.loads(entry.body)
        told = {
            "at": datetime.fromisoformat(facts["at"]),
            "actor_id": facts["by"],
            "actor": facts["actor"],
            "action": facts["action"],
            "subject": facts["subject"],
        }
    except (ValueError, TypeError, KeyError):
        return "body"
    told["chain"] = RESELLER if entry.tenant_id is None else f"tenant-{entry.tenant_id}"
    return next((name for name, value in told.items() if getattr(entry, name) != value), "")


@scope.requires_scope
def verify(chains: Collection[str] | None = None, published: Published | None = None) -> Iterator[Broken]:
    """Walk every chain in scope, or these, and yield the first broken row of each; nothing when all hold.

    Held against the heads in the database and, where they are given, against those that were signed and carried away:
    only these show a chain that was written anew as a whole.
    """
    among = {} if chains is None else {"chain__in": chains}
    heads = {head.chain: head for head in AuditHead.objects.filter(**among)}
    signed = published.heads if published else {}
    marks = {chain: sorted((seq, when) for seq, (_, when) in heads.items()) for chain, heads in signed.items()}
    at: dict[str, tuple[int, bytes]] = {}
    held: dict[str, int] = {}  # the last entry of each chain that a signed head agrees with
    broken: set[str] = set()
    entries = AuditEntry.objects.filter(**among).order_by("chain", "seq")
    for entry in entries.iterator(chunk_size=2000):
        chain, seq, digest = entry.chain, entry.seq, entry.hash
        if chain in broken:
            continue
        last, before = at.get(chain, (0, EMPTY))
        reason, content = "", (before, seq, chain, entry.action, entry.body)
        if seq != last + 1:
            reason = f"entry {last + 1} is missing"
        elif bytes(digest) not in (link(*content, entry.pk), link(*content)):
            reason = "its hash does not follow from its content and the entry before it"
        elif column := disagreement(entry):
            reason = f"its columns do not agree with its body: {column}"
        elif (told := signed.get(chain, {}).get(seq)) is not None:
            if told[0] != bytes(digest):
                reason = (
                    f"it is not what was signed at {told[1]}: an entry from {held.get(chain, 0) + 1} on was changed"
                )
            held[chain] = seq
        reason = reason or _out_of_time(entry, marks.get(chain, []))
        if reason:
            broken.add(chain)
            yield Broken(chain, seq, reason)
        at[chain] = (seq, bytes(digest))
    for chain in sorted({*heads, *at, *(signed if chains is None else set(signed) & set(chains))} - broken):
        seq, digest = at.get(chain, (0, EMPTY))
        head, last_signed = heads.get(chain), max(signed.get(chain, {}), default=0)
        if last_signed > seq:
            yield Broken(chain, seq + 1, f"the chain ends before entry {last_signed}, which was signed")
        elif head is None or head.seq != seq or bytes(head.hash) != digest:
            yield Broken(chain, seq + 1, "the chain ends before its head")


def _out_of_time(entry: AuditEntry, marks: list[tuple[int, str]]) -> str:
    """What is wrong with its time: it was appended after the signed head before it, and before the one that covers it.

    Nothing else holds the time that an entry says of itself; `marks` are the signed heads of its chain, in order.
    """
    following = bisect_left(marks, entry.seq, key=lambda mark: mark[0])
    if following and entry.at < _moment(marks[following - 1][1]) - CLOCKS_DIFFER:
        seq, when = marks[following - 1]
        return f"it says {entry.at:%Y-%m-%d %H:%M} UTC, and was appended after entry {seq} was signed at {when}"
    if following < len(marks) and entry.at > _moment(marks[following][1]) + CLOCKS_DIFFER:
        seq, when = marks[following]
        return f"it says {entry.at:%Y-%m-%d %H:%M} UTC, and entry {seq} was signed at {when} already"
    return ""


def _moment(when: str) -> datetime:
    return datetime.strptime(when, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
