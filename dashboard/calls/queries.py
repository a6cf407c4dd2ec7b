"""What the screens of calls read; each function runs inside the scope its caller holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Value
from django.utils import timezone

from dashboard.calls import leads
from dashboard.calls.models import Call, CallQuerySet, Phrase, Receipt
from dashboard.sync.models import Kind, SyncState
from dashboard.ui import phone_numbers
from tenants.models import AssistantDedication, AuditEntry, Connection, NumberDedication, Tenant, User

WALL = 200


def whole(calls: CallQuerySet) -> CallQuerySet:
    """Calls with what every screen says of them: line, assistant, who asked, the campaign's lead if there is one."""
    found = calls.select_related(
        "tenant", "requested_by", "number_dedication__number", "assistant_dedication__assistant"
    )
    return found.with_end_age().annotate(lead=leads.facts())


def of_tenant(tenant: Tenant) -> CallQuerySet:
    return whole(Call.objects.filter(tenant=tenant))


def receipts(call: Call) -> list[Receipt]:
    return list(call.receipts.select_related("asked_by"))


def phrases(tenant: Tenant) -> list[Phrase]:
    return list(Phrase.objects.filter(tenant=tenant)[:24])


def lines(tenant: Tenant) -> list[NumberDedication]:
    """The client's lines, the usual one first; those that ended come last, the newest period of each number only."""
    found = (
        NumberDedication.objects.filter(tenant=tenant, withdrawn_at=None)
        .select_related("number")
        .order_by("e164", "-period")
    )
    return _newest_periods(found, lambda one: one.e164, tenant.default_number_id)


def assistants(tenant: Tenant) -> list[AssistantDedication]:
    found = (
        AssistantDedication.objects.filter(tenant=tenant, withdrawn_at=None)
        .select_related("assistant")
        .order_by("assistant__name", "assistant_id", "-period")
    )
    return [
        one for one in _newest_periods(found, lambda one: one.assistant_id, tenant.default_assistant_id) if one.is_open
    ]


def _newest_periods(found: Iterable[Any], thing: Callable[[Any], Any], usual: int | None) -> list[Any]:
    newest: dict[Any, Any] = {}
    for one in found:
        kept = newest.get(thing(one))
        if kept is None or (one.is_open and not kept.is_open):
            newest[thing(one)] = one
    return sorted(newest.values(), key=lambda one: (not one.is_open, one.pk != usual))


def in_use(tenant: Tenant) -> int:
    """Calls that count against how many a client may have at once."""
    return Call.objects.in_use().filter(tenant=tenant).count()


def last_try(tenant: Tenant, user: User) -> Call | None:
    """This person's last call from here, told beside the form within the hour."""
    hour = timezone.now() - timedelta(hours=1)
    return Call.objects.filter(tenant=tenant, requested_by=user, created_at__gt=hour).order_by("-created_at").first()


def by_token(tenant: Tenant, token: UUID) -> Call | None:
    """The call that this form has already become."""
    return Call.objects.filter(tenant=tenant, client_token=token).first()


def wall(calls: CallQuerySet, *, longest: bool = True) -> list[Call]:
    """Live calls with their last command on `last`, at most `WALL`."""
    found = list(whole(calls.live()).order_by("created_at" if longest else "-created_at", "id")[:WALL])
    last = {
        receipt.call_id: receipt
        for receipt in Receipt.objects.filter(call__in=[call.pk for call in found])
        .select_related("asked_by")
        .order_by("call_id", "-asked_at", "-id")
        .distinct("call_id")
    }
    for call in found:
        call.last = last.get(call.pk)  # type: ignore[attr-defined]
    return found


def fresh_at(connection_id: int | None, kind: Kind) -> datetime | None:
    """When the last good look of that kind began."""
    if connection_id is None:
        return None
    return SyncState.objects.filter(connection=connection_id, kind=kind).values_list("fresh_at", flat=True).first()


def heard_at(call: Call) -> datetime:
    """How old what we show of one call is: the newer of its own news and the last sync of all live calls.

    A call that VoiceDock did not show in that sync is as old as its own news.
    """
    followed = call.is_live and call.remote_id and call.missing_since is None
    looked = fresh_at(call.connection_id, Kind.LIVE_CALLS) if followed else None
    return max(call.seen_at, looked) if looked else call.seen_at


def ages(kind: Kind) -> list[tuple[Connection, datetime | None]]:
    """Every connection and how old its news of that kind is; the freshest first, never looked at last."""
    states = SyncState.objects.filter(kind=kind).select_related("connection")
    never = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    return sorted(((one.connection, one.fresh_at) for one in states), key=lambda pair: pair[1] or never, reverse=True)


def dedicated_entry(dedication: NumberDedication) -> AuditEntry | None:
    """The audit entry that says when this line was given to the client."""
    subject = f"{dedication._meta.model_name}:{dedication.pk}"
    return AuditEntry.objects.filter(tenant=dedication.tenant_id, subject=subject).order_by("seq").first()


def countries(client: str = "") -> list[str]:
    """Where the numbers of one client, or of all of them, are read without a country code."""
    found = Tenant.objects.exclude(country="")
    found = found.filter(slug=client) if client else found
    return list(found.order_by("country").values_list("country", flat=True).distinct())


def choices(tenant: Tenant | None = None) -> dict[str, list[tuple[str, str]]]:
    """What the list can be narrowed to: lines and assistants of a client, or the clients of all; one query."""
    if tenant is None:
        clients = list(Tenant.objects.order_by("name").values_list("slug", "name"))
        return {"lines": [], "assistants": [], "clients": clients}
    lines = NumberDedication.objects.filter(tenant=tenant).values_list(Value("line"), "e164", "number__name")
    names = AssistantDedication.objects.filter(tenant=tenant).values_list(
        Value("assistant"), "assistant__name", Value("")
    )
    found = sorted(set(lines.union(names)))
    return {
        "lines": [
            (e164, f"{name} {phone_numbers.grouped(e164)}".strip()) for kind, e164, name in found if kind == "line"
        ],
        "assistants": [(name, name) for kind, name, _ in found if kind == "assistant" and name],
    }
