"""Which connection a query uses: that of the open scope, else the app's own."""

from typing import Any

from tenants.isolation import scope


class ScopeRouter:
    """An auditor's scope has a log-in of its own; whatever was loaded through it is used outside of it as well."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return scope.alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return scope.alias()

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == scope.DEFAULT
