"""Dedicate numbers and assistants to clients, and release them; all inside the caller's scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dashboard.calls.models import Call, State
from dashboard.live_updates import publish
from tenants import dedications, tenant_status
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Dedication, Number, NumberDedication, Tenant, User


class InUse(ActionRefused):
    """A call with it is being sent at this moment; `message` tells the user what to do."""

    def __init__(
        self, message: str = "A call is being sent with it at this moment. Wait a few seconds and release it again."
    ) -> None:
        super().__init__(message)


@scope.requires_scope
def dedicate_number(
    tenant: Tenant, number: Number, *, by: User, start: datetime | None = None, name: str = ""
) -> NumberDedication:
    """From `start` (now) until it is released; raises `AlreadyDedicated`, also for a number VoiceDock took away."""
    _may_have(tenant, number)
    dedication = dedications.dedicate_number(tenant, number, by=by, start=start, name=name)
    publish.row_changed("inventory", number.connection_id, tenant=tenant)
    return dedication


@scope.requires_scope
def dedicate_assistant(
    tenant: Tenant, assistant: Assistant, *, by: User, start: datetime | None = None
) -> AssistantDedication:
    """From `start` (now) until it is released; raises `dedications.AlreadyDedicated`."""
    _may_have(tenant, assistant)
    dedication = dedications.dedicate_assistant(tenant, assistant, by=by, start=start)
    publish.row_changed("inventory", assistant.connection_id, tenant=tenant)
    return dedication


@scope.requires_scope
def release_number(dedication: NumberDedication, *, by: User) -> None:
    """Live calls continue; none is placed from it afterwards. Raises `InUse` while one is being sent."""
    _require_no_call_being_sent(dedication, Call.objects.filter(number_dedication=dedication))
    dedications.end_number(dedication, by=by)
    publish.row_changed("inventory", dedication.connection_id, tenant=dedication.tenant_id)


@scope.requires_scope
def release_assistant(dedication: AssistantDedication, *, by: User) -> None:
    """Live calls continue; none is placed with it afterwards. Raises `InUse` while one is being sent."""
    _require_no_call_being_sent(dedication, Call.objects.filter(assistant_dedication=dedication))
    dedications.end_assistant(dedication, by=by)
    publish.row_changed("inventory", dedication.connection_id, tenant=dedication.tenant_id)


def blocking_reason_of(thing: Number | Assistant) -> str:
    """Why it can be dedicated to nobody, from no day on; empty where it can.

    Reads `is_kept` and `holder` where the query has them (`queries.offered_numbers`); otherwise the database decides.
    """
    if thing.vanished_at:
        return "VoiceDock does not have it any more."
    if getattr(thing, "is_kept", False):
        return f"{thing.holder} has it. Release it there first."  # type: ignore[union-attr]
    return ""


def client_blocking_reason(tenant: Tenant) -> str:
    """Why this client can be given nothing; empty where it can."""
    return f"{tenant.name} is closed. Reopen it first." if tenant.status == Tenant.Status.CLOSED else ""


@scope.requires_scope
def release_blocking_reasons(tenant: Tenant, dedications: Iterable[Dedication]) -> dict[Dedication, str]:
    """The reasons of those that cannot be released at this moment. Inside a scope that covers the client."""
    sending = Call.objects.filter(tenant=tenant, state=State.SENDING)
    numbers, assistants = set(), set()
    for number, assistant in sending.values_list("number_dedication", "assistant_dedication"):
        numbers.add(number)
        assistants.add(assistant)
    return {
        dedication: str(InUse())
        for dedication in dedications
        if dedication.pk in (numbers if isinstance(dedication, NumberDedication) else assistants)
    }


def release_everything(tenant: Tenant, *, by: User | None) -> tuple[int, int]:
    """All it has now or from a later day; returns how many numbers and assistants. Raises `InUse`."""
    tenant_status.lock_tenant(tenant)
    if is_sending(tenant):
        raise InUse
    numbers = list(_unended(NumberDedication, tenant).select_related("tenant", "number"))
    assistants = list(_unended(AssistantDedication, tenant).select_related("tenant", "assistant"))
    for number in numbers:
        dedications.end_number(number, by=by)
    for assistant in assistants:
        dedications.end_assistant(assistant, by=by)
    for connection in {dedication.connection_id for dedication in [*numbers, *assistants]}:
        publish.row_changed("inventory", connection, tenant=tenant)
    return len(numbers), len(assistants)


@scope.requires_scope
def is_sending(tenant: Tenant) -> bool:
    """Whether a call of this client is being sent. Inside a scope that covers it."""
    return Call.objects.filter(tenant=tenant, state=State.SENDING).exists()


def _unended(kind: type[Dedication], tenant: Tenant) -> QuerySet[Any]:
    return kind.objects.filter(tenant=tenant).unended()


def _require_no_call_being_sent(dedication: Dedication, calls: QuerySet[Call]) -> None:
    """The locks wait for a claim that is being made, in the same order, so that its call is seen here."""
    tenant_status.lock_tenant(dedication.tenant)
    type(dedication).objects.select_for_update(of=("self",)).get(pk=dedication.pk)
    if calls.filter(state=State.SENDING).exists():
        raise InUse


def _may_have(tenant: Tenant, thing: Number | Assistant) -> None:
    if message := blocking_reason_of(thing) or client_blocking_reason(tenant_status.lock_tenant(tenant)):
        raise dedications.AlreadyDedicated(message)
