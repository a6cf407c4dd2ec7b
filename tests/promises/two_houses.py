"""Two clients with everything in them, each word of theirs marked, and everybody who may or may not read it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.conf import settings as conf
from django.db import connection, transaction
from django.test import Client

from tenants import scope, visits
from tenants.models import (
    Auditor,
    AuditorGrant,
    StaffGrant,
    StaffMember,
    User,
)
from tenants.roles import MAY, OF_SOME, STAFF_MAY, Permission, Role, StaffRole
from tests.cast import prove
from tests.promises.marked import Marked, marked

NOBODY = 9  # a port at which no sandbox answers


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
