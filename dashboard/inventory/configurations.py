"""Copies of what assistants are made of, so that a call can change a part of one and send the block whole."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from dashboard import voicedock
from dashboard.sync import text_lengths
from tenants.isolation import scope
from tenants.models import Assistant, AssistantConfiguration, Connection

COPIED = ["blocks", "withheld", "read_at"]


@scope.requires_scope
def copy(connection: Connection, remotes: Iterable[voicedock.RemoteAssistant]) -> int:
    """Make our copies equal to what VoiceDock lists, and note when; returns how many that we had differed."""
    now = timezone.now()
    listed = {text_lengths.fit(Assistant, "remote_id", remote.id): remote.configuration for remote in remotes}
    ours = dict(Assistant.objects.filter(connection=connection, remote_id__in=listed).values_list("pk", "remote_id"))
    copies = {row.pk: row for row in AssistantConfiguration.objects.filter(pk__in=ours)}
    different = [
        AssistantConfiguration(assistant_id=pk, blocks=dict(given.blocks), withheld=list(given.withheld), read_at=now)
        for pk, given in ((pk, listed[remote_id]) for pk, remote_id in ours.items())
        if pk not in copies or not _is_same(copies[pk], given)
    ]
    AssistantConfiguration.objects.bulk_create(
        different, update_conflicts=True, update_fields=COPIED, unique_fields=["assistant"]
    )
    AssistantConfiguration.objects.filter(pk__in=ours).update(read_at=now)
    return sum(row.pk in copies for row in different)


def _is_same(row: AssistantConfiguration, given: voicedock.configuration.Configuration) -> bool:
    return row.blocks == dict(given.blocks) and row.withheld == list(given.withheld)
