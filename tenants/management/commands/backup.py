"""`backup FOLDER`: writes a backup of the database with the checkpoints of the audit trail."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import backup


class Command(BaseCommand):
    help = "Write a backup into a new folder; needs the owner's log-in (DATABASE_OWNER_URL) and pg_dump."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            manifest = backup.make(folder)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        total = sum(manifest.rows.values())
        self.stdout.write(f"{folder}: {total} rows of {len(manifest.rows)} tables, {len(manifest.heads)} audit chains.")
        self.stdout.write(
            "It holds personal data, and API keys encrypted with PATCHBAY_FIELD_KEYS: keep those keys elsewhere."
        )
