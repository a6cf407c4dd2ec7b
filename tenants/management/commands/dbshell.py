"""Django's `dbshell`, with the rows of one client or of all: see tenants/isolation/shell_scope.py."""

import os
import tempfile
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.dbshell import Command as DatabaseShell

from tenants import backup
from tenants.isolation import shell_scope


class Command(DatabaseShell):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        shell_scope.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        os.environ["PATH"] = os.pathsep.join([*backup.program_folders(), os.environ.get("PATH", "")])
        if not shell_scope.is_requested(options):
            self.stderr.write(shell_scope.HIDDEN)
            return super().handle(**options)
        with tempfile.NamedTemporaryFile("w", prefix="patchbay-psqlrc-") as file:  # only its owner may read it
            file.write(shell_scope.psqlrc(shell_scope.record("dbshell", options)))
            file.flush()
            os.environ["PSQLRC"] = file.name
            super().handle(**options)
