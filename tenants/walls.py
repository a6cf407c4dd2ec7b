"""Constraints that Django does not have: row-level security, and keys that carry the tenant.

Both are declared on the model, so that `makemigrations` writes them and `makemigrations --check` sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, Model

REACHES_ALL = "(SELECT current_setting('patchbay.reach', true) = 'all')"
IN_SCOPE = "ANY ((SELECT nullif(current_setting('patchbay.tenants', true), ''))::bigint[])"
UNSCOPED = "(SELECT coalesce(current_setting('patchbay.narrow', true), '') <> 'on')"
NO_AUDITOR = "(SELECT current_user <> 'patchbay_auditor')"
PERSON = "(SELECT nullif(current_setting('patchbay.person', true), '')::bigint)"


class _Wall(BaseConstraint):
    """A constraint made of whole statements, run once its table (and those it points to) exist."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)

    def statements(self, table: str) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> None:  # type: ignore[override]
        self._defer(model, schema_editor)

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> None:  # type: ignore[override]
        self._defer(model, schema_editor)

    def _defer(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        if model and schema_editor:
            schema_editor.deferred_sql.append(self.statements(model._meta.db_table))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database judges; there is nothing to ask of it beforehand."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]


class Rows(_Wall):
    """Forced row-level security: rows of the open scope only.

    `tenant`: the column that holds the tenant's id, or None where only a scope that reaches all may look.
    `also`: one more SQL condition under which a row may be read (never written).
    """

    def __init__(self, *, name: str, tenant: str | None = "tenant_id", also: str = "") -> None:
        super().__init__(name=name)
        self.tenant, self.also = tenant, also

    def statements(self, table: str) -> str:
        write = f"{REACHES_ALL} OR {self.tenant} = {IN_SCOPE}" if self.tenant else REACHES_ALL
        read = f"{write} OR {self.also}" if self.also else write
        return (
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY; ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY; '
            f'CREATE POLICY "{self.name}" ON "{table}" USING ({read}) WITH CHECK ({write})'
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return _without_rows(model._meta.db_table, self.name)  # type: ignore[union-attr]

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"tenant": self.tenant, "also": self.also}


class UsedRows(_Wall):
    """Row-level security for rows that belong to no client: a scope that is narrower than everything sees those that
    its clients use. Outside of scopes the app sees them all, auditors never do.

    `used`: SQL condition under which a client in the open scope uses the row.
    """

    def __init__(self, *, name: str, used: str) -> None:
        super().__init__(name=name)
        self.used = used

    def statements(self, table: str) -> str:
        return (
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY; ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY; '
            f'CREATE POLICY "{self.name}" ON "{table}" USING ({REACHES_ALL} OR {UNSCOPED} AND {NO_AUDITOR} '
            f"OR {self.used}) WITH CHECK ({NO_AUDITOR})"
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return _without_rows(model._meta.db_table, self.name)  # type: ignore[union-attr]

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"used": self.used}


def _without_rows(table: str, policy: str) -> str:
    return (
        f'DROP POLICY "{policy}" ON "{table}"; ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY; '
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'
    )


class Key(_Wall):
    """A foreign key over several columns, so that it carries the tenant (or the connection) with it."""

    def __init__(self, *, name: str, columns: Sequence[str], to: str, target: Sequence[str]) -> None:
        super().__init__(name=name)
        self.columns, self.to, self.target = tuple(columns), to, tuple(target)

    def statements(self, table: str) -> str:
        columns, target = (", ".join(f'"{name}"' for name in names) for names in (self.columns, self.target))
        return (
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY ({columns}) REFERENCES "{self.to}" ({target})'
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'  # type: ignore[union-attr]

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"columns": self.columns, "to": self.to, "target": self.target}
