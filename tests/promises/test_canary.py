"""P10: what is secret is in no log, page, message, task or table: canaries sent through everything, and looked for."""

from __future__ import annotations

import io
import json
import logging
import secrets
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.core import mail
from django.db import connection
from django.test import Client

from dashboard.calls import tasks as call_tasks
from dashboard.connections import connect
from dashboard.connections.views import connections as connection_views
from dashboard.inventory import sync
from dashboard.sync import tasks as inventory_tasks
from dashboard.sync.models import Kind
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret, User

pytestmark = pytest.mark.django_db


BY_KEY = ("django_session", "usersessions_usersession")  # sessions are looked up by their keys as they are


@dataclass
class Traps:
    """The canaries, and everything that was said where they might have slipped in."""

    canaries: dict[str, str] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)

    def hear(self, where: str, what: Any) -> None:
        self.heard[where] = self.heard.get(where, "") + "\n" + str(what)

    def found(self) -> list[str]:
        return [
            f"{name} in {where}"
            for name, canary in self.canaries.items()
            for where, text in self.heard.items()
            if any(shape in text for shape in shapes(canary))
        ]


def shapes(canary: str) -> list[str]:
    """As it is, and as bytes are written in dumps."""
    return [canary, canary.encode().hex(), b64encode(canary.encode()).decode().rstrip("=")]


@pytest.fixture
def traps() -> Iterator[Traps]:
    """The handler of the real logging, with its filter, into our ears; structlog prints; tasks are published."""
    set_up, output = Traps(), io.StringIO()
    console = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    before = console.setStream(output)

    def publish(body: Any = None, headers: Any = None, **more: Any) -> None:
        set_up.hear("broker", json.dumps([body, headers, more], default=str))

    before_task_publish.connect(publish)
    yield set_up
    before_task_publish.disconnect(publish)
    console.setStream(before)


def gather(traps: Traps, capsys: Any) -> None:
    """What the logs hold by now."""
    console = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    traps.hear("log", console.stream.getvalue())
    printed = capsys.readouterr()
    traps.hear("printed", printed.out + printed.err)


def read(traps: Traps, where: str, answer: Any) -> Any:
    traps.hear(where, f"{answer.status_code}\n{answer.headers}\n{answer.content.decode()}")
    return answer


def new_key(world: Any, kind: str) -> str:
    """A key of the agency that no pattern of ours would know as one."""
    made = f"{kind}-{secrets.token_hex(12)}"
    world.keys[made] = replace(world.keys["sandbox-agency"], key=made)
    return made


@pytest.fixture
def sent(traps, sandbox, admin, sign_in, capsys, monkeypatch, make_member) -> Traps:
    """Every secret, used for what it is for, well and badly."""
    first, second, wrong = (new_key(sandbox.state, "canary") for _ in range(3))
    del sandbox.state.keys[wrong]
    password, guess = f"Canary {secrets.token_hex(8)} swims", f"Guess {secrets.token_hex(8)} walks"
    traps.canaries = {"key": first, "second key": second, "refused key": wrong, "password": password, "guess": guess}
    boss = sign_in(admin)
    boss.raise_request_exception = False
    traps.canaries["session"] = boss.session.session_key
    read(traps, "page", boss.post("/connections/add/", {"name": "Canary", "api_key": wrong}))
    read(traps, "page", boss.post("/connections/add/", {"name": "Canary", "api_key": first}))
    with scope.for_system("look"):
        added = Connection.objects.get(name="Canary")
    read(traps, "page", boss.post(f"/connections/{added.pk}/key/", {"api_key": wrong}))
    read(traps, "page", boss.post(f"/connections/{added.pk}/key/", {"api_key": second}))

    def broken(connection: Any, api_key: str, *, by: Any) -> None:
        raise RuntimeError("broken while the key is at hand")

    with monkeypatch.context() as patch:
        patch.setattr(connection_views.connect, "replace_key", broken)
        answer = read(traps, "error page", boss.post(f"/connections/{added.pk}/key/", {"api_key": second}))
        assert answer.status_code == 500
    sync.inventory(added)
    connect.set_up_webhooks(added, by=admin)
    with scope.for_system("which secret"):
        traps.canaries["webhook secret"] = ConnectionSecret.objects.get().webhook_secrets[0]
    _forge(added, traps)
    for page in ("/connections/", f"/connections/{added.pk}/", "/inventory/", "/activity/", "/admin/"):
        read(traps, "page", boss.get(page))
    for admin_list in ("tenants/connection", "tenants/auditentry", "tenants/assistant", "inventory/syncrun"):
        read(traps, "page", boss.get(f"/admin/{admin_list}/"))
    read(traps, "page", boss.get(f"/admin/tenants/connection/{added.pk}/change/"))
    _people(traps, sign_in, make_member, added, password, guess)
    inventory_tasks.enqueue_due()
    inventory_tasks.run_due.apply_async((added.pk, Kind.CALLS.value))
    call_tasks.send_call.apply_async((str(uuid.uuid4()),))
    gather(traps, capsys)
    return traps


def _forge(added: Connection, traps: Traps) -> None:
    forged = {"X-Webhook-Signature": traps.canaries["webhook secret"], "X-Webhook-Timestamp": "1"}
    answer = Client().post(
        f"/hooks/voicedock/{added.webhook_token}/", b"{}", content_type="application/json", headers=forged
    )
    assert read(traps, "page", answer).status_code == 401
    traps.canaries["address of the hook"] = added.webhook_token


def _people(traps: Traps, sign_in: Any, make_member: Any, added: Connection, password: str, guess: str) -> None:
    """An invitation by mail, a new person with a password, a wrong one, a reset."""
    with scope.for_system("a client"):
        tenant = dedications.open_tenant(name="House", slug="house", home_connection=added, by=None)
    owner = sign_in(make_member(tenant, Role.OWNER))
    shown = owner.post("/c/house/team/invite/", {"email": "new@house.test", "name": "New", "role": "viewer"})
    token = mail.outbox[-1].body.split("/invitation/")[1].split("/")[0]
    assert token in shown.content.decode()  # told once, to whoever invites
    traps.canaries["invitation"] = token
    for page in ("/c/house/team/", "/c/house/activity/"):
        read(traps, "page", owner.get(page))
    guest = Client()
    joined = guest.post(f"/invitation/{token}/", {"name": "New", "password": password})
    assert joined.status_code == 302 and User.objects.get(email="new@house.test").check_password(password)
    traps.canaries["own session"] = guest.session.session_key
    read(traps, "page", Client().get(f"/invitation/{token}x/"))
    for given in (guess, password):
        answer = Client().post("/accounts/login/", {"login": "new@house.test", "password": given})
        read(traps, "page", answer) if given == guess else None
    Client().post("/accounts/password/reset/", {"email": "new@house.test"})
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)
    traps.canaries["reset link"] = link.rstrip("/").rpartition("/")[2]


@pytest.mark.smoke
def test_no_secret_in_logs_pages_errors_or_the_broker(sent: Traps):
    assert sent.found() == []
    assert "broken while the key is at hand" in sent.heard["log"]  # the traceback was there to be read
    assert "dashboard.sync.tasks.run_due" in sent.heard["broker"]
    assert len(sent.canaries) == 11


def test_no_secret_in_a_dump_of_the_database(sent: Traps):
    """But two that are looked up as they are: a session by its key, the address of a hook, whose news are signed."""
    del sent.canaries["address of the hook"]
    sent.heard = {name: text for name, text in dump().items() if name not in BY_KEY}
    assert len(sent.heard) > 30
    assert sent.found() == []


def dump() -> dict[str, str]:
    """Every row of every table, as text; in our own transaction, which nobody else can read yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'm') AND relnamespace = 'public'::regnamespace"
        )
        names = [name for (name,) in cursor.fetchall()]
    texts = {}
    with scope.for_system("dump"), connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            texts[name] = "\n".join(text for (text,) in cursor.fetchall())
    return texts


@pytest.mark.smoke
def test_what_is_sealed_is_there_and_opens_nowhere_else(sent: Traps):
    with scope.for_system("look"):
        secret = ConnectionSecret.objects.get()
        assert secret.api_key == sent.canaries["second key"]
        assert secret.sealed_api_key not in ("", sent.canaries["second key"])


def test_knock_out_the_traps_see(traps: Traps, capsys, bloom):
    """A secret in a log line, on paper, in a task and in a table is found in each."""
    canary = f"canary-{secrets.token_hex(12)}"
    traps.canaries["key"] = canary
    logging.getLogger("dashboard").warning("using %s", canary)
    print(canary)  # noqa: T201
    call_tasks.send_call.apply_async((canary,))
    gather(traps, capsys)
    with scope.for_system("leave it lying about"):
        Connection.objects.filter(pk=bloom.connection.pk).update(last_error=f"bad key {canary}")
    traps.heard |= {"tenants_connection": dump()["tenants_connection"]}
    assert traps.found() == ["key in broker", "key in log", "key in printed", "key in tenants_connection"]
