"""Django's `shell`, with the rows of one client or of all: see tenants/isolation/shell_scope.py."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.shell import Command as Shell

from tenants.isolation import scope, shell_scope


class Command(Shell):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        shell_scope.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        if not shell_scope.is_requested(options):
            self.stderr.write(shell_scope.HIDDEN)
            return super().handle(**options)
        with scope.session(shell_scope.record("shell", options)):
            super().handle(**options)
