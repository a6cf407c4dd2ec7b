"""`migrate`, as the owner of the tables; the app's own log-in may not change a table."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from tenants.isolation.database_grants import as_owner, finish, prepare
from tenants.replaced_migrations import refuse_replaced


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> Any:
        with as_owner(options["database"]):
            refuse_replaced(options["database"])
            prepare(options["database"])
            answer = super().handle(*args, **options)
            finish(options["database"])
            return answer
