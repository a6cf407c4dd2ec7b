"""The auditors' lists count, page and search a bounded part of a table, and say so."""

from __future__ import annotations

import inspect

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.calls.models import Call, CallReport, PlannedCall, Receipt
from dashboard.campaigns.models import DraftLead, Lead
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.sync.models import SyncRun
from tenants.auditor_admin import bounded_lists, read_only_admin
from tenants.auditor_admin.site import site
from tenants.models import AuditEntry, Visit
from tests.fixtures.call_factories import make_call

pytestmark = pytest.mark.django_db
CALLS = "/admin/calls/call/"
GROWING = (Call, CallReport, PlannedCall, Receipt, Lead, DraftLead, DoNotCallEntry, SyncRun, AuditEntry, Visit)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(bounded_lists, "COUNTED", 3)
    monkeypatch.setattr(bounded_lists, "SEARCHED", 2)


def test_no_list_reads_the_whole_table_for_its_dates():
    assert [admin.model.__name__ for admin in site._registry.values() if admin.date_hierarchy] == []
    assert {admin.paginator for admin in site._registry.values()} == {bounded_lists.CappedPaginator}


def test_what_grows_is_listed_and_searched_newest_first(rf):
    """A search looks at the first rows of the list: with another order it would never see what is new."""
    newest = {"-created_at", "-call__created_at", "-due_at", "-asked_at", "-at", "-started_at", "-added_at", "-id"}
    first = {
        admin.model: str((*admin.get_ordering(rf.get("/")), *admin.model._meta.ordering, "-id")[0])
        for admin in site._registry.values()
    }
    assert {model.__name__: first[model] for model in GROWING if first[model] not in newest} == {}


def test_a_first_column_is_a_link_to_its_row_and_holds_no_other():
    """A link inside of a link is two, and the first of them is empty."""
    columns = {
        admin.model: admin.list_display[0] for admin in site._registry.values() if callable(admin.list_display[0])
    }
    linked = {model: inspect.getclosurevars(first).nonlocals for model, first in columns.items()}
    fields = {model: known["path"] for model, known in linked.items() if known["shape"] is None}
    rows = [model.__name__ for model, path in fields.items() if site.is_registered(_related(model, path))]
    assert len(fields) > 10 and rows == []


def _related(model, path):
    *_, name = path.split("__")
    named = {field.name: field.related_model for field in model._meta.get_fields() if field.is_relation}
    return named.get(name) or object


def test_a_list_of_more_rows_than_are_counted_says_so(bloom, auditor, sign_in, few):
    browser = sign_in(auditor)
    for nth in range(3):
        make_call(bloom, state="ended", counterpart=f"+3161234567{nth}")
    assert "3 rows" in browser.get(CALLS).content.decode()
    make_call(bloom, state="ended", counterpart="+31612345679")
    with CaptureQueriesContext(connection) as asked:
        assert "More than 3 rows" in browser.get(CALLS).content.decode()
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"] and "calls_call" in query["sql"]]
    assert counts and all("LIMIT 4" in sql for sql in counts)


def test_words_are_looked_for_in_the_newest_rows_and_numbers_in_all(bloom, auditor, sign_in, few):
    browser = sign_in(auditor)
    old = make_call(bloom, state="ended", counterpart="+31687654321", ago=900, assistant_name="Oldest")
    for nth in range(3):
        make_call(bloom, state="ended", counterpart=f"+3161234567{nth}", assistant_name="Newest")
    page = browser.get(CALLS, {"q": "Oldest"})
    assert str(old.pk) not in page.content.decode()
    assert read_only_admin.OLDER_NOT_SEARCHED.format(2) in page.content.decode()
    assert browser.get(CALLS, {"q": "Newest"}).context["cl"].result_count == 2
    found = browser.get(CALLS, {"q": "8765432"}).context["cl"]
    assert [row.pk for row in found.result_list] == [old.pk]


@pytest.mark.parametrize("order", ["1", "-1", "2", "-2", "3", "-3", "4", "-4", "5", "-5", "6", "-6", "7", "-7"])
def test_a_search_looks_at_the_first_rows_of_whatever_order(bloom, auditor, sign_in, few, order):
    """Also of a column that is empty in some rows, that many rows share, or that is a row of its own."""
    for nth in range(4):
        make_call(bloom, state="ended", counterpart=f"+3161234567{nth}", assistant_name="Newest")
    page = sign_in(auditor).get(CALLS, {"q": "Newest", "o": order})
    assert page.status_code == 200 and page.context["cl"].result_count == 2


def test_an_export_of_a_search_looks_at_every_row(bloom, auditor, few, rf):
    request = rf.get(CALLS, {"q": "Oldest"})
    request.reads_all = True
    make_call(bloom, state="ended", counterpart="+31687654321", ago=900, assistant_name="Oldest")
    admin = site._registry[Call]
    assert "LIMIT" not in str(admin.get_search_results(request, Call.objects.all(), "Oldest")[0].query)


def test_a_month_is_chosen_by_the_calendar(bloom, auditor, sign_in):
    make_call(bloom, state="ended", counterpart="+31687654321")
    browser, now = sign_in(auditor), timezone.localtime()
    for value, count in ((f"{now:%Y-%m}", 1), ("2001-01", 0), ("x", 0)):
        assert browser.get(CALLS, {"created_at_month": value}).context["cl"].result_count == count
