"""The caller-ID report: each call out with the rights that allowed it; as a page, for auditors, and as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AuditEntry, Auditor, AuditorGrant
from tests.fixtures.call_factories import captured_selects, make_call


@pytest.fixture
def report_calls(bloom, admin):
    """One call of each verdict, and two that do not belong in the report."""
    return {
        "not reported": make_call(bloom, counterpart="+31612340004"),  # first: an open alarm lets no call leave
        "agrees": make_call(
            bloom, by=admin, state="ended", counterpart="+31612340001", reported_line=bloom.number.e164
        ),
        "differs": make_call(
            bloom, state="ended", counterpart="+31612340002", reported_line="+31105550140", alarm="wrong-number"
        ),
        "cleared": make_call(bloom, state="ended", counterpart="+31612340003", reported_line="+31105550140"),
        "not dialed": make_call(bloom, state="refused", counterpart="+31612340005", remote_id=""),
        "of nobody": make_call(
            bloom,
            state="ended",
            counterpart="+31612340006",
            origin="adopted",
            number_dedication=None,
            line="+31105550140",
            reported_line="+31105550140",
        ),
        "inbound": make_call(bloom, state="ended", counterpart="+31612340007", direction="inbound", origin="adopted"),
    }


def lines(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_each_call_out_is_listed_with_its_rights_and_its_verdict(bloom, harbor, report_calls, make_member, sign_in):
    make_call(harbor, counterpart="+31612349999")
    context = sign_in(make_member(bloom, Role.VIEWER)).get("/c/bloom-dental/caller-id/").context
    rows = {row.call.counterpart[-1]: row for row in context["rows"]}
    assert sorted(rows) == ["1", "2", "3", "4", "5", "6"]
    assert [rows[n].verdict for n in "123456"] == [
        "agrees",
        "differs",
        "differs",
        "not-reported",
        "not-dialed",
        "differs",
    ]
    assert (rows["1"].placed_by, rows["1"].number.by) == ("Admin Person", "Patchbay")
    assert rows["1"].number.begins == bloom.number.period.lower and rows["1"].number.ends is None
    assert rows["2"].alarm.startswith("Open") and rows["3"].alarm.startswith("Cleared") and rows["6"].number is None
    figures = context["figures"]
    assert (figures["count"], figures["agrees"], figures["differs"], figures["not_reported"]) == (6, 1, 3, 1)


def test_a_right_that_ended_is_reported_with_its_end(bloom, report_calls, admin, support, sign_in):
    with scope.for_tenant(bloom.tenant):
        dedications.end_number(bloom.number, by=admin)
    page = sign_in(support).get("/clients/bloom-dental/caller-id/")
    assert all(row.number.ends for row in page.context["rows"] if row.number)


def test_it_is_narrowed_by_period_and_verdict(bloom, report_calls, support, sign_in):
    browser = sign_in(support)
    found = browser.get("/clients/bloom-dental/caller-id/?verdict=differs").context
    assert {row.call.counterpart[-1] for row in found["rows"]} == {"2", "3", "6"}
    assert browser.get("/clients/bloom-dental/caller-id/?until=2020-01-01").context["rows"] == []
    assert len(browser.get("/clients/bloom-dental/caller-id/?since=2020-01-01").context["rows"]) == 6
    assert browser.get("/clients/bloom-dental/caller-id/?since=nonsense").context["rows"] == []


def test_who_may_open_and_take_it_away(bloom, harbor, report_calls, make_member, sign_in, make_staff, support):
    page, taken = "/c/bloom-dental/caller-id/", "/c/bloom-dental/caller-id.csv"
    for role, may in ((Role.OWNER, 200), (Role.MANAGER, 200), (Role.OPERATOR, 403), (Role.VIEWER, 403)):
        browser = sign_in(make_member(bloom, role))
        assert (browser.get(page).status_code, browser.get(taken).status_code) == (200, may)
        assert ("Export as CSV" in browser.get(page).content.decode()) == (may == 200)
    stranger = sign_in(make_member(harbor, Role.OWNER))
    assert (stranger.get(page).status_code, stranger.get(taken).status_code) == (404, 404)
    for role, reads_it, exports in (
        (StaffRole.ADMIN, 200, 200),
        (StaffRole.SUPPORT, 200, 403),
        (StaffRole.FINANCE, 403, 403),
    ):
        browser = sign_in(make_staff(role))
        report = browser.get("/clients/bloom-dental/caller-id/")
        assert report.status_code == reads_it
        assert ("Export as CSV" in report.content.decode()) == (exports == 200)
        assert browser.get("/clients/bloom-dental/caller-id.csv").status_code == exports


def test_support_exports_the_report_on_a_visit_with_a_pass_only(bloom, make_member, sign_in, make_staff):
    inside, outside = "/c/bloom-dental/caller-id.csv", "/clients/bloom-dental/caller-id.csv"
    browser = sign_in(make_staff(StaffRole.SUPPORT))
    browser.post("/enter/bloom-dental/")
    assert (browser.get(inside).status_code, browser.get(outside).status_code) == (403, 403)
    assert "Export as CSV" not in browser.get("/c/bloom-dental/caller-id/").content.decode()
    assert (
        sign_in(make_member(bloom, Role.OWNER)).post("/c/bloom-dental/team/support/", {"hours": 8}).status_code == 302
    )
    assert (browser.get(inside).status_code, browser.get(outside).status_code) == (200, 403)


def test_the_csv_says_the_same_and_its_export_is_written_down(bloom, report_calls, make_member, sign_in):
    owner = make_member(bloom, Role.OWNER)
    answer = sign_in(owner).get("/c/bloom-dental/caller-id.csv?since=2020-01-01")
    rows = {row["Person called"][-1]: row for row in lines(answer)}
    assert [rows[n]["Verdict"] for n in "1245"] == ["Agrees", "Differs", "Not reported yet", "Nothing was dialed"]
    assert rows["1"]["Number meant"] == f"'{bloom.number.e164}" and rows["1"]["Number assigned until"] == "open"
    assert rows["2"]["Number VoiceDock reported"] == "'+31105550140"
    with scope.for_system("look"):
        entry = AuditEntry.objects.get(action="caller-id.exported")
    assert (entry.tenant_id, entry.actor_id) == (bloom.tenant.pk, owner.pk) and "2020-01-01 to now" in entry.body


def test_an_auditor_reads_and_exports_what_was_granted(bloom, harbor, report_calls, make_user, sign_in):
    user = make_user("Anna Auditor")
    granted = Auditor.objects.create(user=user)
    with scope.for_system("a grant"):
        AuditorGrant.objects.create(auditor=granted, tenant=bloom.tenant)
    browser = sign_in(user)
    chooser = browser.get("/admin/calls/call/caller-id/").content.decode()
    assert "Bloom Dental" in chooser and "Harbor" not in chooser
    assert "Caller-ID report" in browser.get("/admin/calls/call/").content.decode()
    page = browser.get(f"/admin/calls/call/caller-id/?client={bloom.tenant.pk}&verdict=differs").content.decode()
    assert "+31612340002" in page and "+31612340001" not in page and "3 differ" in page
    exported = browser.get(f"/admin/calls/call/caller-id/export/?client={bloom.tenant.pk}")
    assert len(lines(exported)) == 6
    with scope.for_system("look"):
        assert AuditEntry.objects.get(action="caller-id.exported").actor == "Anna Auditor"
    foreign = browser.get(f"/admin/calls/call/caller-id/?client={harbor.tenant.pk}").content.decode()
    assert "Of which client?" in foreign
    assert browser.get(f"/admin/calls/call/caller-id/export/?client={harbor.tenant.pk}").status_code == 302


def test_a_long_report_costs_no_more_and_is_read_page_by_page(bloom, support, sign_in, admin):
    browser, counts = sign_in(support), []
    for more in (2, 60):
        for at in range(more):
            make_call(
                bloom,
                by=admin,
                state="ended",
                counterpart=f"+316123{more:02}{at:03}",
                reported_line=bloom.number.e164,
            )
        browser.get("/clients/bloom-dental/caller-id/")
        with captured_selects() as queries:
            page = browser.get("/clients/bloom-dental/caller-id/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(page.context["rows"]) == 50
    rest = browser.get(f"/clients/bloom-dental/caller-id/{page.context['page'].older_url}").context
    assert len(rest["rows"]) == 12 and rest["page"].older_url == ""


def test_the_export_reads_in_bounded_pages(bloom, sign_in, admin, monkeypatch):
    monkeypatch.setattr("dashboard.calls.caller_id.report.CHUNK", 4)
    for at in range(9):
        make_call(bloom, by=admin, state="ended", counterpart=f"+3161234{at:04}")
    answer = sign_in(admin).get("/clients/bloom-dental/caller-id.csv")
    with CaptureQueriesContext(connection) as queries:
        assert len(lines(answer)) == 9
    assert sum("LIMIT 4" in query["sql"] for query in queries.captured_queries) == 3
