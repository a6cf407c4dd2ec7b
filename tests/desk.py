"""A client at work: connected to the sandbox's small world, with a line and an assistant, ready to call."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from dashboard.calls import ending, placing, sweep
from dashboard.calls.models import Call, Receipt
from dashboard.sandbox import inprocess
from dashboard.sandbox.app import Sandbox
from tenants import scope
from tenants.models import AssistantDedication, AuditEntry, Connection, NumberDedication, Tenant, User
from tests.world import agency, asked, client_of, sandbox

__all__ = ["Desk", "agency", "asked", "client_of", "desk", "sandbox"]
PERSON = "+31612340042"


@dataclass
class Desk:
    """What a person at the client's desk does, and what can be seen of it."""

    tenant: Tenant
    connection: Connection
    number: NumberDedication
    assistant: AssistantDedication
    sandbox: Sandbox
    user: User | None = None

    def place(self, destination: str = PERSON, token: uuid.UUID | None = None, **more: Any) -> Call:
        facts = {"by": self.user, "number": self.number.pk, "assistant": self.assistant.pk} | more
        return placing.place(self.tenant, destination=destination, token=token or uuid.uuid4(), **facts)

    def talking(self, destination: str = PERSON) -> Call:
        """A call that is answered, as we know it."""
        call = self.place(destination)
        self.lever(f"calls/{call.remote_id}/force", status="in-progress")
        self.look()
        return self.again(call)

    def look(self) -> None:
        """Hear the list."""
        from dashboard.calls import merge
        from dashboard.voicedock import RemoteCall

        with inprocess.client(self.sandbox, "sandbox-agency") as client:
            listed = client.get("/calls", params={"limit": 1000}).json()["calls"]
        for one in listed:
            merge.hear(self.connection, merge.Facts.of_remote(RemoteCall.read(one)))

    def again(self, call: Call) -> Call:
        """The row as it is now."""
        with scope.system("look"):
            return Call.objects.select_related("tenant", "connection").get(pk=call.pk)

    def calls(self) -> list[Call]:
        with scope.system("look"):
            return list(Call.objects.order_by("created_at"))

    def receipts(self, call: Call) -> list[Receipt]:
        with scope.system("look"):
            return list(Receipt.objects.filter(call=call))

    def actions(self) -> list[str]:
        """The audit trail of the client's calls, oldest first."""
        with scope.system("look"):
            entries = AuditEntry.objects.filter(tenant=self.tenant, action__startswith="call.")
            return list(entries.order_by("seq").values_list("action", flat=True))

    def lever(self, path: str, **body: Any) -> dict[str, Any]:
        with inprocess.client(self.sandbox) as levers:
            answer = levers.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def fault(self, fault: str, route: str = "/calls/outbound", **more: Any) -> None:
        self.lever("faults", fault=fault, route=route, **more)

    def later(self, call: Call, seconds: float) -> None:
        """As if it had been sent so long ago, and whatever it waits for were due."""
        past = timedelta(seconds=seconds)
        with scope.system("let time pass"):
            rows = Call.objects.filter(pk=call.pk)
            rows.update(lease_until=Now() - timedelta(seconds=1), created_at=F("created_at") - past)
            rows.update(sent_at=F("sent_at") - past, end_asked_at=F("end_asked_at") - past)
            for name in ("asked_at", "answered_at", "sent_at"):
                Receipt.objects.filter(call=call.pk).update(**{name: F(name) - past})

    def sweep(self) -> None:
        """What beat and a worker do."""
        for call_id in sweep.run():
            placing.send(call_id)
        for call_id in ending.due():
            ending.send(call_id)
        sweep.ask()

    def placed(self) -> list[dict[str, Any]]:
        """Requests to dial that reached VoiceDock."""
        return [entry for entry in self.sandbox.log.since() if entry["path"].endswith("/calls/outbound")]

    def commands(self) -> list[dict[str, Any]]:
        return [entry for entry in self.sandbox.log.since() if entry["path"].endswith("/control")]


@pytest.fixture
def desk(agency, client_of, sandbox, person) -> Desk:
    tenant = client_of(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))
    with scope.of(tenant):
        number = NumberDedication.objects.select_related("number").get(tenant=tenant)
        assistant = AssistantDedication.objects.select_related("assistant").get(tenant=tenant)
    sandbox.clock.advance(time.time() - sandbox.clock.now())  # the database has the real time
    return Desk(tenant, agency.connection, number, assistant, sandbox, person("Ines Vale"))
