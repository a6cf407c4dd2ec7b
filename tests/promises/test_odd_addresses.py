"""Every query parameter of every address, with values nobody meant: an answer in words, never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.two_tenants import TwoTenants
from tests.promises import scale, url_matrix
from tests.promises.url_matrix import Endpoint

pytestmark = pytest.mark.django_db
ODD = [
    "\x00",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00_1",
    "9999-12-31T23:59:59.999999-14:00_1",
    "2026-01-01T00:00:00+00:00_9223372036854775807",
    "2026-01-01T00:00:00_99999999999999999999",
    "10000-01-01",
    "2026-02-30",
    "-1",
    "9" * 40,
    "٣",
    "1e999",
    "nan",
    "1_000",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "\u202e\u2066",
    "((((((((((",
    "\\",
    "%",
    "' OR 1=1 --",
    "00000000-0000-0000-0000-000000000000",
    "a " * 1000,
    "+31 " * 300,
    "🙈" * 500,
    "javascript:alert(1)",
    "//evil.test/",
]
ALWAYS = ("q", "before", "after", "page", "since", "until", "client", "sort", "next", "e", "o", "p", "all", "_popup")
SOME = 1 if scale.WHOLE else 14  # each value at each 14th parameter: every value and every parameter occur
READABLE = [endpoint for endpoint in url_matrix.every() if "GET" in endpoint.row.methods or endpoint.auditor_admin]
RESET = "account_reset_password_from_key"  # its key is of no client


@pytest.fixture
def browsers(two_tenants: TwoTenants) -> dict[str, Client]:
    """Somebody who may read each part of the site; a fault is an answer here, not an exception."""
    people = {"client": "owner", "staff": "admin", "console": "auditor of all"}
    found = {}
    for part, name in people.items():
        found[part] = Client(raise_request_exception=False)
        found[part].force_login(two_tenants.people[name].user)
    return found


def part_of(endpoint: Endpoint) -> str:
    return "console" if endpoint.auditor_admin else "client" if endpoint.of_client else "staff"


def asked_for(monkeypatch: pytest.MonkeyPatch, browser: Client, address: str) -> list[str]:
    """Names of parameters that the view looks at when it has none."""
    names: dict[str, None] = {}

    def watching(method: str) -> None:
        real = getattr(QueryDict, method)

        def spy(self: QueryDict, key: str, *more: object) -> object:
            names.setdefault(str(key))
            return real(self, key, *more)

        monkeypatch.setattr(QueryDict, method, spy)

    with monkeypatch.context() as patch:
        monkeypatch = patch
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            watching(method)
        browser.get(address)
    names.pop("csrfmiddlewaretoken", None)
    return [*names]


def odd_queries(names: list[str]) -> Iterator[str]:
    for at, name in enumerate(names):
        for nth, value in enumerate(ODD):
            if (nth + at) % SOME == 0:
                yield urlencode({name: value})


def test_no_value_of_any_parameter_is_a_fault(two_tenants: TwoTenants, browsers, monkeypatch):
    canary, wrong, asked = two_tenants.tenants["one"], [], 0
    for endpoint in READABLE:
        address = (
            "/accounts/password/reset/key/1-set-password/"
            if endpoint.name == RESET
            else endpoint.address(canary, canary)
        )
        browser = browsers[part_of(endpoint)]
        names = dict.fromkeys([*asked_for(monkeypatch, browser, address), *(ALWAYS if scale.WHOLE else ())])
        for query in odd_queries(list(names)):
            status = browser.get(f"{address}?{query}").status_code
            asked += 1
            if status >= 500 and not (endpoint.row.needs_sandbox and status == 503):
                wrong.append(f"{status} {endpoint.route}?{query[:80]}")
    assert wrong == []
    assert asked > 250


@settings(
    max_examples=scale.ODD_EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    page=st.sampled_from(
        ["calls/", "activity/", "campaigns/", "caller-id/", "live/", "call/", "calls/export.csv", "caller-id.csv"]
    ),
    query=st.dictionaries(
        st.sampled_from([*ALWAYS, "number", "assistant", "verdict", "state", "kind", "outcome", "to", "status"]),
        st.one_of(
            st.text(max_size=40),
            st.dates().map(str),
            st.datetimes(timezones=st.timezones()).map(lambda at: f"{at.isoformat()}_1"),
            st.integers().map(str),
            st.sampled_from(ODD),
        ),
        max_size=4,
    ),
)
def test_no_combination_is_a_fault(two_tenants: TwoTenants, browsers, page, query):
    encoded = {name: v.encode("utf-8", "surrogatepass") if isinstance(v, str) else v for name, v in query.items()}
    address = f"/c/{two_tenants.tenants['one'].tenant.slug}/{page}"
    answer = browsers["client"].get(f"{address}?{urlencode(encoded)}")
    assert answer.status_code < 500
    assert answer.status_code != 404 and "/accounts/login/" not in answer.headers.get("Location", "")


LONG = "amber " * 1000


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("client", "/c/{slug}/calls/"),
        ("client", "/c/{slug}/activity/"),
        ("client", "/c/{slug}/campaigns/"),
        ("staff", "/clients/"),
        ("staff", "/inventory/"),
        ("console", "/admin/calls/call/"),
    ],
)
def test_a_search_of_a_thousand_words_is_cut_with_a_notice(two_tenants: TwoTenants, browsers, part, path):
    address = path.format(slug=two_tenants.tenants["one"].tenant.slug)
    answer = browsers[part].get(address, {"q": LONG})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Only the first 100 characters of your search were used." in text or "Only this was searched for:" in text
