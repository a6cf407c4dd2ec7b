"""Nothing is offered that is then refused for a reason that was known: each control asks what would refuse it.

In each state every form that a page offers is sent as it stands and taken; what the page hides is refused when it is
sent all the same. Forms whose answer depends on what is typed, keys above all, are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.contrib.messages import WARNING, get_messages
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Receipt
from dashboard.clients import dedicating
from dashboard.rate_limits import limiter
from tenants import tenant_status
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Assistant, ConnectionSecret, Number, Tenant, User
from tests.fixtures.call_factories import make_call
from tests.fixtures.factories import TenantSetup
from tests.promises.page_forms import Form, offered

TYPED_IN = ("/key/", "/child-key/", "/clients/new/", "/countries/", "/limits/")  # decided by what is typed alone
ELSEWHERE = ("/leave/", "/accounts/", "/enter/")  # in the frame of every page
State = Callable[[TenantSetup, TenantSetup, User], None]


@pytest.fixture(autouse=True)
def answering(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """VoiceDock takes whatever it is sent."""
    vendor = MagicMock(name="VoiceDock")
    vendor.create_organization.return_value = voicedock.CreatedOrganization("org-new", "New", None, "fl_new")

    @contextmanager
    def client_for(*args: Any, **kwargs: Any) -> Iterator[MagicMock]:
        yield vendor

    monkeypatch.setattr(limiter, "client_for", client_for)
    return vendor


def refused(browser: Client, address: str, data: dict[str, Any]) -> str:
    """Why it was refused, or "" when it was taken. Nothing of it stays."""
    with undone():
        answer = browser.post(address, data)
        words = [str(one) for one in get_messages(answer.wsgi_request) if one.level >= WARNING]
        if answer.status_code >= 400:
            words.append(str(answer.status_code))
        if "token" in data:
            with scope.for_system("look"):
                receipt = Receipt.objects.filter(token=data["token"]).first()
            words += [receipt.note] if receipt and receipt.outcome == Receipt.Outcome.REFUSED else []
    return "; ".join(words)


@contextmanager
def undone() -> Iterator[None]:
    """A savepoint past Django, since scopes open durable blocks, which refuse to stand in another one."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT attempt")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT attempt")


def forms(browser: Client, page: str) -> dict[str, list[Form]]:
    answer = browser.get(page)
    assert answer.status_code == 200, page
    found = offered(answer.content.decode())
    skipped = (*TYPED_IN, *ELSEWHERE)
    return {action: some for action, some in found.items() if not any(part in action for part in skipped)}


def everything_offered_is_taken(browser: Client, page: str, waiting: tuple[str, ...] = ()) -> set[str]:
    """The addresses that were offered; those that end in one of `waiting` are not sent."""
    found = forms(browser, page)
    for action, some in found.items():
        if action.endswith(waiting or ("-",)):
            continue
        for form in some:
            assert refused(browser, action, form.data) == "", (page, action, form.data)
    return set(found)


# --- clients and the inventory


def _update(tenant: Tenant, **facts: Any) -> None:
    with scope.for_system("a state for a test"):
        Tenant.objects.filter(pk=tenant.pk).update(**facts)


def nothing_special(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    pass


def one_free(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    with scope.for_system("free ones"):
        Number.objects.create(connection=bloom.connection, remote_id="num-free", e164="+31205550181", name="Free")
        Assistant.objects.create(connection=bloom.connection, remote_id="asst-free", name="Free")


def suspended(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    with scope.for_tenant(bloom.tenant):
        tenant_status.suspend(bloom.tenant, by=by, reason="unpaid")


def closed(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    one_free(bloom, harbor, by)
    with scope.for_tenant(bloom.tenant):
        dedicating.release_everything(bloom.tenant, by=by)
        tenant_status.close(bloom.tenant, by=by, reason="left")


def removed(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    closed(bloom, harbor, by)
    _update(bloom.tenant, data_removed_at=timezone.now() + timedelta(minutes=1))


def sending(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    make_call(bloom, state="sending", remote_id="", ago=1)


def promised_later(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    one_free(bloom, harbor, by)
    with scope.for_system("look"):
        number, assistant = Number.objects.get(remote_id="num-free"), Assistant.objects.get(remote_id="asst-free")
    later = timezone.now() + timedelta(days=3)
    with scope.for_tenant(harbor.tenant):
        dedicating.dedicate_number(harbor.tenant, number, by=by, start=later)
        dedicating.dedicate_assistant(harbor.tenant, assistant, by=by, start=later)


def listed_twice(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    """Another connection lists the telephone number that a client has already."""
    with scope.for_system("the same telephone number"):
        Number.objects.create(connection=bloom.connection, remote_id="num-twice", e164=harbor.number.e164)


def vanished(bloom: TenantSetup, harbor: TenantSetup, by: User) -> None:
    one_free(bloom, harbor, by)
    with scope.for_system("gone"):
        Number.objects.filter(remote_id="num-free").update(vanished_at=timezone.now())


OF_CLIENTS: list[tuple[State, list[str], list[str]]] = [  # what the pages offer, and what they hide
    (nothing_special, ["suspend", "close", "retention", "release-number"], ["reopen", "dedicate-number"]),
    (one_free, ["dedicate-number", "dedicate-assistant", "stock-number"], ["dedicate-held"]),
    (suspended, ["close", "reopen", "release-number"], ["suspend"]),
    (closed, ["reopen", "retention", "stock-number"], ["suspend", "close", "dedicate-number", "stock-to-closed"]),
    (removed, ["reopen"], ["retention", "suspend"]),
    (sending, ["retention"], ["release-number", "release-assistant"]),
    (promised_later, ["suspend"], ["stock-number", "dedicate-number", "dedicate-assistant"]),
    (listed_twice, ["suspend"], ["stock-twice", "dedicate-twice"]),
    (vanished, ["dedicate-assistant"], ["stock-number", "dedicate-number"]),
]


def _addresses(bloom: TenantSetup, harbor: TenantSetup) -> dict[str, tuple[str, dict[str, Any]]]:
    """Each control by a short name: where it is sent, and with what."""
    with scope.for_system("look"):
        number = Number.objects.filter(remote_id="num-free").first() or harbor.number.number
        twice = Number.objects.filter(remote_id="num-twice").first() or number
        assistant = Assistant.objects.filter(remote_id="asst-free").first() or harbor.assistant.assistant
    page, reason = "/clients/bloom-dental/", {"reason": "because"}
    return {
        **{name: (f"{page}{name}/", reason) for name in ("suspend", "close", "reopen")},
        "retention": (f"{page}retention/", {"retention_days": 9}),
        "release-number": (f"{page}numbers/{bloom.number.pk}/release/", {}),
        "release-assistant": (f"{page}assistants/{bloom.assistant.pk}/release/", {}),
        "dedicate-number": (f"{page}numbers/", {"number": number.pk}),
        "dedicate-held": (f"{page}numbers/", {"number": harbor.number.number_id}),
        "dedicate-twice": (f"{page}numbers/", {"number": twice.pk}),
        "dedicate-assistant": (f"{page}assistants/", {"assistant": assistant.pk}),
        "stock-number": (f"/inventory/numbers/{number.pk}/dedicate/", {"client": "harbor-logistics"}),
        "stock-twice": (f"/inventory/numbers/{twice.pk}/dedicate/", {"client": "bloom-dental"}),
        "stock-to-closed": (f"/inventory/numbers/{number.pk}/dedicate/", {"client": "bloom-dental"}),
    }


@pytest.mark.parametrize(("state", "shown", "hidden"), OF_CLIENTS, ids=[one[0].__name__ for one in OF_CLIENTS])
def test_what_a_clients_page_and_the_inventory_offer_is_taken_and_what_they_hide_is_refused(
    bloom, harbor, admin, sign_in, state, shown, hidden
):
    state(bloom, harbor, admin)
    browser, known = sign_in(admin), _addresses(bloom, harbor)
    found = set()
    waiting = ("/suspend/", "/close/") if state is sending else ()  # they wait for the call themselves (test_stopping)
    for page in ("/clients/bloom-dental/", "/inventory/"):
        found |= everything_offered_is_taken(browser, page, waiting)
    assert [name for name in shown if known[name][0] not in found] == []
    values = {
        (action, value)
        for page in ("/clients/bloom-dental/", "/inventory/")
        for action, some in forms(browser, page).items()
        for form in some
        for value in form.data.values()
    }
    for name in hidden:
        address, data = known[name]
        assert address not in found or not any((address, str(value)) in values for value in data.values()), name
        assert refused(browser, address, data), name


# --- calls

OF_CALLS: list[tuple[dict[str, Any], bool, list[str]]] = [  # whether commands are taken, and which decisions
    ({"state": "queued", "remote_id": ""}, False, []),
    ({"state": "dialing"}, False, []),
    ({"state": "ringing"}, False, []),
    ({"state": "in-progress"}, True, []),
    ({"state": "in-progress", "remote_id": ""}, False, []),
    ({"state": "in-progress", "remote_id": f"call-{'x' * 80}…0123456789abcdef"}, False, []),
    ({"state": "in-progress", "alarm": "end-not-confirmed"}, True, []),
    ({"state": "ringing", "alarm": "end-not-confirmed"}, False, []),
    ({"state": "unknown", "remote_id": ""}, False, []),
    ({"state": "needs-person", "remote_id": ""}, False, ["not-placed", "keep-looking"]),
    ({"state": "lost"}, False, ["is-over", "keep-looking"]),
    ({"state": "ended"}, False, []),
    ({"state": "refused", "remote_id": ""}, False, []),
]
COMMANDS = [
    {"type": "inject-context", "content": "The order is confirmed."},
    {"type": "say", "words": "One moment, please."},
    {"type": "transfer", "destination": "+31612349999"},
    {"type": "end-call"},
]


@pytest.mark.parametrize(("facts", "steers", "choices"), OF_CALLS, ids=[str(one[0]) for one in OF_CALLS])
def test_what_a_calls_page_offers_is_taken_and_what_it_hides_is_refused(
    bloom, make_member, sign_in, answering, facts, steers, choices
):
    call = make_call(bloom, **facts)
    browser = sign_in(make_member(bloom, Role.OPERATOR))
    page = f"/c/bloom-dental/calls/{call.pk}/"
    found = everything_offered_is_taken(browser, page)
    assert (f"{page}command/" in found, f"{page}decide/" in found) == (steers, bool(choices))
    answering.reset_mock()
    for command in COMMANDS:
        words = refused(browser, f"{page}command/", command | {"token": str(uuid.uuid4())})
        assert (words == "") is steers, (command, words)
    assert answering.control_call.call_count == (len(COMMANDS) if steers else 0)
    for choice in ("not-placed", "is-over"):
        assert (refused(browser, f"{page}decide/", {"choice": choice}) == "") is (choice in choices), choice


# --- connections


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("secret", "shown", "hidden"),
    [
        ("none", ["webhooks"], ["secret"]),
        ("one", ["webhooks", "secret"], []),
        ("changing", ["secret/retire"], ["secret"]),
    ],
)
def test_what_a_connections_page_offers_is_taken_and_what_it_hides_is_refused(
    bloom, admin, sign_in, secret, shown, hidden
):
    with scope.for_system("a state for a test"):
        kept = ConnectionSecret.objects.get(connection=bloom.connection)
        if secret == "none":
            kept.sealed_webhook_secret = ""
        elif secret == "changing":
            kept.new_webhook_secret()
        kept.save()
    browser, page = sign_in(admin), f"/connections/{bloom.connection.pk}/"
    found = everything_offered_is_taken(browser, page)
    assert [name for name in shown if f"{page}{name}/" not in found] == []
    for name in hidden:
        assert f"{page}{name}/" not in found
        assert refused(browser, f"{page}{name}/", {}), name
