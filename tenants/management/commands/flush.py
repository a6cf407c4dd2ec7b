"""Django's `flush` as the owner of the tables: the app may not truncate them. Only tests use it."""

from typing import Any

from django.core.management.commands.flush import Command as Flush

from tenants.isolation.database_grants import as_owner


class Command(Flush):
    def handle(self, *args: Any, **options: Any) -> Any:
        with as_owner(options["database"]):
            return super().handle(*args, **options)
