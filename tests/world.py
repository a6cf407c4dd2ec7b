"""The sandbox's small world, connected: for tests of what we bring over from VoiceDock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import stamina

from dashboard.inventory import connecting, sync
from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tenants import ownership, scope
from tenants.models import Assistant, Connection, Number, Tenant
from tests.backdating import backdating

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # before anything that the sandbox's clock may say


@pytest.fixture
def sandbox(settings) -> Iterator[app.Sandbox]:
    """A VoiceDock of our own, on a clock that is moved by hand; nobody else is reached."""
    made = app.make(seed=7, clock=ManualClock(), world="small", deliver=lambda *webhook: None)
    settings.VOICEDOCK_API_URL = "http://sandbox/api/v1"
    settings.VOICEDOCK_TRANSPORT = inprocess.Transport(made)
    with stamina.set_testing(True, attempts=3):  # repeats without waiting
        yield made


@pytest.fixture
def asked(sandbox) -> Callable[[], list[str]]:
    """What was asked of VoiceDock since the last time, as "GET /calls"."""
    last = {"id": 0}

    def since() -> list[str]:
        entries = sandbox.log.since(last["id"])
        last["id"] = entries[-1]["id"] if entries else last["id"]
        return [f"{entry['method']} {entry['path'].removeprefix('/api/v1')}" for entry in entries]

    return since


@dataclass
class Office:
    """A connected organization of the sandbox."""

    connection: Connection

    def number(self, e164: str) -> Number:
        """Inside a scope that reaches all, like the next."""
        return Number.objects.get(connection=self.connection, e164=e164)

    def assistant(self, name: str) -> Assistant:
        return Assistant.objects.get(connection=self.connection, name=name)


@pytest.fixture
def agency(db, sandbox) -> Office:
    """The reseller's own organization, shared by several clients; its inventory is here, nothing is dedicated."""
    office = Office(connecting.add("Kabelhuis", "sandbox-agency", by=None))
    sync.inventory(office.connection)
    return office


@pytest.fixture
def bloom_office(db, sandbox) -> Office:
    """The organization of Bloom Dental, below the reseller's."""
    office = Office(connecting.add("Bloom", "sandbox-bloom", by=None))
    sync.inventory(office.connection)
    return office


@pytest.fixture
def client_of(db) -> Callable[..., Tenant]:
    """Open a client with numbers and assistants of an office, `since=None` from now on."""

    def make(
        office: Office,
        slug: str,
        *,
        numbers: tuple[str, ...] = (),
        assistants: tuple[str, ...] = (),
        since: datetime | None = LONG_AGO,
    ) -> Tenant:
        with scope.system("a client for a test"):
            tenant = ownership.open_tenant(
                name=slug.title(), slug=slug, city="", home_connection=office.connection, by=None
            )
            with backdating():
                for e164 in numbers:
                    ownership.dedicate_number(tenant, office.number(e164), by=None, start=since)
                for name in assistants:
                    ownership.dedicate_assistant(tenant, office.assistant(name), by=None, start=since)
        return tenant

    return make
