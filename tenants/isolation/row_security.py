"""Constraints that Django does not have: row-level security, and composite foreign keys that include the tenant.

Both are declared on the model, so that `makemigrations` writes them and `makemigrations --check` compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, Model

# A setting counts only if `scope_holds()` finds it signed; an empty setting is not checked.
REACHES_ALL = "(SELECT current_setting('patchbay.reach', true) = 'all' AND public.scope_holds())"
TENANTS = (
    "CASE WHEN current_setting('patchbay.tenants', true) <> '' AND public.scope_holds() "
    "THEN current_setting('patchbay.tenants', true)::bigint[] END"
)
IN_SCOPE = f"ANY ((SELECT {TENANTS})::bigint[])"
CHAIN_IN_SCOPE = f"ANY ((SELECT array_agg('tenant-' || t.id) FROM unnest({TENANTS}) t(id))::text[])"
AS_OWNER = "(SELECT current_user = 'patchbay_owner')"
PERSON = (
    "(SELECT CASE WHEN current_setting('patchbay.person', true) <> '' AND public.scope_holds() "
    "THEN current_setting('patchbay.person', true)::bigint END)"
)


class _TableConstraint(BaseConstraint):
    """A constraint made of whole statements, run once its table and the tables it refers to exist."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)

    def statements(self, table: str) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return self._defer(model, schema_editor)

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return self._defer(model, schema_editor)

    def _defer(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Run the statements after all tables are made; returns an empty one, because Django may run the result."""
        if model and schema_editor:
            schema_editor.deferred_sql.append(self.statements(model._meta.db_table))
        return ""

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: only the database can check these constraints."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]


class Policy(_TableConstraint):
    """Forced row-level security with one policy for all commands."""

    def conditions(self) -> tuple[str, str]:
        """SQL conditions of a row that may be read, and of one that may be written."""
        raise NotImplementedError

    def statements(self, table: str) -> str:
        read, write = self.conditions()
        return (
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY; ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY; '
            f'CREATE POLICY "{self.name}" ON "{table}" USING ({read}) WITH CHECK ({write})'
        )

    def restatement(self, table: str) -> str:
        """Gives an existing policy the present conditions."""
        read, write = self.conditions()
        return f'ALTER POLICY "{self.name}" ON "{table}" USING ({read}) WITH CHECK ({write})'

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        table = model._meta.db_table  # type: ignore[union-attr]
        return (
            f'DROP POLICY "{self.name}" ON "{table}"; ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY; '
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'
        )


class TenantRowPolicy(Policy):
    """Forced row-level security: rows of the open scope only.

    `tenant`: the column with the tenant's id, or None where only a scope that reaches all reads and writes.
    `also`: one more SQL condition under which a row may be read (never written).
    """

    def __init__(self, *, name: str, tenant: str | None = "tenant_id", also: str = "") -> None:
        super().__init__(name=name)
        self.tenant, self.also = tenant, also

    def conditions(self) -> tuple[str, str]:
        write = f"{REACHES_ALL} OR {self.tenant} = {IN_SCOPE}" if self.tenant else REACHES_ALL
        return (f"{write} OR {self.also}" if self.also else write), write

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"tenant": self.tenant, "also": self.also}


class SharedRowPolicy(Policy):
    """Row-level security for rows that belong to no client.

    A scope of some clients reads the rows that these use, and writes none; `used` is the SQL condition for that.
    """

    def __init__(self, *, name: str, used: str) -> None:
        super().__init__(name=name)
        self.used = used

    def conditions(self) -> tuple[str, str]:
        return f"{REACHES_ALL} OR {self.used}", REACHES_ALL

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"used": self.used}


class AuditChainRowPolicy(Policy):
    """Row-level security for the heads of audit chains: read by tenant, written only by a trigger run as the owner."""

    def conditions(self) -> tuple[str, str]:
        return f"{REACHES_ALL} OR {AS_OWNER} OR chain = {CHAIN_IN_SCOPE}", AS_OWNER


class CompositeForeignKey(_TableConstraint):
    """A foreign key over several columns, so that both rows have the same tenant or connection.

    `deferred`: looked at when the transaction commits, for a row that a trigger of the other one brings along.
    """

    def __init__(
        self, *, name: str, columns: Sequence[str], to: str, target: Sequence[str], deferred: bool = False
    ) -> None:
        super().__init__(name=name)
        self.columns, self.to, self.target, self.deferred = tuple(columns), to, tuple(target), deferred

    def statements(self, table: str) -> str:
        columns, target = (", ".join(f'"{name}"' for name in names) for names in (self.columns, self.target))
        return (
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY ({columns}) REFERENCES "{self.to}" ({target})'
            f"{' DEFERRABLE INITIALLY DEFERRED' if self.deferred else ''}"
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'  # type: ignore[union-attr]

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        more: dict[str, Any] = {"columns": self.columns, "to": self.to, "target": self.target}
        return path, args, kwargs | more | ({"deferred": True} if self.deferred else {})
