"""Which calls the live board shows, and how many there are in each of its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from dashboard.calls import labels, queries
from dashboard.calls.live import board_filters
from dashboard.calls.models import Call, CallQuerySet
from tenants.isolation import scope


@dataclass(frozen=True)
class Selection:
    """`ids` are the calls whose cards are drawn. `totals` count by column all that pass the filters, `live` all."""

    ids: Sequence[UUID]
    totals: Mapping[str, int]
    live: int
    filters: Sequence[board_filters.Filter] = ()

    @property
    def count(self) -> int:
        return min(sum(self.totals.values()), queries.BOARD_SIZE)

    @property
    def has_more(self) -> bool:
        return sum(self.totals.values()) > queries.BOARD_SIZE


@scope.requires_scope
def of_board(calls: CallQuerySet, wanted: Mapping[str, str], *, longest: bool) -> Selection:
    """The whole board with the filters that it offers."""
    live = queries.live_calls(calls, longest=longest)
    return _select(live, wanted, board_filters.offered(live, wanted))


@scope.requires_scope
def of_rows(calls: CallQuerySet, wanted: Mapping[str, str], rows: Collection[UUID], *, longest: bool) -> Selection:
    """These rows of the board. The other calls are read only where filters or a full board depend on them."""
    if not wanted:
        totals = queries.column_totals(calls)
        if sum(totals.values()) <= queries.BOARD_SIZE:
            return Selection(list(rows), totals, sum(totals.values()))
    whole = _select(queries.live_calls(calls, longest=longest), wanted)
    return Selection([pk for pk in whole.ids if pk in rows], whole.totals, whole.live)


def _select(live: Sequence[Call], wanted: Mapping[str, str], filters: Sequence[board_filters.Filter] = ()) -> Selection:
    fitting = [call for call in live if board_filters.fits(call, wanted)]
    ids = [call.pk for call in fitting[: queries.BOARD_SIZE]]
    return Selection(ids, Counter(map(labels.board_column, fitting)), len(live), filters)
