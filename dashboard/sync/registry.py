"""The kinds of synchronization: each app registers what it fetches in its `AppConfig.ready`.

This package imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.sync.models import Kind

if TYPE_CHECKING:
    from tenants.models import Connection


@dataclass(frozen=True)
class SyncKind:
    """One kind: `run` fetches it for a connection, in scopes of its own.

    `busy` returns the ids of connections for which it is due again after only `busy_every` seconds; it is called inside
    a scope that covers all clients.
    """

    kind: Kind
    run: Callable[[Connection], None]
    busy: Callable[[], set[int]] | None = None
    busy_every: float = 0.0


_kinds: dict[Kind, SyncKind] = {}


def register(
    kind: Kind,
    run: Callable[[Connection], None],
    *,
    busy: Callable[[], set[int]] | None = None,
    busy_every: float = 0.0,
) -> None:
    """Registering a kind again replaces it."""
    _kinds[kind] = SyncKind(kind, run, busy, busy_every)


def kinds() -> list[SyncKind]:
    """All registered kinds, in the order in which they are listed in `Kind`."""
    return [_kinds[kind] for kind in Kind if kind in _kinds]


def run(connection: Connection, kind: Kind) -> None:
    """Run this kind now; raises what the run raises, such as `runs.Busy` or a `VoiceDockError`."""
    _kinds[kind].run(connection)
