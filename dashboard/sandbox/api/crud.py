"""The endpoints of resources that are only stored: list, create, read, change, delete, in their envelopes (§3.1).

The sandbox's own choice: lists are oldest first; a null in a change puts a field back to its default.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import serializers
from ..http_messages import Response
from ..records import StoredResource
from .context import Context, Routes

Serialize = Callable[[Context, StoredResource], dict[str, Any]]


def _always_deletable(ctx: Context, record: StoredResource) -> None:
    """Nothing depends on the record."""


@dataclass(frozen=True)
class CrudEndpoints:
    """`kind` is the attribute of the state that holds the records, `singular` and `plural` are the envelopes.

    `validate(ctx, body, before)` returns the fields to store; `before` is None for a new record.
    `serialize(ctx, record)` returns the fields between the id and the dates, `serialize_summary` those in a list.
    `check_deletable` raises where a record is in use. Fields in `write_only` are stored apart and never returned.
    """

    kind: str
    name: str
    singular: str
    plural: str
    validate: Callable[[Context, dict[str, Any], StoredResource | None], dict[str, Any]]
    serialize: Serialize
    check_deletable: Callable[[Context, StoredResource], None] = _always_deletable
    serialize_summary: Serialize | None = None
    write_only: tuple[str, ...] = ()

    def listed(self, ctx: Context) -> Response:
        serialize = self.serialize_summary or self.serialize
        return Response(body={self.plural: [self.show(ctx, record, serialize) for record in ctx.all_own(self.kind)]})

    def read(self, ctx: Context, key: str) -> Response:
        return Response(body={self.singular: self.show(ctx, self.get(ctx, key))})

    def create(self, ctx: Context) -> Response:
        fields = self.validate(ctx, ctx.request.json(), None)
        record = StoredResource(ctx.state.new_id(self.kind), ctx.org.id, {}, ctx.now, ctx.now)
        self._store(record, fields)
        self.all(ctx)[record.id] = record
        return Response(201, {self.singular: self.show(ctx, record)})

    def change(self, ctx: Context, key: str) -> Response:
        record = self.get(ctx, key)
        self._store(record, self.validate(ctx, ctx.request.json(), record))
        record.updated_at = ctx.now
        return Response(body={self.singular: self.show(ctx, record)})

    def delete(self, ctx: Context, key: str) -> Response:
        record = self.get(ctx, key)
        self.check_deletable(ctx, record)
        del self.all(ctx)[record.id]
        return ctx.deleted()

    def get(self, ctx: Context, key: str) -> StoredResource:
        record: StoredResource = ctx.own(self.kind, key, self.name)
        return record

    def all(self, ctx: Context) -> dict[str, StoredResource]:
        records: dict[str, StoredResource] = getattr(ctx.state, self.kind)
        return records

    def show(self, ctx: Context, record: StoredResource, serialize: Serialize | None = None) -> dict[str, Any]:
        dates = {
            "created_at": serializers.iso(record.created_at),
            "updated_at": serializers.iso(record.updated_at),
        }
        return {"id": record.id} | (serialize or self.serialize)(ctx, record) | {"id": record.id} | dates

    def routes(self, path: str) -> Routes:
        return [
            ("GET", path, self.listed),
            ("POST", path, self.create),
            ("GET", path + "/{id}", self.read),
            ("PATCH", path + "/{id}", self.change),
            ("DELETE", path + "/{id}", self.delete),
        ]

    def _store(self, record: StoredResource, fields: dict[str, Any]) -> None:
        """Drops a null, so that the default applies again."""
        merged = record.settings | record.write_only | fields
        given = {name: value for name, value in merged.items() if value is not None}
        record.settings = {name: value for name, value in given.items() if name not in self.write_only}
        record.write_only = {name: value for name, value in given.items() if name in self.write_only}
