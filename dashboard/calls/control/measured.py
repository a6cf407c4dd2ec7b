"""How often commands were confirmed here, by the family of the model, beside what VoiceDock documents of them.

Counted are the newest receipts of the last 30 days, at most `MOST` of each kind: as much work in a table of any size.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from dashboard.calls.models import Receipt
from dashboard.voicedock import CommandType
from dashboard.voicedock.capabilities import Family, badge
from dashboard.voicedock.commands import label
from tenants.isolation import scope
from tenants.models import Tenant

DAYS = 30
MOST = 100  # receipts of one family and command
ARRIVED = [Receipt.Outcome.ACCEPTED, Receipt.Outcome.UNKNOWN]  # as the condition of the indexes that this reads
MOST_OF_CLIENT = 1_000  # receipts of one client that are counted by assistant
FEW = 5  # receipts; fewer say nothing about a model
GOOD, POOR = 0.8, 0.5


@dataclass(frozen=True)
class Figures:
    """Of one family and command. `open` are those of which nothing shows whether they worked."""

    command: str
    confirmed: int = 0
    failed: int = 0
    accepted: int = 0
    unanswered: int = 0

    @property
    def total(self) -> int:
        return self.accepted + self.unanswered

    @property
    def known(self) -> int:
        return self.confirmed + self.failed

    @property
    def open(self) -> int:
        return self.total - self.known

    @property
    def is_never_reported(self) -> bool:
        """VoiceDock never reports whether context was used, so nothing confirms it."""
        return self.command == CommandType.INJECT_CONTEXT

    @property
    def words(self) -> str:
        """`confirmed 17 of 20 in 30 days`; of context, which nothing confirms, how often it was accepted."""
        return self._words(f" in {DAYS} days")

    @property
    def tone(self) -> str:
        """As the captions of what VoiceDock documents; none where too few were sent."""
        part, whole = (self.accepted, self.total) if self.is_never_reported else (self.confirmed, self.known)
        if whole < FEW:
            return ""
        return "works" if part >= GOOD * whole else "maybe" if part >= POOR * whole else "poor"

    @property
    def line(self) -> str:
        """`Say confirmed 2 of 20`, where the period stands before it."""
        return f"{label(self.command)} {self._words('')}"

    def _words(self, period: str) -> str:
        if not self.total:
            return f"not sent{period}"
        if self.is_never_reported:
            return f"accepted {self.accepted} of {self._of(self.total, period)}"
        if not self.known:
            return f"none confirmed yet of {self._of(self.total, period)}"
        more = f", {self.open} more not known" if self.open else ""
        return f"confirmed {self.confirmed} of {self._of(self.known, period)}{more}"

    def _of(self, count: int, period: str) -> str:
        return f"the last {count}" if self.total >= MOST else f"{count}{period}"


Measured = Mapping[str, Mapping[str, Figures]]  # by family and command


@scope.requires_scope
def of_client(tenant: Tenant, families: Iterable[str]) -> Measured:
    """Of the receipts of one client, in one query."""
    return _figures(Receipt.objects.filter(tenant=tenant), families)


@scope.requires_scope
def of_all_clients() -> Measured:
    """Of everybody's receipts, in one query. Inside a scope that reaches all clients."""
    return _figures(Receipt.objects.all(), Family)


def summary(family: str, measured: Mapping[str, Figures]) -> str:
    """`Pipeline here in 30 days: Say confirmed 2 of 20 · …`, of all assistants of the family; "" for nothing sent."""
    sent = [one.line for one in measured.values() if one.total]
    return f"{badge(family).label} here in {DAYS} days: {' · '.join(sent)}" if sent else ""


@scope.requires_scope
def confirmed_by_assistant(tenant: Tenant) -> dict[int, str]:
    """`61 of 67` by the id of the assistant's dedication: commands that were confirmed, of those that are known.

    Context, which nothing confirms, is left out. Of the newest receipts of one client, in one query.
    """
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    sent = Receipt.objects.filter(tenant=tenant, outcome__in=ARRIVED, asked_at__gte=_since()).order_by("-asked_at")
    sent = sent.exclude(command=CommandType.INJECT_CONTEXT)
    for pk, *columns in sent.values_list("call__assistant_dedication", "command", "outcome", "effect")[:MOST_OF_CLIENT]:
        counts[pk].update(_counted(*columns))
    known = {pk: (found["confirmed"], found["confirmed"] + found["failed"]) for pk, found in counts.items()}
    return {pk: f"{confirmed:,} of {whole:,}" for pk, (confirmed, whole) in known.items() if whole}


def rows(receipts: QuerySet[Receipt], families: Iterable[str]) -> QuerySet[Receipt, tuple[str, ...]]:
    """The newest receipts of each family and command, as rows of family, command, outcome and effect."""
    parts = [
        receipts.filter(family=family, command=command, outcome__in=ARRIVED, asked_at__gte=_since())
        .order_by("-asked_at")
        .values_list("family", "command", "outcome", "effect")[:MOST]
        for family in families
        for command in CommandType
    ]
    first, *others = parts
    return first.union(*others, all=True)


def _figures(receipts: QuerySet[Receipt], families: Iterable[str]) -> Measured:
    wanted = list(dict.fromkeys(map(str, families)))
    if not wanted:
        return {}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for family, command, outcome, effect in rows(receipts, wanted):
        counts[family, command].update(_counted(command, outcome, effect))
    return {
        family: {command: Figures(command, **counts[family, command]) for command in CommandType} for family in wanted
    }


def _since() -> datetime:
    return timezone.now() - timedelta(days=DAYS)


def _counted(command: str, outcome: str, effect: str) -> dict[str, int]:
    """What one receipt counts as."""
    unanswered = outcome == Receipt.Outcome.UNKNOWN and effect != Receipt.Effect.CONFIRMED
    is_silent = unanswered and not effect and command != CommandType.INJECT_CONTEXT
    return {
        "unanswered" if unanswered else "accepted": 1,
        "confirmed": int(effect == Receipt.Effect.CONFIRMED),
        "failed": int(effect == Receipt.Effect.NOT_CONFIRMED or is_silent),
    }
