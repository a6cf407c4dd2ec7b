"""Two clients with everything in them, each word of theirs marked, and everybody who may or may not read it."""

from __future__ import annotations

import gc
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings as conf
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from dashboard.calls.models import Phrase
from dashboard.campaigns.models import Campaign, Lead
from dashboard.inventory.models import Kind, OrganizationRequest, SyncRun, SyncState
from tenants import audit, members, scope, visits
from tenants.models import (
    AuditEntry,
    Auditor,
    AuditorGrant,
    Connection,
    Membership,
    StaffGrant,
    StaffMember,
    Tenant,
    User,
)
from tenants.roles import MAY, OF_SOME, STAFF_MAY, Permission, Role, StaffRole
from tests.calls.rows import a_call, a_receipt, a_report
from tests.cast import House, furnish, prove


@dataclass
class Marked:
    """A client; `marks` are words that only its own people may read, by kind; `ids` are what stands in addresses."""

    house: House
    word: str
    ids: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return self.house.tenant


def marked(word: str, slug: str, digits: str) -> Marked:
    """Whatever has a text has the word in it; whatever is a number has its digits."""
    key, line = f"fl_{word}Key{uuid.uuid4().hex}", f"+3120{digits}42"
    house = furnish(f"{word}-name", slug, line, key)
    one = Marked(house, word)
    tenant, conn = house.tenant, house.connection
    for role in Role:
        user = User.objects.create(name=f"{word}-{role}", email=f"{role}@{word.lower()}.test")
        with scope.of(tenant):
            Membership.objects.create(tenant=tenant, user=user, role=role)
        one.people[role] = user
    owner = one.people[Role.OWNER]
    with scope.system("fill a client"):
        Tenant.objects.filter(pk=tenant.pk).update(
            city=f"{word}-city", default_number=house.number, default_assistant=house.assistant
        )
        type(house.number.number).objects.filter(pk=house.number.number_id).update(business_name=f"{word}-business")
        type(house.assistant.assistant).objects.filter(pk=house.assistant.assistant_id).update(
            first_message=f"{word}-hello"
        )
        Connection.objects.filter(pk=conn.pk).update(last_error=f"{word}-trouble")
        invitation, token = members.invite(
            tenant, email=f"invited@{word.lower()}.test", name=f"{word}-guest", role=Role.VIEWER, by=owner
        )
        campaign = Campaign.objects.create(
            tenant=tenant,
            connection=conn,
            assistant=house.assistant.assistant,
            remote_id=f"camp-{slug}",
            name=f"{word}-campaign",
            status="scheduled",
            template=f"{word}-template",
            total_leads=3,
            remote_created_at=timezone.now() - timedelta(days=2),
            timezone="Europe/Amsterdam",
        )
        lead = Lead.objects.create(
            tenant=tenant,
            campaign=campaign,
            remote_id=f"lead-{slug}",
            phone_number=f"+3163{digits}7",
            variables={"name": f"{word}-lead"},
            status="pending",
        )
        Phrase.objects.create(tenant=tenant, text=f"{word}-phrase")
        run = SyncRun.objects.create(connection=conn, kind=Kind.CALLS, outcome="failed", error=f"{word}-run")
        asked = OrganizationRequest.objects.create(parent=conn, name=f"{word}-asked", outcome="unknown")
        for kind in Kind:
            SyncState.objects.create(connection=conn, kind=kind, fresh_at=timezone.now())
        visit = visits.enter(tenant, by=owner)
        audit.record(owner, tenant, "tenant.settings-changed", tenant, what=f"{word}-audit")
    live = a_call(house, by=owner, party=f"+3161{digits}1", error=f"{word}-wrong")
    over = a_call(house, by=owner, party=f"+3161{digits}2", state="ended", ago=400, end_reason=f"{word}-reason")
    lost = a_call(house, by=owner, party=f"+3161{digits}3", state="needs-person", ago=300, alarm="not-certain")
    for call in (live, over):
        said = [{"role": "user", "content": f"{word}-transcript"}]
        record = f"https://media.example/{word}"
        a_report(
            house,
            call,
            summary=f"{word}-summary",
            messages=said,
            analysis={"mood": f"{word}-analysis"},
            recording_url=record,
        )
    receipt = a_receipt(house, live, payload={"type": "say", "content": f"{word}-receipt"}, note=f"{word}-note")
    a_receipt(house, over, payload={"type": "say", "content": f"{word}-receipt"})
    with scope.system("what it is called by"):
        entry = AuditEntry.objects.filter(tenant=tenant).latest("seq")
        roles = dict(Membership.objects.filter(tenant=tenant).values_list("role", "pk"))
        secret = conn.secret
        token_of_hook = Connection.objects.get(pk=conn.pk).webhook_token
        secrets = [key, *secret.webhook_secrets]
    elsewhere = User.objects.create(name=f"{word}-elsewhere", email=f"elsewhere@{word.lower()}.test")
    session = UserSession.objects.create(user=elsewhere, ip="192.0.2.1", session_key=uuid.uuid4().hex, user_agent=word)
    passkey = Authenticator.objects.create(user=elsewhere, type="webauthn", data={"name": f"{word}-passkey"})
    one.marks = {
        "names": [word, word.lower()],
        "words": [f"{word}-{kind}" for kind in ("transcript", "summary", "analysis", "receipt")],
        "numbers": [line[1:], f"3161{digits}", f"3163{digits}"],
        "ids": [str(call.pk) for call in (live, over, lost)],
        "secrets": [*secrets, token_of_hook, token, invitation.token_hash],
    }
    one.ids = {
        "slug": slug,
        "call": live.pk,
        "over": over.pk,
        "lost": lost.pk,
        "receipt": receipt.pk,
        "membership": roles[Role.VIEWER],
        "invitation": invitation.pk,
        "number": house.number.number_id,
        "assistant": house.assistant.assistant_id,
        "number_dedication": house.number.pk,
        "assistant_dedication": house.assistant.pk,
        "connection": conn.pk,
        "campaign": campaign.pk,
        "lead": lead.pk,
        "person": one.people[Role.VIEWER].pk,
        "visit": visit.pk,
        "entry": entry.pk,
        "chain": f"tenant-{tenant.pk}",
        "run": run.pk,
        "asked": asked.pk,
        "tenant": tenant.pk,
        "token": token,
        "hook": token_of_hook,
        "session": session.pk,
        "passkey": passkey.pk,
    }
    return one


NOBODY = 9  # a port at which no sandbox answers
ABSENT: dict[str, Any] = {
    "slug": "nobody-here",
    **dict.fromkeys(("call", "over", "lost"), uuid.UUID(int=7)),
    "chain": "tenant-987654",
    **dict.fromkeys(("token", "hook"), "A" * 43),
}
ABSENT_ID = 987654


def absent(kind: str) -> Any:
    return ABSENT.get(kind, ABSENT_ID)


@dataclass
class Person:
    """Somebody at a browser. `home` is the client whose people they are, or the one they visit, or the one granted."""

    name: str
    user: User | None = None
    role: Role | None = None
    staff: StaffRole | None = None
    home: str = ""
    visits: bool = False
    sees_all: bool = True  # of staff: every client, or `home` alone
    looks: bool = False  # on a visit without a pass
    reads: str = ""  # of the reading room: "all", "home", "none", or "" for those who may not enter
    cookie: str = ""

    def may_read(self, house: str) -> bool:
        """Whether anything of this client may ever come before their eyes."""
        return (self.staff is not None and self.sees_all) or self.reads == "all" or house == self.home

    def may(self, permission: Permission) -> bool:
        """By the table; inside a client, where one looks only, less."""
        if self.role:
            return permission in MAY[self.role]
        if self.staff is None:
            return False
        return permission in STAFF_MAY[self.staff] and (self.sees_all or permission in OF_SOME)


@dataclass
class Town:
    """Everybody and everything; `asked` collects what left for VoiceDock."""

    houses: dict[str, Marked]
    people: dict[str, Person]
    asked: list[str] = field(default_factory=list)

    def name_of(self, house: Marked) -> str:
        return next(name for name, one in self.houses.items() if one is house)


def build() -> Town:
    one, two = marked("Amberkin", "house-one", "4410057"), marked("Beryllet", "house-two", "5520068")
    people = [Person("anonymous")]
    people += [Person(role.value, one.people[role], role=role, home="one") for role in Role]
    people.append(Person("owner of another", two.people[Role.OWNER], role=Role.OWNER, home="two"))
    for role in (StaffRole.SUPPORT, StaffRole.FINANCE, StaffRole.ADMIN):
        user = User.objects.create(name=f"{role.label} Person", email=f"{role}@reseller.test")
        StaffMember.objects.create(user=user, role=role)
        people.append(Person(role.value, user, staff=role, reads="all" if role == StaffRole.ADMIN else ""))
    people += _support(one)
    for name, reads in (("auditor of all", "all"), ("auditor of one", "home"), ("auditor of none", "none")):
        user = User.objects.create(name=name.title(), email=f"{name.replace(' ', '-')}@auditors.test")
        auditor = Auditor.objects.create(user=user, sees_all=reads == "all")
        if reads == "home":
            with scope.system("grant"):
                AuditorGrant.objects.create(auditor=auditor, tenant=one.tenant)
        people.append(Person(name, user, home="one" if reads == "home" else "", reads=reads))
    town = Town({"one": one, "two": two}, {person.name: person for person in people})
    colleague = User.objects.create(name="Colleague Person", email="colleague@reseller.test")
    StaffMember.objects.create(user=colleague, role=StaffRole.SUPPORT, sees_all=False)
    one.ids["colleague"] = two.ids["colleague"] = colleague.pk
    for person in people:
        _sign_in(person, town.houses[person.home or "one"])
    return town


def _support(one: Marked) -> list[Person]:
    """Inside a client with its pass and without one; and those who are let into one client, or into none."""
    found = []
    for name, more in (
        ("support on a visit", {"home": "one", "visits": True}),
        ("support looking", {"home": "two", "visits": True, "looks": True}),
        ("support with a grant", {"home": "one", "visits": True, "sees_all": False}),
        ("support without a grant", {"sees_all": False}),
    ):
        user = User.objects.create(name=name.title(), email=f"{name.replace(' ', '-')}@reseller.test")
        staff = StaffMember.objects.create(user=user, role=StaffRole.SUPPORT, sees_all=bool(more.get("sees_all", True)))
        found.append(Person(name, user, staff=StaffRole.SUPPORT, **more))  # type: ignore[arg-type]
        if name == "support with a grant":
            with scope.system("grant"):
                StaffGrant.objects.create(staff=staff, tenant=one.tenant)
    with scope.of(one.tenant):
        visits.give_pass(one.tenant, 8, by=one.people[Role.OWNER])
    return found


def _sign_in(person: Person, house: Marked) -> None:
    if person.user is None:
        return
    browser = Client()
    browser.force_login(person.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    prove(browser, person.user)
    if person.visits:
        with scope.system("a visit"):
            visit = visits.enter(house.tenant, by=person.user)
        session = browser.session
        session[visits.OPEN] = visit.pk
        session.save()
    person.cookie = f"{conf.SESSION_COOKIE_NAME}={browser.cookies[conf.SESSION_COOKIE_NAME].value}"


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back; to Django it is a test's own transaction."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        try:
            yield
        finally:
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """Built once for the tests of a module, which take back what they do to it."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with undone(), quiet(build()) as made:
            gc.disable()  # a fifth of the time of a walk
            yield made
            gc.enable()


@pytest.fixture
def standing_town(transactional_db: None) -> Iterator[Town]:
    """Built and committed, for tests that change the walls."""
    with quiet(build()) as made:
        yield made


@contextmanager
def quiet(made: Town) -> Iterator[Town]:
    """Nobody at VoiceDock or at the sandbox; no line in the log for each refusal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conf, "VOICEDOCK_TRANSPORT", silent(made))
        patch.setattr(conf, "SANDBOX_URL", f"http://127.0.0.1:{NOBODY}")
        logging.disable(logging.CRITICAL)
        yield made
        logging.disable(logging.NOTSET)


def silent(town: Town) -> httpx.MockTransport:
    """A VoiceDock that knows nothing and writes down what it was asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.port == NOBODY:
            raise httpx.ConnectError("nobody is there")
        town.asked.append(f"{request.method} {request.url.path}")
        return httpx.Response(404, json={"error": "not found"})

    return httpx.MockTransport(answer)
