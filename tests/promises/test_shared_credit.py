"""The balance of a connection that clients share is the reseller's: no page and no export of a client has it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Connection, Tenant
from tests.fixtures.call_factories import make_call, make_campaign
from tests.promises.url_matrix import every

BALANCE = Decimal("7654321.25")
WRITTEN = re.compile(
    r"7[.,\s\u00a0\u202f]?654[.,\s\u00a0\u202f]?32[12]|127[.,\s]?572"
)  # in minutes or hours, grouped or not


def pages(call: str, campaign: str) -> list[str]:
    """Every address below `/c/bloom-dental/` that is read, with the ids of these rows."""
    found = []
    for endpoint in every():
        methods = getattr(endpoint.row, "methods", ())
        if endpoint.of_client and "GET" in methods:
            thing = call if "calls/" in endpoint.route else campaign
            address = endpoint.route.replace("<slug:slug>", "bloom-dental")
            found.append("/" + re.sub(r"<[^>]*>", thing, address))
    return found


@pytest.fixture
def read_all(bloom, make_member, sign_in):
    """The texts of all pages and exports as a person of Bloom Dental gets them, by address."""
    live, ended = make_call(bloom), make_call(bloom, state="ended")
    campaign = make_campaign(bloom)

    def read(role: Role) -> dict[str, str]:
        browser, texts = sign_in(make_member(bloom, role)), {}
        for call in (live, ended):
            for address in pages(str(call.pk), str(campaign.pk)):
                answer = browser.get(address, follow=True)
                body = b"".join(answer) if answer.streaming else answer.content
                texts[address] = body.decode(errors="replace") if answer.status_code == 200 else ""
        return texts

    with scope.for_system("a balance that is easy to find"):
        Connection.objects.filter(pk=bloom.connection.pk).update(minutes_balance=BALANCE)
    return read


@pytest.mark.smoke
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_nobody_of_a_client_reads_the_balance_of_a_shared_connection(bloom, harbor, read_all, role):
    with scope.for_system("they share it"):
        Tenant.objects.filter(pk=harbor.tenant.pk).update(home_connection=bloom.connection)
    texts = read_all(role)
    assert sum(bool(text) for text in texts.values()) > 8, "the walk reaches the pages"
    assert [address for address, text in texts.items() if WRITTEN.search(text)] == []


def test_the_balance_of_its_own_connection_is_found_by_the_same_walk(bloom, read_all):
    assert "/c/bloom-dental/call/" in [
        address for address, text in read_all(Role.OWNER).items() if WRITTEN.search(text)
    ]
