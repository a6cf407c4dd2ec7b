"""P2: a long walk without a plan: anybody, anywhere, with anything in the address and in the form."""

from __future__ import annotations

import gc
import random
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.apps import apps
from django.db import connection

from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.canary_tenant import ABSENT_ID, CanaryTenant
from tests.fixtures.two_tenants import Person, TwoTenants
from tests.promises import scale, url_matrix
from tests.promises.url_matrix import Endpoint
from tests.promises.walking import ask, leaks

pytestmark = pytest.mark.django_db
SEED = 20261123
EVERY = [endpoint for endpoint in url_matrix.every() if endpoint.name not in ("healthz", "readyz")]
METHODS = ["GET"] * 6 + ["POST"] * 5 + ["HEAD", "PUT", "DELETE"]
PARAMS = [
    "q", "status", "client", "since", "until", "before", "after", "part", "seen", "sort", "state", "kind",
    "to", "v", "connection", "number", "assistant", "p", "o", "e", "next", "id__exact", "tenant__id__exact",
]  # fmt: skip
FIELDS = [
    "name", "email", "role", "number", "assistant", "destination", "token", "type", "content", "choice",
    "reason", "client", "default_number", "slug", "default_assistant", "connection", "start", "api_key",
    "next", "take_over",
]  # fmt: skip
ODD = [
    "",
    "0",
    "-1",
    "x" * 300,
    "\u202e",
    "\x00",
    "'; DROP TABLE x; --",
    "<b>",
    "2026-13-45",
    "null",
    "∞",
    "²",
    "9" * 30,
]
WORDS = ["all", "ended", "paused", "say", "owner", "viewer", "report", "actions", "newest", "2026-11-23"]


@pytest.mark.parametrize("walk", range(scale.WALKS))
def test_a_walk_without_a_plan(two_tenants: TwoTenants, walk: int):
    """Never another client's word, never an error of ours, never a row of another client changed."""
    chance, wrong = random.Random(SEED + walk), []
    before = {name: fingerprint(canary) for name, canary in two_tenants.tenants.items()}
    for number in range(scale.REQUESTS):
        who, method, address, data = step(chance, two_tenants)
        changed: list[str] = []

        def look(who: Person = who, changed: list[str] = changed, address: str = address) -> None:
            for name in strangers(who, two_tenants):
                canary = two_tenants.tenants[name]
                was_opened = f"/report/{canary.ids['report_token']}" in address  # by a link to it, which notes when
                if not was_opened and fingerprint(canary) != before[name]:
                    changed.append(name)

        answer = ask(two_tenants, who, method, address, data, afterwards=look)
        given = address + urlencode(data, doseq=True) + "".join(map(str, data.values()))
        if answer.status >= 500 and not (answer.status == 503 and address.startswith("/sandbox/")):
            wrong.append(f"{number} {who.name} {method} {address} {data}: {answer.status}")
        if changed:
            wrong.append(f"{number} {who.name} {method} {address} {data}: changed {changed}")
        for name, canary in two_tenants.tenants.items():
            kinds = ("secrets",) if who.may_read(name) or f"/invitation/{canary.ids['token']}" in address else ()
            if f"/report/{canary.ids['report_token']}" in address:  # names the client and the campaign, nothing else
                kinds = ("secrets", "words", "numbers", "ids")
            if found := leaks(answer, canary, given=given, kinds=kinds):
                wrong.append(f"{number} {who.name} {method} {address} {data}: told of {name}: {found}")
    gc.collect()  # what `two_tenants` leaves lying
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", ["owner", "admin", "auditor of one"])
def test_what_no_column_can_hold_is_no_error(two_tenants: TwoTenants, name: str):
    """A NUL, or a digit that is no number, in each word after the question mark: pages broke over both, for one request
    in 100,000."""
    who, home, wrong = two_tenants.people[name], two_tenants.tenants["one"], []
    together = [[(param, odd) for param in PARAMS] for odd in ("\x00", "²")]
    alone = [[(param, odd)] for param in PARAMS for odd in ("\x00", "²")]
    filters = [[(param, "\x00")] for param in ("status", "kind", "state")]
    for endpoint in EVERY:
        if "GET" not in endpoint.row.methods or "uidb36" in endpoint.route:
            continue
        for params in together + (alone if scale.WHOLE else filters):
            address = f"{endpoint.address(home, home)}?{urlencode(params)}"
            if (answer := ask(two_tenants, who, "GET", address)).status >= 500 and answer.status != 503:
                wrong.append(f"{address}: {answer.status}")
    assert not wrong, "\n".join(wrong)


def strangers(who: Person, two_tenants: TwoTenants) -> Iterator[str]:
    """Clients that this person is nothing to. What staff may change is the matrix's; readers leave entries."""
    return (name for name in two_tenants.tenants if not who.may_read(name))


def step(chance: random.Random, two_tenants: TwoTenants) -> tuple[Person, str, str, dict[str, Any]]:
    who, endpoint = chance.choice(list(two_tenants.people.values())), chance.choice(EVERY)
    methods = list(endpoint.row.methods) if chance.random() < 0.7 and not endpoint.auditor_admin else METHODS
    address = _address(chance, endpoint, two_tenants)
    if params := chance.sample(PARAMS, chance.choice([0, 0, 0, 1, 1, 2])):
        address += "?" + urlencode({name: _thing(chance, two_tenants) for name in params})
    method, data = chance.choice(methods), {}
    if method == "POST":
        data = dict(endpoint.row.data(chance.choice(list(two_tenants.tenants.values()))))
        data |= {name: _thing(chance, two_tenants) for name in chance.sample(FIELDS, chance.choice([0, 0, 1, 2, 5]))}
    return who, method, address, data


def _address(chance: random.Random, endpoint: Endpoint, two_tenants: TwoTenants) -> str:
    if "uidb36" in endpoint.route:
        return "/accounts/password/reset/key/1-abc/"
    owners: list[CanaryTenant | None] = [*two_tenants.tenants.values(), *two_tenants.tenants.values(), None]
    address = endpoint.address(chance.choice(owners), chance.choice(owners))
    if chance.random() < 0.05:
        address = address.rstrip("/") + "/" + quote(str(_thing(chance, two_tenants)), safe="") + "/"
    return address


def _thing(chance: random.Random, two_tenants: TwoTenants) -> Any:
    canary = chance.choice(list(two_tenants.tenants.values()))
    return chance.choice(
        [
            chance.choice(list(canary.ids.values())),
            chance.choice(list(canary.ids.values())),
            canary.word,
            f"+{canary.canaries['numbers'][0]}",
            chance.choice(WORDS),
            chance.choice(ODD),
            ABSENT_ID,
            uuid.UUID(int=chance.getrandbits(128)),
        ]
    )


TABLES = [
    ("tenants_tenant", "id"),
    *sorted(
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if model._meta.managed and field.related_model is Tenant
    ),
]
ROWS = """SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM "{}" t WHERE t.{} = %s"""
PRINT = " UNION ALL ".join(ROWS.format(*where) for where in TABLES)


def fingerprint(canary: CanaryTenant) -> tuple[str, ...]:
    """Of every row of a client."""
    with scope.for_system("look"), connection.cursor() as cursor:
        cursor.execute(PRINT, [canary.tenant.pk] * len(TABLES))
        return tuple(value for (value,) in cursor.fetchall())


@pytest.mark.smoke
def test_the_fingerprint_sees_a_change(two_tenants: TwoTenants):
    canary = two_tenants.tenants["one"]
    before = fingerprint(canary)
    with scope.for_tenant(canary.tenant):
        type(canary.tenant).objects.filter(pk=canary.tenant.pk).update(city="Elsewhere")
    assert fingerprint(canary) != before
