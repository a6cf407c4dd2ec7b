"""Database router: queries use the connection of the open scope, else the app's own."""

from typing import Any

from tenants.isolation import scope


class ScopeRouter:
    """An auditor's scope uses a connection of its own; rows that it loaded may be related to rows of the other one."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return scope.alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return scope.alias()

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == scope.DEFAULT
