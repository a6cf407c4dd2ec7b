"""The tabs of a client's settings: everything that is set for calls is found from one place, by whoever may set it."""

from __future__ import annotations

import re

import pytest

from tenants.access.permissions import Role

HOME = "/c/bloom-dental/"
LISTS = [
    ("Actions", f"{HOME}settings/actions/"),
    ("Transfer targets", f"{HOME}settings/transfer-targets/"),
    ("Presets", f"{HOME}settings/presets/"),
    ("Contact rules", f"{HOME}contact-rules/"),
    ("Do not call", f"{HOME}do-not-call/"),
]
TABS = {Role.OWNER: [("General", f"{HOME}settings/"), *LISTS], Role.MANAGER: LISTS}


def links(page, label: str) -> list[tuple[str, str, bool]]:
    """Words, address and mark of each link in a navigation."""
    found = re.search(rf'<nav[^>]*aria-label="{label}".*?</nav>', page.content.decode(), re.S)
    anchors = re.findall(r'<a\b([^>]*href="([^"]*)"[^>]*)>(.*?)</a>', found[0], re.S) if found else []
    return [
        (" ".join(re.sub(r"<[^>]+>", " ", words).split()), url, "aria-current" in tag) for tag, url, words in anchors
    ]


@pytest.mark.parametrize("role", TABS)
def test_each_tab_has_an_address_and_is_marked_there_and_in_the_navigation(bloom, make_member, sign_in, role):
    browser = sign_in(make_member(bloom, role))
    for here in TABS[role]:
        page = browser.get(here[1])
        assert page.status_code == 200
        assert links(page, "Settings") == [(*tab, tab == here) for tab in TABS[role]]
        marked = [(words, url) for words, url, is_marked in links(page, "Main menu") if is_marked]
        assert marked == [("Settings", TABS[role][0][1])]


def test_a_page_below_a_tab_belongs_to_the_settings(bloom, make_member, sign_in):
    page = sign_in(make_member(bloom, Role.MANAGER)).get(f"{HOME}settings/presets/new/")
    marked = [words for words, _, is_marked in links(page, "Main menu") if is_marked]
    assert marked == ["Settings"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_whoever_may_change_no_setting_has_none_of_it(bloom, make_member, sign_in, role):
    browser = sign_in(make_member(bloom, role))
    assert "Settings" not in [words for words, _, _ in links(browser.get(f"{HOME}calls/"), "Main menu")]
    page = browser.get(f"{HOME}do-not-call/")
    assert links(page, "Settings") == []
    if role == Role.OPERATOR:  # the list stays where it was: a page of the calls
        assert [words for words, _, is_marked in links(page, "Main menu") if is_marked] == ["Calls"]
        assert 'class="back-link"' in page.content.decode()


def test_support_sees_the_lists_only_with_access(bloom, support, visit_client):
    browser = visit_client(support, bloom, read_only=True)
    assert "Settings" not in [words for words, _, _ in links(browser.get(f"{HOME}calls/"), "Main menu")]
