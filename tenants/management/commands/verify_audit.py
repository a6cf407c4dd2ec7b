"""Check the audit trail: every chain, from its first entry to its head."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import audit, scope
from tenants.models import AuditHead


class Command(BaseCommand):
    help = "Walk every audit chain and name the first broken row of each."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.system("verify the audit trail"):
            broken = list(audit.verify())
            heads = list(AuditHead.objects.order_by("chain"))
        for row in broken:
            self.stderr.write(f"{row.chain}, entry {row.seq}: {row.reason}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(heads)} chains are broken.")
        entries = sum(head.seq for head in heads)
        self.stdout.write(
            f"{len(heads)} chains with {entries} entries hold, checked against the heads in the database."
        )
