"""Items of VoiceDock's lists that could not be taken over: kept aside for staff, so that they stop no other item.

Only the id and the reason are kept: what the item holds may be words of a call.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.sync import text_lengths
from dashboard.sync.models import UnreadableItem
from tenants.isolation import scope
from tenants.models import Connection

log = structlog.get_logger()

MOST = 200  # rows of one connection
KEPT = timedelta(days=30)  # after the item was last met
Kind = UnreadableItem.Kind


@dataclass
class Items:
    """How the items of one sync run fared: `failed` are the reasons by (kind, id)."""

    connection: Connection
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)

    @contextmanager
    def each(self, kind: Kind, remote_id: str) -> Iterator[None]:
        """Take over one item. Its failure is kept and goes no further; that of the database itself is raised.

        Inside an open scope the item has a savepoint of its own.
        """
        try:
            if scope.current():
                with transaction.atomic():
                    yield
            else:
                yield
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            reason = _reason(error)
            log.error("item_not_read", kind=str(kind), connection=self.connection.pk, reason=reason, at=_place(error))
            self.failed[kind, remote_id] = reason
        else:
            self.taken.add((kind, remote_id))

    def set_aside(self, kind: Kind, items: Iterable[voicedock.Unreadable]) -> bool:
        """Keep what the client library could not read; whether there was any."""
        found = {(str(kind), item.id): item.reason for item in items}
        self.failed |= found
        return bool(found)

    def keep(self) -> None:
        """Write it all down; opens a scope of its own."""
        if not self.failed and not self.taken:
            return
        with scope.for_system("keep what could not be read"):
            rows = UnreadableItem.objects.filter(connection_id=self.connection.pk)
            for kind in {kind for kind, _ in self.taken}:
                _read_after_all(self.connection, kind, [its_id for other, its_id in self.taken if other == kind])
            for (kind, remote_id), reason in list(self.failed.items())[:MOST]:
                _write(self.connection, kind, remote_id, reason)
            if self.failed:
                newest = rows.order_by("-last_at", "-id").values("pk")[:MOST]
                rows.exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
        self.failed, self.taken = {}, set()


def latest(connection: Connection, count: int = 20) -> tuple[list[UnreadableItem], int]:
    """Those met last, and how many there are. Inside a scope that reaches all."""
    rows = UnreadableItem.objects.filter(connection=connection)
    found = list(rows.order_by("-last_at", "-id")[: count + 1])
    return found[:count], rows.count() if len(found) > count else len(found)


def forget() -> int:
    """Drop those that were not met for a long time. Opens a scope of its own."""
    with scope.for_system("forget what could not be read"):
        return UnreadableItem.objects.filter(last_at__lt=Now() - KEPT).delete()[0]


def _read_after_all(connection: Connection, kind: str, remote_ids: Collection[str]) -> None:
    keys = [text_lengths.fit(UnreadableItem, "remote_id", remote_id) for remote_id in remote_ids]
    UnreadableItem.objects.filter(connection_id=connection.pk, kind=kind, remote_id__in=keys).delete()


def _write(connection: Connection, kind: str, remote_id: str, reason: str) -> None:
    values = text_lengths.fit_all(UnreadableItem, {"remote_id": remote_id, "reason": reason})
    row = {"connection_id": connection.pk, "kind": kind, "remote_id": values["remote_id"]}
    if not UnreadableItem.objects.filter(**row).update(times=F("times") + 1, last_at=Now(), reason=values["reason"]):
        UnreadableItem.objects.bulk_create([UnreadableItem(**row, reason=values["reason"])], ignore_conflicts=True)


def _place(error: Exception) -> str:
    """Where it failed; a whole traceback may print the item."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _reason(error: Exception) -> str:
    """In words that hold none of the item's values: the detail of a database error would."""
    if isinstance(error, voicedock.VoiceDockError):
        return error.words
    first_line = str(error).partition("\n")[0] if isinstance(error, DatabaseError) else ""
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
