"""What resources have in common that are only kept: list, create, read, change, delete, in their envelopes (§3.1).

The sandbox's own choice: lists are oldest first; a null in a change puts a field back to what it is by default.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import wire
from ..exchange import Answer
from ..records import Kept
from .context import Context, Routes


def _free(ctx: Context, record: Kept) -> None:
    """Nothing depends on it."""


@dataclass(frozen=True)
class Store:
    """`kind` is where the world keeps them, `one` and `many` are the envelopes.

    `fields(ctx, body, before)` checks a body and gives what is to be kept; `before` is None for a new record.
    `told(ctx, record)` is what is shown between the id and the dates, `brief` the same in a list; `in_use` refuses a
    deletion; what is `sealed` is kept apart and never shown.
    """

    kind: str
    name: str
    one: str
    many: str
    fields: Callable[[Context, dict, Kept | None], dict]
    told: Callable[[Context, Kept], dict]
    in_use: Callable[[Context, Kept], None] = _free
    brief: Callable[[Context, Kept], dict] | None = None
    sealed: tuple[str, ...] = ()

    def listed(self, ctx: Context) -> Answer:
        told = self.brief or self.told
        return Answer(body={self.many: [self.show(ctx, one, told) for one in ctx.all_own(self.kind)]})

    def read(self, ctx: Context, key: str) -> Answer:
        return Answer(body={self.one: self.show(ctx, self.of(ctx, key))})

    def create(self, ctx: Context) -> Answer:
        fields = self.fields(ctx, ctx.request.json(), None)
        record = Kept(ctx.world.new_id(self.kind), ctx.org.id, {}, ctx.now, ctx.now)
        self._keep(record, fields)
        self.all(ctx)[record.id] = record
        return Answer(201, {self.one: self.show(ctx, record)})

    def change(self, ctx: Context, key: str) -> Answer:
        record = self.of(ctx, key)
        self._keep(record, self.fields(ctx, ctx.request.json(), record))
        record.updated_at = ctx.now
        return Answer(body={self.one: self.show(ctx, record)})

    def delete(self, ctx: Context, key: str) -> Answer:
        record = self.of(ctx, key)
        self.in_use(ctx, record)
        del self.all(ctx)[record.id]
        return ctx.deleted()

    def of(self, ctx: Context, key: str) -> Kept:
        return ctx.own(self.kind, key, self.name)

    def all(self, ctx: Context) -> dict[str, Kept]:
        return getattr(ctx.world, self.kind)

    def show(self, ctx: Context, record: Kept, told: Callable[[Context, Kept], dict] | None = None) -> dict[str, Any]:
        dates = {"created_at": wire.iso(record.created_at), "updated_at": wire.iso(record.updated_at)}
        return {"id": record.id} | (told or self.told)(ctx, record) | {"id": record.id} | dates

    def routes(self, path: str) -> Routes:
        return [
            ("GET", path, self.listed),
            ("POST", path, self.create),
            ("GET", path + "/{id}", self.read),
            ("PATCH", path + "/{id}", self.change),
            ("DELETE", path + "/{id}", self.delete),
        ]

    def _keep(self, record: Kept, fields: dict) -> None:
        """A null is forgotten, so that the default shows again."""
        whole = record.settings | record.sealed | fields
        given = {name: value for name, value in whole.items() if value is not None}
        record.settings = {name: value for name, value in given.items() if name not in self.sealed}
        record.sealed = {name: value for name, value in given.items() if name in self.sealed}
