"""`verify_audit`: checks every chain of the audit trail from its first entry, also against the checkpoints."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit import checkpoints, verification
from tenants.isolation import scope
from tenants.models import AuditHead


class Command(BaseCommand):
    help = "Walk every audit chain and name the first broken row of each; says which heads it was held against."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--heads", type=Path, help="A folder with signed heads, such as a copy kept elsewhere.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["heads"] or checkpoints.folder()
        signed = checkpoints.load(folder)
        with scope.for_system("verify the audit trail"):
            broken = list(verification.verify(published=signed))
            last = list(AuditHead.objects.order_by("chain"))
        for problem in signed.problems:
            self.stderr.write(problem)
        for row in broken:
            self.stderr.write(f"{row.chain}, entry {row.seq}: {row.reason}")
        against = self._against(signed, folder)
        if broken:
            raise CommandError(f"{len(broken)} of {len(last)} chains are broken; held against {against}.")
        if signed.problems:
            raise CommandError(f"The chains agree with {against}; but not every signed line can be believed.")
        entries = sum(head.seq for head in last)
        self.stdout.write(f"{len(last)} chains with {entries} entries hold, checked against {against}.")

    def _against(self, signed: checkpoints.Checkpoints, folder: Path) -> str:
        stored = "the heads in the database"
        if not signed.lines:
            return f"{stored} alone: there are no signed ones in {folder}, so a chain written anew would not be noticed"
        return f"{stored} and {signed.lines} signed publications in {folder}, the last of {signed.last_at}"
