"""Bring campaigns and their leads over from VoiceDock (`voicedock-api.md §6`); it pushes nothing, so we ask."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import DataError, IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns.models import Campaign, Lead
from dashboard.live_updates import publish
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind, UnreadableItem
from dashboard.sync.runs import Run
from dashboard.sync.unreadable_items import Items
from tenants import names
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Connection

WATCHED = 30  # seconds for which an opened page keeps its campaign's leads fresh
WATCHED_EVERY = timedelta(seconds=15)
RUNNING_EVERY = timedelta(seconds=60)  # leads change to `calling` without moving a counter
NOBODY: dict[str, Any] = {"phone_number": "", "variables": {}}  # a lead without its person
LISTS_AT_ONCE = 8  # lead lists read in one look


def campaigns(connection: Connection) -> None:
    """All campaigns of the connection with one request; opens scopes of its own."""
    with runs.run_sync(connection, Kind.CAMPAIGNS) as run:
        with run.client_for(Priority.REST) as vendor:
            remotes = vendor.campaigns()
        run.seen = len(remotes)
        with scope.for_system("copy campaigns"):
            partial = run.items.set_aside(UnreadableItem.Kind.CAMPAIGN, remotes.unreadable)
            moved = keep(connection, remotes, run.items)
            gone = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None).exclude(
                remote_id__in=[_key_of(remote) for remote in remotes]
            )
            for campaign in gone if not partial else ():
                campaign.vanished_at = timezone.now()
                _save(campaign, ["vanished_at"])
                moved += 1
            run.changed = moved
        if moved:
            runs.mark_due(connection, Kind.LEADS)


def due_leads(connection: Connection) -> None:
    """Leads of the campaigns that need it most: open on a screen, moved counters, never read, running."""
    with runs.run_sync(connection, Kind.LEADS) as run:
        with scope.for_system("which leads to read"):
            due = _due(connection)
        for campaign in due[:LISTS_AT_ONCE]:
            if run.is_over:
                break
            try:
                _read(run, campaign)
            except voicedock.Refused as no:  # of this one list; the others shall not wait for it
                run.remarks.append(f"{campaign.name}: {no}")
        if len(due) > LISTS_AT_ONCE or run.is_over:
            run.again_in = 1.0


def leads(campaign: Campaign) -> None:
    """All leads of one campaign with one request, however many (§6.2); opens scopes of its own."""
    with runs.run_sync(campaign.connection, Kind.LEADS) as run:
        _read(run, campaign)


def watch(campaign: Campaign) -> None:
    """Its page is open: keep its leads fresh for the next half minute."""
    if not cache.get(_key(campaign.pk)):
        runs.mark_due(campaign.connection_id, Kind.LEADS)
    cache.set(_key(campaign.pk), True, WATCHED)


def keep(connection: Connection, remotes: Sequence[voicedock.RemoteCampaign], items: Items | None = None) -> int:
    """Write what VoiceDock says of these campaigns into our copies, and how many moved. Inside a system scope.

    With `items`, one that cannot be written stops none of the others.
    """
    ours = {one.remote_id: one for one in Campaign.objects.filter(connection_id=connection.pk)}
    assistants = {one.remote_id: one for one in Assistant.objects.filter(connection_id=connection.pk)}
    moved = 0
    for remote in remotes:
        key = _key_of(remote)
        campaign = ours.get(key) or Campaign(connection_id=connection.pk, remote_id=key)
        assistant = assistants.get(text_lengths.fit(Assistant, "remote_id", remote.assistant_id or ""))
        with items.each(UnreadableItem.Kind.CAMPAIGN, key) if items is not None else nullcontext():
            moved += _keep(campaign, remote, assistant)
    Campaign.objects.filter(connection_id=connection.pk, remote_id__in=[_key_of(one) for one in remotes]).update(
        seen_at=timezone.now()
    )
    return moved


def _keep(campaign: Campaign, remote: voicedock.RemoteCampaign, assistant: Assistant | None) -> bool:
    values: dict[str, Any] = {
        "assistant_id": assistant.pk if assistant else campaign.assistant_id,
        "name": names.clean(remote.name, 300),
        "status": text_lengths.fit(Campaign, "status", remote.status),
        "template": remote.template or "",
        "starts": remote.starts,
        "ends": remote.ends,
        "timezone": text_lengths.fit(Campaign, "timezone", remote.timezone or ""),
        "total_leads": remote.total_leads,
        "completed_leads": remote.completed_leads,
        "failed_leads": remote.failed_leads,
        "remote_created_at": remote.created_at,
        "remote_updated_at": remote.updated_at,
        "vanished_at": None,
    }
    if campaign.tenant_id is None and assistant is not None:
        values["tenant_id"] = _tenant(assistant, remote)
    changed = [name for name, value in values.items() if getattr(campaign, name) != value]
    if not changed and campaign.pk:
        return False
    if campaign.pk is None or {"total_leads", "completed_leads", "failed_leads", "status"} & set(changed):
        values["counted_at"] = timezone.now()
        changed.append("counted_at")
    for name in changed:
        setattr(campaign, name, values[name])
    _save(campaign, changed)
    if "tenant_id" in changed:
        Lead.objects.filter(campaign=campaign).update(tenant_id=campaign.tenant_id)
    return True


def _save(campaign: Campaign, changed: list[str]) -> None:
    if campaign.pk is None:
        campaign.save(force_insert=True)
    else:
        campaign.version += 1
        campaign.save(update_fields=[*(name.removesuffix("_id") for name in changed), "version"])
    publish.row_changed("campaign", campaign.pk, tenant=campaign.tenant_id, version=campaign.version)


def _tenant(assistant: Assistant, remote: voicedock.RemoteCampaign) -> int | None:
    """Whose assistant it was when the campaign was made, or whose it is now."""
    rights = AssistantDedication.objects.filter(assistant=assistant)
    made = rights.at(remote.created_at) if remote.created_at else rights.none()
    found = made.first() or rights.open().first()
    return found.tenant_id if found else None


def _due(connection: Connection) -> list[Campaign]:
    now = timezone.now()
    mine = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None)
    unread = Q(leads_seen_at=None) | Q(counted_at__gt=F("leads_seen_at"))
    running = Q(status=Campaign.Status.SCHEDULED, leads_seen_at__lt=now - RUNNING_EVERY)
    watched = _watched(mine, now)
    due = mine.filter(unread | running).exclude(pk__in=[one.pk for one in watched])
    return watched + list(due.select_related("connection").order_by(F("leads_seen_at").asc(nulls_first=True)))


def _watched(campaigns: QuerySet[Campaign], now: Any) -> list[Campaign]:
    stale = campaigns.filter(Q(leads_seen_at=None) | Q(leads_seen_at__lt=now - WATCHED_EVERY))
    keys = {_key(pk): pk for pk in stale.values_list("pk", flat=True)}
    return list(stale.filter(pk__in=[keys[key] for key in cache.get_many(keys)]).select_related("connection"))


def _read(run: Run, campaign: Campaign) -> None:
    began = timezone.now()
    with run.client_for(Priority.REST) as vendor:
        try:
            remotes = vendor.leads(campaign.remote_id)
        except voicedock.NotFound:
            remotes = None
    with scope.for_system("copy leads"):
        campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
        moved = _keep_leads(run, campaign, remotes) if remotes is not None else 0
        run.seen += len(remotes or ())
        run.changed += moved
        campaign.leads_seen_at = began
        if moved:
            _save(campaign, ["leads_seen_at"])
        else:
            campaign.save(update_fields=["leads_seen_at"])


def _keep_leads(run: Run, campaign: Campaign, remotes: voicedock.Listing[voicedock.RemoteLead]) -> int:
    ours = {one.remote_id: one for one in Lead.objects.filter(campaign=campaign)}
    new, moved, there = [], [], set()
    emptied = campaign.tenant is not None and campaign.tenant.data_is_removed
    partial = run.items.set_aside(UnreadableItem.Kind.LEAD, remotes.unreadable)
    for remote in remotes:
        values, key = _lead(remote) | (NOBODY if emptied else {}), text_lengths.fit(Lead, "remote_id", remote.id)
        if key in there:
            continue
        there.add(key)
        if (lead := ours.get(key)) is None:
            new.append(Lead(tenant_id=campaign.tenant_id, campaign=campaign, remote_id=key, **values))
        elif any(getattr(lead, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(lead, name, value)
            moved.append(lead)
    _save_leads(run, new, moved)
    gone = [lead.pk for remote_id, lead in ours.items() if remote_id not in there and not partial]
    if gone:
        Lead.objects.filter(pk__in=gone).delete()
    return len(new) + len(moved) + len(gone)


def _save_leads(run: Run, new: list[Lead], moved: list[Lead]) -> None:
    """All at once; if the database refuses one of them, each by itself."""
    try:
        with transaction.atomic():
            Lead.objects.bulk_create(new, batch_size=500)
            if moved:
                Lead.objects.bulk_update(moved, [*_lead_fields], batch_size=500)
    except (DataError, IntegrityError):
        for lead in new:
            with run.items.each(UnreadableItem.Kind.LEAD, lead.remote_id):
                lead.save(force_insert=True)
        for lead in moved:
            with run.items.each(UnreadableItem.Kind.LEAD, lead.remote_id):
                lead.save(update_fields=[*_lead_fields])
    else:
        run.items.taken |= {(UnreadableItem.Kind.LEAD, lead.remote_id) for lead in [*new, *moved]}


_lead_fields = (
    "phone_number",
    "variables",
    "status",
    "call_remote_id",
    "attempts",
    "last_attempt_at",
    "remote_created_at",
)


def _lead(remote: voicedock.RemoteLead) -> dict[str, Any]:
    values = (
        text_lengths.fit(Lead, "phone_number", remote.phone_number),
        dict(remote.variables),
        text_lengths.fit(Lead, "status", remote.status),
        text_lengths.fit(Lead, "call_remote_id", remote.call_id or ""),
        remote.attempts,
        remote.last_attempt_at,
        remote.created_at,
    )
    return dict(zip(_lead_fields, values, strict=True))


def _key_of(remote: voicedock.RemoteCampaign) -> str:
    """Its id as our copy holds it."""
    return str(text_lengths.fit(Campaign, "remote_id", remote.id))


def _key(pk: int) -> str:
    return f"campaign-open:{pk}"
