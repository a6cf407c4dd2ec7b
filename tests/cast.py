"""The cast of the tests: people, clients with lines and assistants of their own, and the sandbox they speak to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import ownership, scope, visits
from tenants.models import (
    Assistant,
    AssistantDedication,
    Auditor,
    Connection,
    ConnectionSecret,
    Membership,
    Number,
    NumberDedication,
    StaffMember,
    Tenant,
    User,
)
from tenants.roles import Role, StaffRole
from tests.backdating import backdating

PASSWORD = "correct horse battery"


@dataclass
class House:
    """One client with what it needs to call."""

    tenant: Tenant
    connection: Connection
    number: NumberDedication
    assistant: AssistantDedication

    @property
    def slug(self) -> str:
        return self.tenant.slug


@pytest.fixture
def person(db) -> Callable[..., User]:
    """Make a person; the password is not hashed slowly for each."""

    def make(name: str, email: str = "") -> User:
        return User.objects.create(
            name=name, email=email or f"{name.split()[0].lower()}-{uuid.uuid4().hex[:6]}@people.test"
        )

    return make


@pytest.fixture
def staff(person) -> Callable[[StaffRole], User]:
    def make(role: StaffRole) -> User:
        user = person(f"{role.label} Person")
        StaffMember.objects.create(user=user, role=role)
        return user

    return make


@pytest.fixture
def admin(staff) -> User:
    return staff(StaffRole.ADMIN)


@pytest.fixture
def support(staff) -> User:
    return staff(StaffRole.SUPPORT)


@pytest.fixture
def auditor(person) -> User:
    user = person("Auditor Person")
    Auditor.objects.create(user=user, sees_all=True)
    return user


@pytest.fixture
def member() -> Callable[..., User]:
    """A person with a role in a client."""

    def make(house: House | Tenant, role: Role, name: str = "", **more: object) -> User:
        tenant = house.tenant if isinstance(house, House) else house
        user = User.objects.create(
            name=name or f"{tenant.name} {role.label}", email=f"{role}-{tenant.slug}-{uuid.uuid4().hex[:6]}@people.test"
        )
        with scope.of(tenant):
            Membership.objects.create(tenant=tenant, user=user, role=role, **more)
        return user

    return make


def furnish(name: str, slug: str, e164: str, key: str, *, family: str = "pipeline", provider: str = "openai") -> House:
    """A client with a connection, a line and an assistant of its own, dedicated since a month."""
    with scope.system("a client for a test"):
        connection = Connection.objects.create(
            name=name, organization_id=f"org-{slug}", organization_name=name, last_contact_at=timezone.now()
        )
        secret = ConnectionSecret(connection=connection)
        secret.api_key = key
        secret.new_webhook_secret()
        secret.save()
        number = Number.objects.create(connection=connection, remote_id=f"num-{slug}", e164=e164, name=f"{name} line")
        assistant = Assistant.objects.create(
            connection=connection,
            remote_id=f"asst-{slug}",
            name=f"{name} assistant",
            provider=provider,
            model="test-model",
            family=family,
        )
        tenant = ownership.open_tenant(name=name, slug=slug, city="Testville", home_connection=connection, by=None)
        before = timezone.now() - timedelta(days=30)
        with backdating():
            return House(
                tenant,
                connection,
                ownership.dedicate_number(tenant, number, by=None, start=before),
                ownership.dedicate_assistant(tenant, assistant, by=None, start=before),
            )


@pytest.fixture
def bloom(db) -> House:
    return furnish("Bloom Dental", "bloom-dental", "+31205550142", "key-bloom-canary")


@pytest.fixture
def harbor(db) -> House:
    return furnish("Harbor Logistics", "harbor-logistics", "+31105550140", "key-harbor-canary")


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A browser of its own in which this person is signed in."""

    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        prove(client, user)
        return client

    return enter


def with_password(user: User) -> User:
    """Somebody who signs in through the form; `PASSWORD` is hashed slowly, hence not for everybody."""
    user.set_password(PASSWORD)
    user.save()
    return user


def prove(client: Client, user: User, method: str = "password", ago: float = 0.0) -> None:
    """Have this browser's session say that its person proved who they are, `ago` seconds ago."""
    session = client.session
    session["account_authentication_methods"] = [{"method": method, "at": time.time() - ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


@pytest.fixture
def visiting(sign_in) -> Callable[[User, House], Client]:
    """A staff member's browser, inside a client, which has given support a pass unless `looking`."""

    def enter(user: User, house: House, looking: bool = False) -> Client:
        if not looking:
            with scope.of(house.tenant):
                visits.give_pass(house.tenant, 8, by=user)
        client = sign_in(user)
        response = client.post(f"/enter/{house.slug}/", {"reason": "a test looks"} if looking else {})
        assert response.status_code == 302, response.status_code
        return client

    return enter
