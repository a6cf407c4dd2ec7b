"""The audit console speaks of clients and numbers, never of models or commands, and names the zone of each time."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tenants import audit
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call, make_receipt, make_report
from tests.promises import url_matrix

QUESTIONS = ["/admin/", *(f"/admin/questions/{name}/" for name in ("caller-id", "reading", "trail", "access"))]
LISTS = [
    endpoint.address(None, None)
    for endpoint in url_matrix.every()
    if endpoint.auditor_admin and endpoint.name.endswith("_changelist")
]
INNER = re.compile(
    r"\btenants?\b|dedication|auditentry|audithead|manage\.py|verify_audit|\b[a-z]+:\d+\b", re.IGNORECASE
)
TIME = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d( [A-Z]{3,4})?")


def read(page: str) -> str:
    page = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def console(bloom, auditor, sign_in):
    call = make_call(bloom, state="ended")
    make_report(bloom, call)
    make_receipt(bloom, call)
    with scope.for_tenant(bloom.tenant):
        for subject in (bloom.tenant, bloom.number, bloom.assistant, call, "user:3"):
            audit.record(None, bloom.tenant, "call.asked", subject, counterpart="+31612345678")
    return sign_in(auditor)


@pytest.mark.parametrize("page", [*LISTS, *QUESTIONS, "/admin/records/", "/admin/tenants/"])
def test_no_page_shows_the_name_of_a_model_or_a_command(console, page):
    shown = read(console.get(page).content.decode())
    assert INNER.findall(shown) == [], shown
    assert all(zone for zone in TIME.findall(shown))


def test_the_page_of_a_row_says_what_it_is(console, bloom):
    for model, row, records in (
        ("tenant", bloom.tenant, "Clients"),
        ("numberdedication", bloom.number, "Numbers of clients"),
        ("assistantdedication", bloom.assistant, "Assistants of clients"),
    ):
        page = console.get(f"/admin/tenants/{model}/{row.pk}/change/").content.decode()
        assert INNER.findall(read(page)) == []
        crumbs = read(page[page.index('class="breadcrumbs"') - 5 :].split("</div>")[0])
        assert crumbs.startswith(f"Records › {records} ›") and f"<h1>{records}</h1>" in page


def test_an_entry_is_about_a_row_in_words(console):
    with scope.for_system("look"):
        entries = {entry.subject.partition(":")[0]: entry.pk for entry in AuditEntry.objects.all()}
    for kind, words in (("tenant", "Client"), ("numberdedication", "Number of a client"), ("user", "Person")):
        page = console.get(f"/admin/tenants/auditentry/{entries[kind]}/change/").content.decode()
        assert re.search(rf'<a href="/admin/[^"]+/change/">{words}</a>', page), kind
