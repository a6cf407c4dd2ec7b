"""Copy campaigns and their leads from VoiceDock (`docs/voicedock-api.md §6`), which sends no webhooks for them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard import voicedock
from dashboard.campaigns import lead_reads, people_counting, snapshots
from dashboard.campaigns.batches import batched
from dashboard.campaigns.kept_counts import FEW
from dashboard.campaigns.models import Campaign, CampaignSnapshot, Lead
from dashboard.live_updates import publish
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind, UnreadableItem
from dashboard.sync.runs import Run
from dashboard.sync.unreadable_items import Items
from tenants import names
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Connection

WATCHED_FOR = 30  # seconds for which an opened page keeps its campaign's leads fresh
WATCHED_EVERY = timedelta(seconds=15)
NO_PERSON: dict[str, Any] = {"phone_number": "", "variables": {}}  # a lead without personal data
MAX_LISTS = 8  # lead lists read in one run
SLICE = 1000  # leads that are compared and written at once
COUNTED_AT_ONCE = 2000  # leads, of which the figures of pages are counted with each read


@scope.opens_scope
def campaigns(connection: Connection) -> None:
    """All campaigns of the connection with one request; opens scopes of its own."""
    with runs.run_sync(connection, Kind.CAMPAIGNS) as run:
        with run.client_for(Priority.REST) as vendor:
            remotes = vendor.campaigns()
        run.seen = len(remotes)
        with scope.for_system("copy campaigns"):
            partial = run.items.add_unreadable(UnreadableItem.Kind.CAMPAIGN, remotes.unreadable)
            changed = store_campaigns(connection, remotes, run.items)
            gone = Campaign.objects.filter(connection_id=connection.pk, vanished_at=None).exclude(
                remote_id__in=[_key_of(remote) for remote in remotes]
            )
            for campaign in gone if not partial else ():
                campaign.vanished_at = timezone.now()
                _save(campaign, ["vanished_at"])
                changed += 1
            run.changed = changed
        if changed:
            runs.mark_due(connection, Kind.LEADS)


@scope.opens_scope
def due_leads(connection: Connection) -> None:
    """Leads of the campaigns that need it most: open in a browser, changed counters, never read, running."""
    with runs.run_sync(connection, Kind.LEADS) as run:
        with scope.for_system("lead lists that are due"):
            due, together = _due(connection), lead_reads.weights(connection)
        for campaign in due[:MAX_LISTS]:
            if run.is_over:
                break
            try:
                _read(run, campaign, together)
            except voicedock.Refused as error:  # only this list: the others are still read, also by the next run
                run.remarks.append(f"{campaign.name}: {error}")
                with scope.for_system("a list that was refused"):
                    later = timezone.now() + lead_reads.AFTER_REFUSAL
                    Campaign.objects.filter(pk=campaign.pk).update(leads_due_at=later)
        if len(due) > MAX_LISTS or run.is_over:
            run.again_in = 1.0


@scope.opens_scope
def leads(campaign: Campaign) -> None:
    """All leads of one campaign with one request, however many (§6.2); opens scopes of its own."""
    with runs.run_sync(campaign.connection, Kind.LEADS) as run:
        with scope.for_system("how often leads are read"):
            together = lead_reads.weights(campaign.connection)
        _read(run, campaign, together)


def watch(campaign: Campaign) -> None:
    """Keep the leads of this campaign fresh for the next half minute, because its page is open."""
    if not cache.get(_cache_key(campaign.pk)):
        runs.mark_due(campaign.connection_id, Kind.LEADS)
    cache.set(_cache_key(campaign.pk), True, WATCHED_FOR)


@scope.requires_scope
def store_campaigns(
    connection: Connection, remotes: Sequence[voicedock.RemoteCampaign], items: Items | None = None
) -> int:
    """Update our copies of these campaigns; returns how many changed. Inside a system scope.

    With `items`, one that cannot be written is recorded there and stops none of the others.
    """
    copies = Campaign.objects.filter(connection_id=connection.pk)
    existing = {campaign.remote_id: campaign for campaign in copies}
    assistants = {row.remote_id: row for row in Assistant.objects.filter(connection_id=connection.pk)}
    changed = 0
    for remote in remotes:
        key = _key_of(remote)
        campaign = existing.get(key) or Campaign(connection_id=connection.pk, remote_id=key)
        assistant = assistants.get(text_lengths.fit(Assistant, "remote_id", remote.assistant_id or ""))
        with items.copying(UnreadableItem.Kind.CAMPAIGN, key) if items is not None else nullcontext():
            changed += _store(campaign, remote, assistant)
    copies.filter(remote_id__in=[_key_of(remote) for remote in remotes]).update(seen_at=timezone.now())
    return changed


def _store(campaign: Campaign, remote: voicedock.RemoteCampaign, assistant: Assistant | None) -> bool:
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
        values["tenant_id"] = _tenant_id_of(assistant, remote)
    changed = [name for name, value in values.items() if getattr(campaign, name) != value]
    if not changed and campaign.pk:
        return False
    if campaign.pk is None or {"total_leads", "completed_leads", "failed_leads", "status"} & set(changed):
        values["counted_at"] = values["leads_due_at"] = timezone.now()
        changed += ["counted_at", "leads_due_at"]
    could_call = campaign.pk is None or campaign.may_call
    for name in changed:
        setattr(campaign, name, values[name])
    _save(campaign, changed)
    if "tenant_id" in changed:
        Lead.objects.filter(campaign=campaign).update(tenant_id=campaign.tenant_id)
        CampaignSnapshot.objects.filter(campaign=campaign).update(tenant_id=campaign.tenant_id)
    if campaign.may_call and not could_call:
        Lead.objects.filter(campaign=campaign).update(lists_asked=False)  # each waits for who asks for it just now
    return True


def _save(campaign: Campaign, changed: list[str]) -> None:
    if campaign.pk is None:
        campaign.save(force_insert=True)
    else:
        campaign.version += 1
        campaign.save(update_fields=[*(name.removesuffix("_id") for name in changed), "version"])
    publish.row_changed("campaign", campaign.pk, tenant=campaign.tenant_id, version=campaign.version)


def _tenant_id_of(assistant: Assistant, remote: voicedock.RemoteCampaign) -> int | None:
    """The client that had the assistant when the campaign was created, or has it now."""
    dedications = AssistantDedication.objects.filter(assistant=assistant)
    then = dedications.at(remote.created_at) if remote.created_at else dedications.none()
    found = then.first() or dedications.open().first()
    return found.tenant_id if found else None


def _due(connection: Connection) -> list[Campaign]:
    """As many as one run reads, and one more where there are more."""
    watched = _watched(Campaign.objects.filter(connection_id=connection.pk, vanished_at=None), timezone.now())
    due = lead_reads.due(connection).exclude(pk__in=[campaign.pk for campaign in watched])
    return watched + list(due.select_related("connection")[: MAX_LISTS + 1])


def _watched(campaigns: QuerySet[Campaign], now: Any) -> list[Campaign]:
    stale = campaigns.filter(Q(leads_seen_at=None) | Q(leads_seen_at__lt=now - WATCHED_EVERY))
    keys = {_cache_key(pk): pk for pk in stale.values_list("pk", flat=True)}
    return list(stale.filter(pk__in=[keys[key] for key in cache.get_many(keys)]).select_related("connection"))


def _read(run: Run, campaign: Campaign, together: float) -> None:
    began = timezone.now()
    with run.client_for(Priority.LEADS) as vendor:
        try:
            remotes = vendor.leads(campaign.remote_id)
        except voicedock.NotFound:
            remotes = None
    with scope.for_system("copy leads"):
        campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
        run.seen += len(remotes or ())
        changed = _store_leads(run, campaign, remotes) if remotes is not None else 0
        run.changed += changed
        if changed or _has_moved(campaign):
            campaign.people_counts = None  # of before this read
            if changed and FEW < campaign.total_leads <= COUNTED_AT_ONCE:
                people_counting.count(campaign)
            snapshots.take(campaign)
        lead_reads.after_read(campaign, changed=bool(changed), at=began, together=together)
        campaign.leads_seen_at = began
        if campaign.counted_at and campaign.counted_at > began:
            campaign.leads_due_at = campaign.counted_at  # it moved while it was read
        read = ["leads_seen_at", "leads_due_at", "leads_change_rate"]
        if changed:
            _save(campaign, read)
        else:
            campaign.save(update_fields=read)


def _has_moved(campaign: Campaign) -> bool:
    """Whether its counters moved since its leads were read last."""
    last = campaign.leads_seen_at
    return last is None or (campaign.counted_at is not None and campaign.counted_at > last)


def _store_leads(run: Run, campaign: Campaign, remotes: voicedock.Listing[voicedock.RemoteLead]) -> int:
    """In slices, and empties `remotes` meanwhile: of a list of 100,000, no more than what is left to be stored is in
    memory, and the ids."""
    partial = run.items.add_unreadable(UnreadableItem.Kind.LEAD, remotes.unreadable)
    data_is_removed = campaign.tenant is not None and campaign.tenant.data_is_removed
    changed, listed = 0, set[str]()
    remotes.reverse()
    while remotes:
        wanted = {}
        for remote in (remotes.pop() for _ in range(min(SLICE, len(remotes)))):
            key = text_lengths.fit(Lead, "remote_id", remote.id)
            if key not in listed:
                wanted[key] = _lead(remote) | (NO_PERSON if data_is_removed else {})
        listed |= wanted.keys()
        changed += _store_slice(run, campaign, wanted)
    if partial:
        return changed
    # One who is being removed stays until that is recorded (`forbidden_people.py`).
    stored = Lead.objects.filter(campaign=campaign, removal_next_at=None).order_by().values_list("pk", "remote_id")
    gone = (pk for pk, remote_id in stored.iterator(chunk_size=SLICE) if remote_id not in listed)
    for ids in batched(gone, SLICE):
        Lead.objects.filter(pk__in=ids).delete()
        changed += len(ids)
    return changed


def _store_slice(run: Run, campaign: Campaign, wanted: dict[str, dict[str, Any]]) -> int:
    existing = {lead.remote_id: lead for lead in Lead.objects.filter(campaign=campaign, remote_id__in=wanted)}
    new, outdated, called_again = [], [], []
    for key, values in wanted.items():
        if (lead := existing.get(key)) is None:
            new.append(Lead(tenant_id=campaign.tenant_id, campaign=campaign, remote_id=key, **values))
        elif any(getattr(lead, name) != value for name, value in values.items()):
            if lead.call_remote_id and lead.call_remote_id != values["call_remote_id"]:
                called_again.append(lead.pk)
            for name, value in values.items():
                setattr(lead, name, value)
            lead.lists_asked = False
            outdated.append(lead)
    _save_leads(run, new, outdated)
    if called_again:  # each call is compared with its campaign (`rechecks.compare_calls`)
        Lead.objects.filter(pk__in=called_again).update(call_verdict="")
    return len(new) + len(outdated)


def _save_leads(run: Run, new: list[Lead], outdated: list[Lead]) -> None:
    """Write all at once or, if the database refuses one of them, each by itself."""
    try:
        with transaction.atomic():
            Lead.objects.bulk_create(new, batch_size=500)
            if outdated:
                Lead.objects.bulk_update(outdated, [*_lead_fields, "lists_asked"], batch_size=500)
    except (DataError, IntegrityError):
        for lead in new:
            with run.items.copying(UnreadableItem.Kind.LEAD, lead.remote_id):
                lead.save(force_insert=True)
        for lead in outdated:
            with run.items.copying(UnreadableItem.Kind.LEAD, lead.remote_id):
                lead.save(update_fields=[*_lead_fields, "lists_asked"])
    else:
        run.items.copied |= {(UnreadableItem.Kind.LEAD, lead.remote_id) for lead in [*new, *outdated]}


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
    """Its id as our copy stores it."""
    return str(text_lengths.fit(Campaign, "remote_id", remote.id))


def _cache_key(pk: int) -> str:
    return f"campaign-open:{pk}"
