"""Open streams, the changes that wait to be sent to each, and which of them a change concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

ACCESS = "access"  # the kind of change after which the access of the streams concerned is checked again at once
EVERYBODY = "everybody"
BACKLOG = 500  # changes that may wait for a stream before its page refreshes everything instead


@dataclass(frozen=True)
class ChangeEvent:
    """A row that changed: which one and for whom, never what is in it."""

    tenant: int | None
    kind: str
    ref: str
    version: int


@dataclass(frozen=True)
class Audience:
    """Which changes a listener receives: rows of these tenants (None: of all, and of none), of these kinds
    (None: all).

    `person` is the user who listens: changes of that user's access are always included.
    """

    tenants: frozenset[int] | None
    kinds: frozenset[str] | None = None
    person: int = 0

    def covers(self, event: ChangeEvent) -> bool:
        in_audience = self.tenants is None or (event.tenant is not None and event.tenant in self.tenants)
        if event.kind == ACCESS:
            return in_audience if event.ref == EVERYBODY else event.ref == person_ref(self.person)
        return in_audience and (self.kinds is None or event.kind in self.kinds)


def person_ref(pk: int) -> str:
    """The `ref` of a change of one user's access."""
    return f"person-{pk}"


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream and the changes that wait to be sent to it."""

    audience: Audience
    waiting: dict[tuple[str, str], ChangeEvent] = field(default_factory=dict)
    everything: bool = False
    must_recheck_access: bool = False  # whether its access is checked before anything more is sent
    closed: bool = False
    ended: Callable[[], None] | None = None  # called once, when it is closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            if self.ended:
                self.ended()

    @property
    def has_news(self) -> bool:
        return self.everything or bool(self.waiting)

    def deliver(self, batch: Iterable[ChangeEvent]) -> None:
        for event in batch:
            if not self.audience.covers(event):
                continue
            if event.kind == ACCESS:
                self.must_recheck_access = True
            else:
                self.waiting[event.kind, event.ref] = event
        if len(self.waiting) > BACKLOG:
            self.request_refresh()

    def request_refresh(self) -> None:
        self.waiting.clear()
        self.everything = True

    def take(self) -> tuple[bool, list[ChangeEvent]]:
        """Whether the page has to refresh everything, and otherwise what changed since the last call."""
        everything, batch = self.everything, list(self.waiting.values())
        self.everything = False
        self.waiting.clear()
        return everything, batch

    def narrow(self, audience: Audience) -> None:
        """Give it this audience: what waits and is not covered any more goes."""
        self.audience, self.must_recheck_access = audience, False
        for key in [key for key, event in self.waiting.items() if not audience.covers(event)]:
            del self.waiting[key]


class Listeners:
    """By what they may receive, so that a change costs nothing for the streams that it does not concern."""

    def __init__(self) -> None:
        self._all: set[Listener] = set()
        self._unlimited: set[Listener] = set()
        self._by_tenant: dict[int, set[Listener]] = defaultdict(set)
        self._by_person: dict[str, set[Listener]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Listener]:
        return iter(tuple(self._all))

    def add(self, listener: Listener) -> None:
        self._all.add(listener)
        for place in self._places(listener.audience):
            place.add(listener)

    def discard(self, listener: Listener) -> None:
        if listener not in self._all:
            return
        self._all.discard(listener)
        for place in self._places(listener.audience):
            place.discard(listener)
        for tenant in listener.audience.tenants or ():
            if not self._by_tenant[tenant]:
                del self._by_tenant[tenant]
        if not self._by_person[person_ref(listener.audience.person)]:
            del self._by_person[person_ref(listener.audience.person)]

    def change_audience(self, listener: Listener, audience: Audience) -> None:
        is_open = listener in self._all
        self.discard(listener)
        listener.narrow(audience)
        if is_open:
            self.add(listener)

    def concerned(self, event: ChangeEvent) -> set[Listener]:
        """Those that may have to hear of it; `Audience.covers` decides."""
        if event.kind == ACCESS and event.ref != EVERYBODY:
            return self._by_person.get(event.ref, set())
        of_tenant = self._by_tenant.get(event.tenant, set()) if event.tenant is not None else set()
        return self._unlimited | of_tenant if self._unlimited else of_tenant

    def _places(self, audience: Audience) -> list[set[Listener]]:
        tenants = audience.tenants
        of_tenants = [self._unlimited] if tenants is None else [self._by_tenant[tenant] for tenant in tenants]
        return [*of_tenants, self._by_person[person_ref(audience.person)]]
