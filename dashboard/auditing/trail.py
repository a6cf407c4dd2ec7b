"""Was the trail changed? Each entry holds the hash of the one before it, and the last ones are signed outside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db.models import Max, Min

from dashboard.auditing.answers import Answer, counted
from dashboard.auditing.periods import Period
from tenants.audit import checkpoints, verification
from tenants.auditor_admin.read_only_admin import format_moment
from tenants.isolation import scope
from tenants.models import AuditEntry, AuditHead

MOST_VERIFIED = 20_000  # entries checked while the page is made
OF_SUMMARY = 2_000


@dataclass(frozen=True)
class TrailAnswer:
    """`first` to `last` are the entries that were checked, `length` all that the chain has."""

    short: Answer
    first: int
    last: int
    length: int
    checkpoints: int
    signed_entry: int
    signed_at: str  # in the client's time zone, which it names
    broken: verification.Broken | None
    problems: list[str]


def chain_of(period: Period) -> str:
    return f"tenant-{period.client.pk}"


def short(period: Period) -> Answer:
    return answer(period, most=OF_SUMMARY).short


def answer(period: Period, *, most: int = MOST_VERIFIED) -> TrailAnswer:
    """Checks the chain from the period on, or as many of its newest entries as `most` says."""
    chain = chain_of(period)
    head = AuditHead.objects.filter(chain=chain).first()
    if head is None:
        return _empty(period)
    after = _start(period, chain, head.seq, most)
    signed = checkpoints.load(since=period.days_in_utc[0]) if after else checkpoints.load()
    broken = next(verification.verify([chain], signed, after=after), None)
    entry, (_, signed_at) = max(signed.of(chain).items(), default=(0, (b"", "")))
    when = format_moment(verification.signed_moment(signed_at), period.zone, seconds=False) if signed_at else ""
    problems = signed.problems
    return TrailAnswer(
        _short(broken, problems, head.seq - after, entry, when),
        after + 1,
        head.seq,
        head.seq,
        signed.lines,
        entry,
        when,
        broken,
        problems,
    )


def _start(period: Period, chain: str, length: int, most: int) -> int:
    """The entry after which the check begins: none if the chain is short, else the last one before the period."""
    if length <= most:
        return 0
    first = AuditEntry.objects.filter(chain=chain, at__gte=period.begins).aggregate(first=Min("seq"))["first"]
    return max(length - most, (first or length) - 1)


@scope.requires_scope
def entries_in(period: Period) -> tuple[int, int]:
    """The first and the last entry of the period; zeros when it has none."""
    found = AuditEntry.objects.filter(tenant=period.client, at__gte=period.begins, at__lt=period.ends)
    span = found.aggregate(first=Min("seq"), last=Max("seq"))
    return span["first"] or 0, span["last"] or 0


def entries_in_scope(period: Period, open_scope: Callable[[], AbstractContextManager[None]]) -> tuple[int, int]:
    with open_scope():
        return entries_in(period)


def _empty(period: Period) -> TrailAnswer:
    words = f"Nothing was done in {period.client.name} yet."
    return TrailAnswer(Answer("ended", "No entry.", words, "0 entries", ""), 0, 0, 0, 0, 0, "", None, [])


def _short(
    broken: verification.Broken | None, problems: list[str], checked: int, signed_entry: int, when: str
) -> Answer:
    signed = f"signed outside up to entry {signed_entry:,} at {when}" if signed_entry else "not signed outside"
    source = f"Checked just now; {signed}"
    if broken:
        return Answer("person", "It was.", f"Entry {broken.seq:,}: {broken.reason}.", "Changed", source)
    if problems:
        return Answer("person", "The signed copies were changed.", problems[0], "Changed", source)
    entries = counted(checked, "entry", "entries")
    if not signed_entry:
        words = f"{entries} follow from one another. Nothing outside confirms it: no checkpoint was signed."
        return Answer("waiting", "As far as is known, no.", words, "No", source)
    words = f"{entries} follow from one another, and agree with the signed copies outside of the database."
    return Answer("live", "No.", words, "No", source)
