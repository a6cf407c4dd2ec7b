"""`restore FOLDER`: restores a backup into an empty database and checks that it is complete."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import backup


class Command(BaseCommand):
    help = "Fill an empty database from a backup; needs the owner's log-in (DATABASE_OWNER_URL) and pg_restore."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            manifest = backup.restore(folder)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        total = sum(manifest.rows.values())
        self.stdout.write(
            f"Restored what was backed up at {manifest.made_at}: {total} rows of {len(manifest.rows)} tables, "
            f"{len(manifest.heads)} audit chains, all as they were."
        )
        self.stdout.write("Now run `manage.py migrate`, in case this Patchbay is newer than the backup.")
