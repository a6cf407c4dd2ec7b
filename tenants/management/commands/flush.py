"""`flush`, as the owner of the tables: emptying them belongs to it, and only tests do."""

from typing import Any

from django.core.management.commands.flush import Command as Flush

from tenants.isolation.database_grants import as_owner


class Command(Flush):
    def handle(self, *args: Any, **options: Any) -> Any:
        with as_owner(options["database"]):
            return super().handle(*args, **options)
