"""The menu of the audit console: the lists that are read most, and one page with every list by subject."""

from __future__ import annotations

import re

from tenants.auditor_admin.site import Subject, site

MENU = re.compile(r'<nav class="console-nav".*?</nav>', re.S)
CURRENT = re.compile(r'aria-current="page"[^>]*>\s*(?:<svg.*?</svg>)?\s*(?:<bdi>)?([^<]+?)\s*<', re.S)


def menu(page) -> str:
    return MENU.search(page.content.decode())[0]


def current(page) -> list[str]:
    return CURRENT.findall(menu(page))


def test_the_menu_has_the_lists_that_are_read_most(auditor, sign_in):
    found = menu(sign_in(auditor).get("/admin/"))
    for name in ("Questions", "Evidence", "Calls", "Commands", "Team members", "Visits of staff", "Audit trail"):
        assert name in found
    assert found.count("<a ") == 8 and "All records" in found


def test_every_list_stands_on_the_page_of_all_records_below_its_subject(auditor, sign_in):
    page = sign_in(auditor).get("/admin/records/")
    names = [str(entry["name"]) for group in page.context["app_list"] for entry in group["models"]]
    assert sorted(names) == sorted(site.records_of(model) for model in site._registry)
    assert [group["title"] for group in page.context["app_list"] if group["models"]] == [str(one) for one in Subject]
    assert current(page) == ["All records"]


def test_the_menu_says_where_one_is(auditor, sign_in):
    browser = sign_in(auditor)
    for path, name in {
        "": "Questions",
        "questions/access/": "Questions",
        "evidence/": "Evidence",
        "calls/call/": "Calls",
        "campaigns/campaign/": "Campaigns",
    }.items():
        assert current(browser.get(f"/admin/{path}")) == [name]
