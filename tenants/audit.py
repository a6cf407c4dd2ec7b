"""Say what was done, by whom, to what: in the same transaction, append-only, chained."""

from __future__ import annotations

import contextvars
import hashlib
import json
from bisect import bisect_left
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.utils import timezone

from tenants.models import AuditEntry, AuditHead, Tenant, User

if TYPE_CHECKING:
    from tenants.heads import Published

RESELLER = "reseller"
EMPTY = b""
ONCE = timedelta(hours=1)
CLOCKS_DIFFER = timedelta(hours=1)  # between whoever writes an entry and whoever signs the heads, at the very most


@dataclass(frozen=True)
class _Known:
    pk: int
    words: str
    facts: dict[str, Any]


_known_as: contextvars.ContextVar[_Known | None] = contextvars.ContextVar("known as", default=None)


@contextmanager
def as_somebody(pk: int, words: str, **facts: Any) -> Iterator[None]:
    """Entries of this person, written meanwhile, have these words for its name and these facts beside."""
    token = _known_as.set(_Known(pk, words, facts))
    try:
        yield
    finally:
        _known_as.reset(token)


def record(
    by: User | None, tenant: Tenant | None, action: str, subject: Model | str = "", **details: Any
) -> AuditEntry:
    """Write one entry, and return it. `by` None is Patchbay itself; `tenant` None is the reseller's own chain.

    Entries of one transaction belong to one tenant and come last: the chain stays locked until the commit.
    `details` are plain values (text, numbers, lists of them); never secrets.
    """
    at, actor = timezone.now(), str(by) if by else "Patchbay"
    if by and (known := _known_as.get()) and known.pk == by.pk:
        actor, details = known.words[:200], details | known.facts
    name = _named(subject)
    chain = f"tenant-{tenant.pk}" if tenant else RESELLER
    facts = {
        "at": at.isoformat(),
        "by": by.pk if by else None,
        "actor": actor,
        "action": action,
        "subject": name,
        "details": details,
    }
    entry = AuditEntry(
        chain=chain,
        body=json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str),
        tenant=tenant,
        at=at,
        actor_id=by.pk if by else None,
        actor=actor,
        action=action,
        subject=name,
    )
    AuditEntry.objects.bulk_create([entry])
    return entry


def record_once(by: User, tenant: Tenant | None, action: str, subject: Model, **details: Any) -> None:
    """The same for what is only looked at: one entry for each person and thing within the hour.

    A page that asks for itself anew every second must not flood the trail; that somebody read is told either way.
    """
    name, since = _named(subject), timezone.now() - ONCE
    mine = AuditEntry.objects.filter(subject=name, action=action, actor_id=by.pk, at__gt=since)
    if not mine.filter(tenant=tenant).exists():
        record(by, tenant, action, subject, **details)


def _named(subject: Model | str) -> str:
    return subject if isinstance(subject, str) else f"{subject._meta.model_name}:{subject.pk}"


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


TRIGGER = """
CREATE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO tenants_audithead (chain, seq, hash) VALUES (NEW.chain, 0, ''::bytea) ON CONFLICT DO NOTHING;
  UPDATE tenants_audithead h SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(
      (h.seq + 1) || E'\\n' || NEW.chain || E'\\n' || NEW.action || E'\\n' || NEW.body, 'UTF8'))
    WHERE h.chain = NEW.chain RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_link BEFORE INSERT ON tenants_auditentry FOR EACH ROW EXECUTE FUNCTION audit_link();
CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE ON tenants_auditentry
  FOR EACH ROW EXECUTE FUNCTION audit_stands();
"""
