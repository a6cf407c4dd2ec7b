"""An auditor reads everything in the Django admin, searches and filters it, and finds nothing that writes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.axe import findings

LISTS = ["tenants/tenant", "tenants/numberdedication", "tenants/assistantdedication", "calls/call", "calls/receipt",
           "campaigns/campaign", "sync/syncrun", "tenants/auditentry"]  # fmt: skip


def test_an_auditor_reads_everything_and_changes_nothing(window):
    page = window("auditor@patchbay.test")
    page.goto("/admin/")
    assert findings(page, django=True) == []
    for admin_list in LISTS:
        answer = page.goto(f"/admin/{admin_list}/")
        assert answer.status == 200, admin_list
        expect(page.locator("#searchbar")).to_be_visible()
        assert page.locator("#changelist-filter").count() == 1, admin_list
        assert_nothing_writes(page)
        first = page.locator("#result_list tbody th a")
        if first.count():
            first.first.click()
            assert_nothing_writes(page)
            assert page.request.post(page.url).status in (403, 405)


def assert_nothing_writes(page):
    main = page.locator("#content")
    assert main.locator("form[method=post]").locator("button, input:not([type=hidden]), select").count() == 0
    assert main.get_by_role("link", name=re.compile("^(Add|Change|Delete) ")).count() == 0
    assert main.get_by_role("button", name=re.compile("Save|Delete|Add")).count() == 0
    offered = main.locator("select[name=action], .addlink, .deletelink").filter(visible=True)
    assert offered.count() == 0  # Django's script keeps a hidden one for rows that can be added


def test_an_auditor_searches_and_filters(window):
    page = window("auditor@patchbay.test")
    rows = page.locator("#result_list tbody tr")
    page.goto("/admin/calls/call/")
    somebody = re.search(r"\+[\d ]{9,}\d", rows.last.inner_text())[0]
    page.locator("#searchbar").fill(somebody.replace(" ", ""))
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile("[?&]q="))
    assert rows.count() == rows.filter(has_text=somebody).count() > 0
    page.goto("/admin/calls/call/")
    by_client = page.locator("#changelist-filter details").filter(has=page.locator("summary", has_text="Client:"))
    by_client.locator("summary").click()
    by_client.get_by_role("link", name="Bloom Dental").click()
    expect(page.locator("#result_list")).not_to_contain_text("Casa Lindo")
    page.locator("#result_list tbody th a").first.click()
    assert findings(page, django=True) == []

    page.goto("/admin/tenants/auditentry/")
    page.locator("#searchbar").fill("number.dedicated")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile("[?&]q="))
    assert rows.count() == rows.filter(has_text="assigned").count() > 0
    assert findings(page, django=True) == []


def test_the_pages_of_others_refuse_an_auditor_in_words(window):
    page = window("auditor@patchbay.test")
    for path in ("/clients/", "/inventory/", "/c/bloom-dental/", "/live/"):
        answer = page.goto(path)
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
        expect(page.get_by_role("main")).to_contain_text("you do not have access to it")
