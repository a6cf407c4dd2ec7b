"""Many rows in little time: copies of a row by SQL, past triggers and foreign keys, for plans and figures at scale."""

from __future__ import annotations

from typing import Any

from django.db.models import AutoField, Model

PAST_TRIGGERS = "SET session_replication_role = replica"
COPIED = "c.remote_id LIKE 'copy-%'"  # of the calls `c` that `calls` made


def copies(model: type[Model], pk: Any, many: int, **values: str) -> str:
    """A statement that copies the row `pk` so many times; `values` are SQL for columns, of the number `n` of the copy.

    What is left out stays as it is in the row; a key that the database counts is counted on.
    """
    return _copied(model, pk, f"generate_series(1, {many}) n", "true", values)


def for_each_call(model: type[Model], pk: Any, tenant_id: int, **values: str) -> str:
    """The same, a copy for each of the copied calls `c` of this client."""
    return _copied(model, pk, "calls_call c", f"c.tenant_id = {tenant_id} AND {COPIED}", values)


def moments(many: int) -> str:
    """SQL for moments of the last year, evenly, the newest first."""
    return f"now() - interval '1 hour' - n * interval '365 days' / {max(many, 1)}"


def _copied(model: type[Model], pk: Any, beside: str, condition: str, values: dict[str, str]) -> str:
    table, key = model._meta.db_table, model._meta.pk.column
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if not field.generated and not isinstance(field, AutoField)
    ]
    named = ", ".join(f'"{column}"' for column in columns)
    copied = ", ".join(f'copy."{column}"' for column in columns)
    changed = ", ".join(f"'{column}', {sql}" for column, sql in values.items())
    return (
        f"INSERT INTO {table} ({named}) SELECT {copied} FROM {table} t, {beside}, "
        f"jsonb_populate_record(t, jsonb_build_object({changed})) copy WHERE t.\"{key}\" = '{pk}' AND {condition}"
    )
