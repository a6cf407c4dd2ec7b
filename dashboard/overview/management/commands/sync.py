"""`manage.py sync`: sync every kind of data of every connection now."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable
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
    help = "Sync everything from VoiceDock now: organizations, numbers, assistants, campaigns, leads and calls."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="connection", help="Only these connections; else all.")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        with scope.for_system("connections to sync"):
            chosen = list(Connection.objects.filter(name__in=names) if names else Connection.objects.all())
        if missing := set(names) - {connection.name for connection in chosen}:
            raise CommandError(f"No connection is called {', '.join(sorted(missing))}.")
        failed = [connection.name for connection in chosen if not self._sync(connection)]
        if failed:
            raise CommandError(f"Not everything could be synced: {', '.join(failed)}.")

    def _sync(self, connection: Connection) -> bool:
        self.stdout.write(f"{connection.name}:")
        synced = [self._kind(connection, kind) for kind in KINDS]
        synced += [self._leads(campaign) for campaign in _campaigns(connection)]
        synced.append(self._kind(connection, Kind.CALLS))
        while synced[-1] and not _has_all_history(connection):
            synced.append(self._kind(connection, Kind.CALLS))
        return all(synced)

    def _kind(self, connection: Connection, kind: Kind) -> bool:
        return self._retry_while_busy(kind.label, lambda: registry.run(connection, kind))

    def _leads(self, campaign: Campaign) -> bool:
        return self._retry_while_busy(f"Leads of {campaign.name}", lambda: campaigns.leads(campaign))

    def _retry_while_busy(self, what: str, sync: Callable[[], object]) -> bool:
        """Wait for the rate limit, and for another process that syncs the same; False when VoiceDock fails."""
        while True:
            try:
                sync()
            except limiter.RateLimitExceeded as error:
                self.stdout.write(f"  {what}: {error.message} Going on in {error.retry_after:.0f} s.")
                time.sleep(error.retry_after)
            except runs.Busy:
                self.stdout.write(f"  {what}: another process syncs it; going on in 1 s.")
                time.sleep(1)
            except voicedock.VoiceDockError as error:
                self.stderr.write(f"  {what}: {error}")
                return False
            else:
                self.stdout.write(f"  {what}: synced.")
                return True


def _campaigns(connection: Connection) -> list[Campaign]:
    with scope.for_system("all campaigns"):
        present = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None)
        return list(present.select_related("connection"))


def _has_all_history(connection: Connection) -> bool:
    state = SyncState.objects.get(connection=connection, kind=Kind.CALLS)
    return bool(state.cursor.get("history", {}).get("done"))
