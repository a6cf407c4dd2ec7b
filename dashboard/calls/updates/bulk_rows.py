"""Write many rows by one statement: an array for each column, joined to the rows by their key.

Parameters are binary: JSON as text in an array is otherwise quoted twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection as database
from django.db.models import JSONField, Model
from psycopg import Cursor

from dashboard.calls.models import Call, CallReport
from tenants.isolation import scope

SERIALS = {"integer", "smallint", "bigint", "boolean", "uuid", "timestamp with time zone"}


@scope.requires_scope
def update_calls(calls: Sequence[Call], names: Sequence[str]) -> None:
    """Write these columns of stored calls. Inside a scope that covers them."""
    fields = [_field(Call, name) for name in ("id", *names)]
    changes = ", ".join(f'"{field.column}" = n."{field.column}"' for field in fields[1:])
    _run(f'UPDATE "{Call._meta.db_table}" c SET {changes} FROM {_rows(fields)} WHERE c.id = n.id', calls, fields)


@scope.requires_scope
def save_reports(reports: Sequence[CallReport]) -> None:
    """Insert reports, or replace those that are stored. Inside a scope that covers them."""
    fields = list(CallReport._meta.concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    changes = ", ".join(f'"{field.column}" = excluded."{field.column}"' for field in fields if not field.primary_key)
    _run(
        f'INSERT INTO "{CallReport._meta.db_table}" ({columns}) SELECT {columns} FROM {_rows(fields)} '
        f"ON CONFLICT (call_id) DO UPDATE SET {changes}",
        reports,
        fields,
    )


def _field(model: type[Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == name)


def _rows(fields: Sequence[Any]) -> str:
    """`n`, with a column for each field."""
    arrays = ", ".join(f"%b::{_type(field)}[]" for field in fields)
    named = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(
        f'"{field.column}"::jsonb AS "{field.column}"' if isinstance(field, JSONField) else f'"{field.column}"'
        for field in fields
    )
    return f"(SELECT {values} FROM unnest({arrays}) AS raw({named})) AS n"


def _type(field: Any) -> str:
    """Of an array. Text has no length here: a cast would cut what the column refuses."""
    found = (field.target_field if field.is_relation else field).rel_db_type(database)
    return found if found in SERIALS else "text"


def _run(statement: str, rows: Sequence[Model], fields: Sequence[Any]) -> None:
    with Cursor(database.connection) as cursor:
        cursor.execute(statement, [[_value(row, field) for row in rows] for field in fields])


def _value(row: Model, field: Any) -> Any:
    value = getattr(row, field.attname)
    return json.dumps(value) if isinstance(field, JSONField) and value is not None else value
