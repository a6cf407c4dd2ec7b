"""Refuses to migrate databases of versions before 0.2.0, whose migrations were replaced."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

REPLACED = ("tenants", "0003_people_an_auditor_may_know")  # every version before 0.2.0 applied it, none after has it
REFUSAL = (
    "This database was made by a version of Patchbay before 0.2.0, and its tables cannot be brought up to this "
    "version. Nothing was changed. To delete all local data and begin again, run: python3 manage.py reset"
)


def refuse_replaced(alias: str = "default") -> None:
    if REPLACED in MigrationRecorder(connections[alias]).applied_migrations():
        raise CommandError(REFUSAL)
