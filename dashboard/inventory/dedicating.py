"""Give numbers and assistants to clients, and take them back; all of it inside the caller's scope."""

from __future__ import annotations

from datetime import datetime

from dashboard.calls.models import Call, State
from dashboard.live import changes
from tenants import ownership
from tenants.models import Assistant, AssistantDedication, Dedication, Number, NumberDedication, Tenant, User


class InUse(Exception):
    """A call with it is on its way out at this very moment; `words` say what to do."""

    words = "A call is being sent with it at this moment. Wait a few seconds and release it again."


def dedicate_number(tenant: Tenant, number: Number, *, by: User, start: datetime | None = None) -> NumberDedication:
    """From `start` (now) until it is released; raises `ownership.Taken`, also for a number VoiceDock took away."""
    _still_there(number)
    dedication = ownership.dedicate_number(tenant, number, by=by, start=start)
    changes.note("inventory", number.connection_id, tenant=tenant)
    return dedication


def dedicate_assistant(
    tenant: Tenant, assistant: Assistant, *, by: User, start: datetime | None = None
) -> AssistantDedication:
    """From `start` (now) until it is released; raises `ownership.Taken`."""
    _still_there(assistant)
    dedication = ownership.dedicate_assistant(tenant, assistant, by=by, start=start)
    changes.note("inventory", assistant.connection_id, tenant=tenant)
    return dedication


def release_number(dedication: NumberDedication, *, by: User) -> None:
    """Calls under way go on; none leaves from it afterwards. Raises `InUse` while one is being sent."""
    _nothing_on_its_way(dedication, Call.objects.filter(number_dedication=dedication))
    ownership.end_number(dedication, by=by)
    changes.note("inventory", dedication.connection_id, tenant=dedication.tenant_id)


def release_assistant(dedication: AssistantDedication, *, by: User) -> None:
    """Calls under way go on; none starts with it afterwards. Raises `InUse` while one is being sent."""
    _nothing_on_its_way(dedication, Call.objects.filter(assistant_dedication=dedication))
    ownership.end_assistant(dedication, by=by)
    changes.note("inventory", dedication.connection_id, tenant=dedication.tenant_id)


def _nothing_on_its_way(dedication: Dedication, calls) -> None:
    """The lock waits for a claim that is being made; what it then claimed is seen here."""
    type(dedication).objects.select_for_update().get(pk=dedication.pk)
    if calls.filter(state=State.SENDING).exists():
        raise InUse


def _still_there(thing: Number | Assistant) -> None:
    if thing.vanished_at:
        raise ownership.Taken("VoiceDock does not have it any more.")
