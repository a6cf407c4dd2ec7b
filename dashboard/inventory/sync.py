"""Copy the numbers and assistants of an organization from VoiceDock (`docs/voicedock-api.md §7, §8`)."""

from __future__ import annotations

import re
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from dashboard import voicedock
from dashboard.inventory import configurations
from dashboard.live_updates import publish
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind, UnreadableItem
from dashboard.sync.runs import Run
from tenants import names
from tenants.isolation import scope
from tenants.models import Assistant, Connection, Number

E164 = re.compile(r"^\+[1-9][0-9]{5,14}$")  # the same as the check constraint of the table


def inventory(connection: Connection) -> None:
    """Numbers and assistants; those that VoiceDock no longer lists are marked as vanished, never deleted."""
    with runs.run_sync(connection, Kind.INVENTORY) as run:
        with run.client_for(Priority.REST) as vendor:
            numbers, assistants = vendor.numbers(), vendor.assistants()
        run.seen = len(numbers) + len(assistants)
        with scope.for_system("copy numbers and assistants"):
            _numbers(run, numbers)
            _copy(run, Assistant, {remote.id: _assistant(remote) for remote in assistants}, assistants.unreadable)
            run.changed += configurations.copy(run.connection, assistants)
            if run.changed:
                publish.row_changed("inventory", connection.pk, tenant=None)


def _numbers(run: Run, remotes: voicedock.Listing[voicedock.RemoteNumber]) -> None:
    """A number that was ever dedicated keeps its digits: they are part of the dedication's key and of its history."""
    dedicated = dict(
        Number.objects.filter(connection_id=run.connection.pk, dedications__isnull=False).values_list(
            "remote_id", "e164"
        )
    )
    wanted: dict[str, dict[str, Any]] = {}
    for remote in remotes:
        values, remote_id = _number(remote), text_lengths.fit(Number, "remote_id", remote.id)
        if remote_id in dedicated and dedicated[remote_id] != values["e164"]:
            run.remarks.append(
                f"{dedicated[remote_id]} is {values['e164']} at VoiceDock now; it is assigned, so it was not changed."
            )
            values["e164"] = dedicated[remote_id]
        elif not E164.match(values["e164"]):
            run.remarks.append(f"{values['e164'] or 'A number'} is not written as +31201234567 and was left out.")
            continue
        wanted[remote_id] = values
    _copy(run, Number, wanted, remotes.unreadable)


def _copy(
    run: Run, model: type[Model], wanted: dict[str, dict[str, Any]], unreadable: list[voicedock.Unreadable]
) -> None:
    """Make our copies of one connection equal to `wanted`, the values by remote id.

    An item that could not be read may be any that is missing, so none is marked as vanished then.
    """
    kind = UnreadableItem.Kind(str(model._meta.model_name))
    partial = run.items.add_unreadable(kind, unreadable)
    wanted = {
        text_lengths.fit(model, "remote_id", remote_id): text_lengths.fit_all(model, values)
        for remote_id, values in wanted.items()
    }
    now, copies = timezone.now(), model._default_manager.filter(connection_id=run.connection.pk)
    existing: dict[str, Any] = {row.remote_id: row for row in copies}  # type: ignore[attr-defined]
    new = [
        model(connection_id=run.connection.pk, remote_id=remote_id, **values)
        for remote_id, values in wanted.items()
        if remote_id not in existing
    ]
    outdated = []
    for remote_id, values in wanted.items():
        if remote_id not in existing:
            continue
        row, values = existing[remote_id], values | {"vanished_at": None}
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            outdated.append(row)
    changed = _save(run, kind, new, outdated, [*next(iter(wanted.values()), ()), "vanished_at"])
    vanished = 0 if partial else copies.filter(vanished_at=None).exclude(remote_id__in=wanted).update(vanished_at=now)
    copies.filter(remote_id__in=wanted).update(seen_at=now)
    run.changed += changed + vanished


def _save(run: Run, kind: UnreadableItem.Kind, new: list[Any], outdated: list[Any], fields: list[str]) -> int:
    """Write all at once or, if the database refuses one of them, each by itself. Returns how many."""
    try:
        with transaction.atomic():
            for model in {type(row) for row in new}:
                model._default_manager.bulk_create(new)
            for model in {type(row) for row in outdated}:
                model._default_manager.bulk_update(outdated, fields)
    except (DataError, IntegrityError):
        for row in new:
            with run.items.copying(kind, row.remote_id):
                row.save(force_insert=True)
        for row in outdated:
            with run.items.copying(kind, row.remote_id):
                row.save(update_fields=fields)
    else:
        run.items.copied |= {(kind, row.remote_id) for row in [*new, *outdated]}
    return len(new) + len(outdated)


def _number(remote: voicedock.RemoteNumber) -> dict[str, Any]:
    return {
        "e164": remote.phone_number or "",
        "name": names.clean(remote.name or "", 200),
        "business_name": names.clean(remote.business_name or "", 200),
        "is_active": remote.is_active,
        "remote_assistant_id": remote.assistant_id or "",
        "has_trunk": remote.has_trunk,
    }


def _assistant(remote: voicedock.RemoteAssistant) -> dict[str, Any]:
    return {
        "name": names.clean(remote.name or "", 200),
        "business_name": names.clean(remote.business_name or "", 200),
        "is_active": remote.is_active,
        "provider": remote.provider or "",
        "model": remote.model or "",
        "family": str(remote.family),
        "first_message": remote.first_message or "",
        "webhook_url": remote.webhook_url or "",
    }
