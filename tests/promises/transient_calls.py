"""Calls with a one-time assistant: of whom, and how they are made and allowed."""

from __future__ import annotations

import uuid
from typing import Any

from dashboard.calls.models import Call
from tenants.isolation import scope
from tenants.models import Connection, NumberDedication, Tenant, User

CONFIGURATION = {
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": "Be kind."}]},
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "v1"},
}
NL = {"destination_country": "NL", "destination_kind": "mobile"}


def transient(
    tenant: Tenant, of_connection: Connection, number: NumberDedication, by: User | None, **more: Any
) -> Call:
    return Call(
        tenant=tenant,
        connection=of_connection,
        number_dedication=number,
        requested_by=by,
        mode="transient",
        assistant_configuration=CONFIGURATION,
        origin="placed",
        client_token=uuid.uuid4(),
        **{"counterpart": "+31612345678"} | NL | more,
    )


def allow(tenant: Tenant, allowed: bool = True) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(transient_calls=allowed)


def waiting(caller: Any, **more: Any) -> Call:
    with scope.for_tenant(caller.tenant):
        call = transient(caller.tenant, caller.connection, caller.number, caller.user, **more)
        call.save(force_insert=True)
    return call
