"""Django's `migrate` as the owner of the tables: the app's database role may not change a table."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from tenants.isolation.database_grants import apply_policies_and_grants, as_owner, install_prerequisites
from tenants.replaced_migrations import refuse_replaced


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> Any:
        with as_owner(options["database"]):
            refuse_replaced(options["database"])
            install_prerequisites(options["database"])
            result = super().handle(*args, **options)
            apply_policies_and_grants(options["database"])
            return result
