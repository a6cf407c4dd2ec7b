"""Take the personal data out of a client's calls, once its retention has ended; what proves the caller ID stays.

A call keeps its moments, states, line, dedications and what VoiceDock reported of the caller ID. The person's number,
transcript, reports and the contents of commands are removed for good: `apply_update` ignores updates of such a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from dashboard.calls.models import (
    Action,
    AssistantDraft,
    Call,
    CallPreset,
    CallReport,
    Phrase,
    PlannedCall,
    Receipt,
    State,
    SteeringLease,
    TransferTarget,
)
from dashboard.contact_rules.models import DoNotCallEntry
from tenants.isolation import scope
from tenants.models import Tenant

UNSETTLED = [State.NEEDS_PERSON, State.LOST]  # at VoiceDock these are over or were never placed
OVER = Q(finished=True) | Q(state__in=UNSETTLED)
SAVED_TEXTS = (AssistantDraft, CallPreset, Phrase, Action, TransferTarget, DoNotCallEntry)
Mark = tuple[datetime, UUID]


@dataclass(frozen=True)
class Removed:
    """`count` rows were changed. `ids` are VoiceDock's of these calls, `connections` those they came over; `last` is
    where to go on."""

    count: int
    ids: list[str]
    connections: set[int]
    last: Mark | None


@scope.requires_scope
def remove_personal_data(tenant: Tenant, most: int, after: Mark | None = None) -> Removed:
    """Remove it from at most `most` calls, the oldest first, and with them calls that are planned.

    Inside the caller's scope.
    """
    left = Call.objects.filter(OVER, tenant=tenant, data_removed_at=None)
    if after:
        later = Q(created_at__gt=after[0]) | Q(created_at=after[0], pk__gt=after[1])
        left = left.filter(later, created_at__gte=after[0])  # the bound begins in the index, the rest is a filter
    calls = list(left.select_for_update(of=("self",)).order_by("created_at", "pk")[:most])
    pks = [call.pk for call in calls]
    Call.objects.filter(pk__in=pks).update(
        counterpart="",
        overrides={},
        assistant_override={},
        assistant_configuration={},
        error="",
        analysis_outcome="",
        preset_name="",
        override_reason="",
        data_removed_at=Now(),
        version=F("version") + 1,
    )
    CallReport.objects.filter(call_id__in=pks).delete()  # the database lets a report go with its call's data only
    SteeringLease.objects.filter(call_id__in=pks).delete()
    Receipt.objects.filter(call_id__in=pks).update(payload={}, note="", remark="")
    ids = [name for call in calls for name in (call.remote_id, call.webhook_call_id) if name]
    connections = {call.connection_id for call in calls}
    planned = PlannedCall.objects.filter(tenant=tenant).values("pk")[:most]
    removed = len(calls) + PlannedCall.objects.filter(pk__in=planned).delete()[0]
    return Removed(removed, ids, connections, (calls[-1].created_at, calls[-1].pk) if calls else after)


@scope.requires_scope
def delete_saved_texts(tenant: Tenant, most: int) -> int:
    """Delete what the client's people saved for their calls: it holds what they typed, and names of colleagues.

    At most `most` rows of one kind, and what belongs to them; returns how many, 0 when nothing is left.
    """
    for model in SAVED_TEXTS:
        some = model.objects.filter(tenant=tenant).order_by("pk").values("pk")[:most]
        if count := model.objects.filter(pk__in=some).delete()[0]:  # type: ignore[misc]  # of one of these models
            return int(count)
    return 0


@scope.requires_scope
def is_rest(tenant: Tenant) -> bool:
    """Whether calls are left that are not over yet."""
    return Call.objects.filter(tenant=tenant, finished=False).exclude(state__in=UNSETTLED).exists()


@scope.requires_scope
def emptied(tenant: Tenant) -> int:
    """Calls of it that lost their personal data since it was closed last."""
    return Call.objects.filter(tenant=tenant, data_removed_at__gte=tenant.closed_at).count()
