"""Items of VoiceDock's lists that could not be copied: recorded for staff, so that they stop no other item.

Only the id and the reason are stored: the content may be what was said in a call.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.sync import text_lengths
from dashboard.sync.models import UnreadableItem
from tenants.isolation import scope
from tenants.models import Connection

log = structlog.get_logger()

MAX_ROWS = 200  # of one connection
RETENTION = timedelta(days=30)  # after the item was last listed
Kind = UnreadableItem.Kind


@dataclass
class Items:
    """The items of one sync run by (kind, id): `failed` with the reasons, `copied` those that were read."""

    connection: Connection
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    copied: set[tuple[str, str]] = field(default_factory=set)

    @contextmanager
    def copying(self, kind: Kind, remote_id: str) -> Iterator[None]:
        """Copy one item in this block. Its failure is recorded and not raised, unless the database itself fails.

        Inside an open scope the block has a savepoint of its own.
        """
        try:
            if scope.current():
                with transaction.atomic():
                    yield
            else:
                yield
        except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
            raise
        except Exception as error:
            reason = _reason(error)
            log.error("item_not_copied", kind=str(kind), connection=self.connection.pk, reason=reason, at=_place(error))
            self.failed[kind, remote_id] = reason
        else:
            self.copied.add((kind, remote_id))

    def add_unreadable(self, kind: Kind, items: Iterable[voicedock.Unreadable]) -> bool:
        """Record what the client library could not read; returns whether there was any."""
        found = {(str(kind), item.id): item.reason for item in items}
        self.failed |= found
        return bool(found)

    def save(self) -> None:
        """Write the rows, and delete those of items that were read since; opens a scope of its own."""
        if not self.failed and not self.copied:
            return
        with scope.for_system("record unreadable items"):
            rows = UnreadableItem.objects.filter(connection_id=self.connection.pk)
            rows.filter(pk__in=_read_since(rows, self.copied)).delete()
            for (kind, remote_id), reason in list(self.failed.items())[:MAX_ROWS]:
                _write(self.connection, kind, remote_id, reason)
            if self.failed:
                newest = rows.order_by("-last_at", "-id").values("pk")[:MAX_ROWS]
                rows.exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
        self.failed, self.copied = {}, set()


@scope.requires_scope
def latest(connection: Connection, count: int = 20) -> tuple[list[UnreadableItem], int]:
    """The newest rows, and how many there are in all. Inside a scope that covers all clients."""
    rows = UnreadableItem.objects.filter(connection=connection)
    found = list(rows.order_by("-last_at", "-id")[: count + 1])
    return found[:count], rows.count() if len(found) > count else len(found)


@scope.opens_scope
def prune() -> int:
    """Delete those that were not listed for a long time; returns how many. Opens a scope of its own."""
    with scope.for_system("prune unreadable items"):
        return UnreadableItem.objects.filter(last_at__lt=Now() - RETENTION).delete()[0]


def _read_since(rows: QuerySet[UnreadableItem], copied: Collection[tuple[str, str]]) -> list[int]:
    """The ids of rows whose items were copied: few rows are looked for among many items."""
    stored = {(kind, remote_id): pk for pk, kind, remote_id in rows.values_list("pk", "kind", "remote_id")}
    keys = ((kind, text_lengths.fit(UnreadableItem, "remote_id", remote_id)) for kind, remote_id in copied)
    return [stored[key] for key in keys if key in stored] if stored else []


def _write(connection: Connection, kind: str, remote_id: str, reason: str) -> None:
    values = text_lengths.fit_all(UnreadableItem, {"remote_id": remote_id, "reason": reason})
    row = {"connection_id": connection.pk, "kind": kind, "remote_id": values["remote_id"]}
    if not UnreadableItem.objects.filter(**row).update(times=F("times") + 1, last_at=Now(), reason=values["reason"]):
        UnreadableItem.objects.bulk_create([UnreadableItem(**row, reason=values["reason"])], ignore_conflicts=True)


def _place(error: Exception) -> str:
    """File and line where it failed; a whole traceback could contain the item."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _reason(error: Exception) -> str:
    """The reason without any of the item's values, which the detail of a database error contains."""
    if isinstance(error, voicedock.VoiceDockError):
        return error.message
    first_line = str(error).partition("\n")[0] if isinstance(error, DatabaseError) else ""
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
