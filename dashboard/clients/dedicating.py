"""Give numbers and assistants to clients, and take them back; all of it inside the caller's scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dashboard.calls.models import Call, State
from dashboard.live_updates import publish
from tenants import dedications, tenant_status
from tenants.models import Assistant, AssistantDedication, Dedication, Number, NumberDedication, Tenant, User


class InUse(Exception):
    """A call with it is on its way out at this very moment; `words` say what to do."""

    def __init__(
        self, words: str = "A call is being sent with it at this moment. Wait a few seconds and release it again."
    ) -> None:
        super().__init__(words)
        self.words = words


def dedicate_number(tenant: Tenant, number: Number, *, by: User, start: datetime | None = None) -> NumberDedication:
    """From `start` (now) until it is released; raises `AlreadyDedicated`, also for a number VoiceDock took away."""
    _may_have(tenant, number)
    dedication = dedications.dedicate_number(tenant, number, by=by, start=start)
    publish.row_changed("inventory", number.connection_id, tenant=tenant)
    return dedication


def dedicate_assistant(
    tenant: Tenant, assistant: Assistant, *, by: User, start: datetime | None = None
) -> AssistantDedication:
    """From `start` (now) until it is released; raises `dedications.AlreadyDedicated`."""
    _may_have(tenant, assistant)
    dedication = dedications.dedicate_assistant(tenant, assistant, by=by, start=start)
    publish.row_changed("inventory", assistant.connection_id, tenant=tenant)
    return dedication


def release_number(dedication: NumberDedication, *, by: User) -> None:
    """Calls under way go on; none leaves from it afterwards. Raises `InUse` while one is being sent."""
    _nothing_on_its_way(dedication, Call.objects.filter(number_dedication=dedication))
    dedications.end_number(dedication, by=by)
    publish.row_changed("inventory", dedication.connection_id, tenant=dedication.tenant_id)


def release_assistant(dedication: AssistantDedication, *, by: User) -> None:
    """Calls under way go on; none starts with it afterwards. Raises `InUse` while one is being sent."""
    _nothing_on_its_way(dedication, Call.objects.filter(assistant_dedication=dedication))
    dedications.end_assistant(dedication, by=by)
    publish.row_changed("inventory", dedication.connection_id, tenant=dedication.tenant_id)


def release_everything(tenant: Tenant, *, by: User | None) -> tuple[int, int]:
    """Whatever the client has, or shall have from a later day; how many numbers and assistants. Raises `InUse`."""
    tenant_status.lock_tenant(tenant)
    if is_sending(tenant):
        raise InUse
    numbers = list(_unended(NumberDedication, tenant).select_related("tenant", "number"))
    assistants = list(_unended(AssistantDedication, tenant).select_related("tenant", "assistant"))
    for number in numbers:
        dedications.end_number(number, by=by)
    for assistant in assistants:
        dedications.end_assistant(assistant, by=by)
    for connection in {one.connection_id for one in [*numbers, *assistants]}:
        publish.row_changed("inventory", connection, tenant=tenant)
    return len(numbers), len(assistants)


def is_sending(tenant: Tenant) -> bool:
    """Whether a call of this client is on its way out. Inside a scope that covers it."""
    return Call.objects.filter(tenant=tenant, state=State.SENDING).exists()


def _unended(kind: type[Dedication], tenant: Tenant) -> QuerySet[Any]:
    return kind.objects.filter(tenant=tenant).unended()


def _nothing_on_its_way(dedication: Dedication, calls: QuerySet[Call]) -> None:
    """The locks wait for a claim that is being made, in the order it takes them; what it then claimed is seen here."""
    tenant_status.lock_tenant(dedication.tenant)
    type(dedication).objects.select_for_update(of=("self",)).get(pk=dedication.pk)
    if calls.filter(state=State.SENDING).exists():
        raise InUse


def _may_have(tenant: Tenant, thing: Number | Assistant) -> None:
    if thing.vanished_at:
        raise dedications.AlreadyDedicated("VoiceDock does not have it any more.")
    if tenant_status.lock_tenant(tenant).status == Tenant.Status.CLOSED:
        raise dedications.AlreadyDedicated(f"{tenant.name} is closed. Reopen it first.")
