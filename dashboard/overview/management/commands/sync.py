"""`manage.py sync`: look at everything, through every connection, now."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard import voicedock
from dashboard.campaigns import sync as campaigns
from dashboard.campaigns.models import Campaign
from dashboard.rate_limits import limiter
from dashboard.sync import registry, runs
from dashboard.sync.models import Kind, SyncState
from tenants.isolation import scope
from tenants.models import Connection

KINDS = [Kind.ORGANIZATION, Kind.INVENTORY, Kind.CAMPAIGNS, Kind.LIVE_CALLS]  # leads and calls are read whole


class Command(BaseCommand):
    help = "Bring everything over from VoiceDock now: organizations, numbers, assistants, campaigns, leads and calls."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="connection", help="Only these connections; else all.")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        with scope.for_system("which connections"):
            chosen = list(Connection.objects.filter(name__in=names) if names else Connection.objects.all())
        if missing := set(names) - {connection.name for connection in chosen}:
            raise CommandError(f"No connection is called {', '.join(sorted(missing))}.")
        failed = [connection.name for connection in chosen if not self._bring(connection)]
        if failed:
            raise CommandError(f"Not everything could be brought over: {', '.join(failed)}.")

    def _bring(self, connection: Connection) -> bool:
        self.stdout.write(f"{connection.name}:")
        went = [self._look(connection, kind) for kind in KINDS]
        went += [self._leads(campaign) for campaign in _campaigns(connection)]
        went.append(self._look(connection, Kind.CALLS))
        while went[-1] and not _has_all_history(connection):
            went.append(self._look(connection, Kind.CALLS))
        return all(went)

    def _look(self, connection: Connection, kind: Kind) -> bool:
        return self._patiently(kind.label, lambda: registry.run(connection, kind))

    def _leads(self, campaign: Campaign) -> bool:
        return self._patiently(f"Leads of {campaign.name}", lambda: campaigns.leads(campaign))

    def _patiently(self, what: str, look: Any) -> bool:
        """Wait for the budget, and for whoever looks at the same thing; False when VoiceDock fails."""
        while True:
            try:
                look()
            except limiter.RateLimitExceeded as error:
                self.stdout.write(f"  {what}: {error.message} Going on in {error.retry_after:.0f} s.")
                time.sleep(error.retry_after)
            except runs.Busy:
                self.stdout.write(f"  {what}: somebody else is looking; going on in 1 s.")
                time.sleep(1)
            except voicedock.VoiceDockError as error:
                self.stderr.write(f"  {what}: {error}")
                return False
            else:
                self.stdout.write(f"  {what}: here.")
                return True


def _campaigns(connection: Connection) -> list[Campaign]:
    with scope.for_system("all campaigns"):
        mine = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None)
        return list(mine.select_related("connection"))


def _has_all_history(connection: Connection) -> bool:
    state = SyncState.objects.get(connection=connection, kind=Kind.CALLS)
    return bool(state.cursor.get("history", {}).get("done"))
