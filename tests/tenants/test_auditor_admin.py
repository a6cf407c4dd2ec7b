"""The auditors' admin site: what a page costs, filters and links, exports, entries about reading, the chains."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import DatabaseError

from tenants import audit
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call, make_receipt, make_report
from tests.promises import url_matrix

LISTS = [
    endpoint for endpoint in url_matrix.every() if endpoint.auditor_admin and endpoint.name.endswith("_changelist")
]


def test_a_page_of_rows_costs_the_same_whatever_is_in_it(bloom, harbor, auditor, sign_in):
    """Bounded queries for each list, with one row of each kind and with ten."""
    browser, counts = sign_in(auditor), []
    for rows in (1, 9):
        for at in range(rows):
            call = make_call(bloom, counterpart=f"+3161234{rows}{at:03}", state="ended")
            make_report(bloom, call, messages=[{"role": "user", "content": "Hello"}])
            make_receipt(bloom, call)
        found = {}
        for endpoint in LISTS:
            with captured_selects() as queries:
                assert browser.get(endpoint.address(None, None)).status_code == 200
            found[endpoint.name] = len(queries)
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 12, counts[0]


def test_an_export_is_written_down_before_it_leaves(bloom, harbor, auditor, sign_in):
    make_call(bloom, counterpart="+31612345001")
    make_call(harbor, counterpart="+31612345002", error="=HYPERLINK(1)")
    browser = sign_in(auditor)
    answer = browser.get(f"/admin/calls/call/export/?client={harbor.tenant.pk}")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="call-')
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["Person"] for row in rows] == ["'+31 6 1234 5002"]
    with scope.for_system("look"):
        entry = AuditEntry.objects.get(action="list.exported")
        assert (entry.tenant, entry.actor) == (harbor.tenant, str(auditor))
        assert sentence(entry) == f"{auditor} exported calls from the audit console as CSV, 1 row."


def test_nothing_leaves_when_it_cannot_be_written_down(bloom, auditor, sign_in, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(audit, "record", broken)
    browser = sign_in(auditor)
    browser.raise_request_exception = False
    assert browser.get("/admin/calls/call/export/").status_code == 500


def test_reading_a_transcript_is_an_entry_and_the_list_holds_none(bloom, auditor, sign_in):
    call = make_call(bloom, state="ended")
    make_report(bloom, call, summary="Canary summary", messages=[{"role": "user", "content": "Canary words"}])
    browser = sign_in(auditor)
    assert "Canary" not in browser.get("/admin/calls/callreport/").content.decode()
    page = browser.get(f"/admin/calls/callreport/{call.pk}/change/").content.decode()
    assert "Canary words" in page and "Canary summary" in page
    with scope.for_system("look"):
        entry = AuditEntry.objects.get(action="transcript.read")
        assert (entry.tenant, entry.actor_id, entry.subject) == (bloom.tenant, auditor.pk, f"callreport:{call.pk}")


def test_a_call_leads_to_its_dedication_receipts_and_entries(bloom, auditor, sign_in):
    call = make_call(bloom)
    receipt = make_receipt(bloom, call)
    browser = sign_in(auditor)
    page = browser.get(f"/admin/calls/call/{call.pk}/change/").content.decode()
    assert f"/admin/tenants/numberdedication/{bloom.number.pk}/change/" in page
    assert f"/admin/tenants/auditentry/?subject=call:{call.pk}" in page
    receipts = f"/admin/calls/receipt/?call__id__exact={call.pk}"
    assert receipts in page and f"/{receipt.pk}/change/" in browser.get(receipts).content.decode()
    held = browser.get(f"/admin/tenants/numberdedication/{bloom.number.pk}/change/").content.decode()
    calls = f"/admin/calls/call/?number_dedication__id__exact={bloom.number.pk}"
    assert calls in held and str(call.pk) in browser.get(calls).content.decode()
    history = browser.get(f"/admin/tenants/tenant/{bloom.tenant.pk}/history/", follow=True).content.decode()
    assert "opened Bloom Dental as a client" in history


def test_every_filter_that_is_offered_can_be_chosen(bloom, harbor, auditor, sign_in):
    call = make_call(bloom, state="ended")
    make_receipt(bloom, call)
    make_report(bloom, call)
    browser, opened = sign_in(auditor), 0
    for admin_list in (endpoint.address(None, None) for endpoint in LISTS):
        offered = browser.get(admin_list).context["cl"]
        for spec in offered.filter_specs:
            for choice in spec.choices(offered):
                opened += 1
                address = admin_list + choice["query_string"]
                assert browser.get(address).status_code == 200, address
    assert opened > 100


@pytest.mark.parametrize(
    ("admin_list", "query", "found"),
    [
        ("calls/call", "client={bloom}", 1),
        ("calls/call", "client={harbor}", 0),
        ("calls/call", "client=x", 0),
        ("calls/call", "q=%2B3161234", 1),
        ("calls/call", "q=nobody", 0),
        ("calls/call", "state=ended", 1),
        ("calls/call", "created_at__year=2019", 0),
        ("calls/call", "client=²", 0),
        ("tenants/tenant", "connection={home}", 1),
        ("tenants/number", "client={bloom}", 1),
        ("tenants/number", "client=²", 0),
        ("tenants/numberdedication", "connection={home}", 1),
        ("tenants/auditentry", "action=number.dedicated", 2),
    ],
)
def test_what_filters_and_search_leave(bloom, harbor, auditor, sign_in, admin_list, query, found):
    make_call(bloom, counterpart="+31612345678", state="ended")
    asked = query.format(bloom=bloom.tenant.pk, harbor=harbor.tenant.pk, home=bloom.connection.pk)
    page = sign_in(auditor).get(f"/admin/{admin_list}/?{asked}")
    assert page.status_code == 200
    assert page.context["cl"].result_count == found


@pytest.mark.django_db(transaction=True)
def test_the_admin_site_shows_whether_the_chains_hold(bloom, harbor, auditor, sign_in, superuser):
    browser = sign_in(auditor)
    assert browser.get("/admin/tenants/audithead/").content.decode().count("holds, not signed outside") == 2
    superuser(
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
        f"UPDATE tenants_auditentry SET body = replace(body, 'Bloom', 'Doom') WHERE chain = 'tenant-{bloom.tenant.pk}'",
        "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    )
    page = browser.get("/admin/tenants/audithead/").content.decode()
    assert page.count("holds, not signed outside") == 1 and "broken at entry 1" in page
    assert (
        "broken at entry 1"
        in browser.get(f"/admin/tenants/audithead/tenant-{bloom.tenant.pk}/change/").content.decode()
    )
