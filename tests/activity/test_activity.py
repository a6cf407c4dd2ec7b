"""The activity lists: sentences, filters, pages, and whose they are."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.activity import views
from dashboard.ui.templatetags.ui import with_numbers
from tenants import audit
from tenants.access.permissions import Role
from tenants.audit.messages import SENTENCES
from tenants.isolation import scope


def write(setup, by, count, action="visit.began"):
    with scope.for_system("things happen"):
        for _ in range(count):
            audit.record(by, setup.tenant, action, setup.tenant)


def test_a_client_reads_its_own_and_staff_read_all(bloom, harbor, make_member, sign_in, support, admin):
    write(bloom, support, 1)
    write(harbor, admin, 1)
    owner = sign_in(make_member(bloom, Role.OWNER))
    page = owner.get("/c/bloom-dental/activity/").content.decode()
    assert "Support Person entered as staff." in page and "Admin Person" not in page
    every = sign_in(support).get("/activity/").content.decode()
    assert "Support Person entered as staff." in every and "Admin Person entered as staff." in every
    assert sign_in(make_member(bloom, Role.OPERATOR)).get("/c/bloom-dental/activity/").status_code == 403
    assert owner.get("/activity/").status_code == 404


def test_it_is_narrowed_by_person_kind_client_and_day(bloom, harbor, sign_in, support, admin):
    write(bloom, support, 1)
    write(harbor, admin, 1, "tenant.settings-changed")
    browser = sign_in(support)
    assert "entered as staff" not in browser.get("/activity/?q=admin").content.decode()
    assert "changed the settings" not in browser.get("/activity/?kind=visit").content.decode()
    assert "entered as staff" not in browser.get("/activity/?client=harbor-logistics").content.decode()
    assert "entered as staff" not in browser.get("/activity/?until=2020-01-01").content.decode()
    assert "entered as staff" in browser.get("/activity/?since=2020-01-01&q=support&kind=visit").content.decode()
    assert "Nothing was searched" in browser.get("/activity/?kind=nonsense").content.decode()


def test_every_action_is_of_a_kind_one_can_ask_for():
    prefixes = [prefix for _, _, known in views.STAFF_KINDS for prefix in known]
    unlisted = [action for action in SENTENCES if not action.startswith(tuple(prefixes))]
    assert unlisted == []


def test_what_was_taken_away_is_found_together(bloom, sign_in, support, make_member):
    for action in ("call.recording-opened", "calls.exported", "list.exported", "transcript.read"):
        write(bloom, support, 1, action)
    write(bloom, support, 1, "call.placed")
    for browser, page in ((sign_in(support), ""), (sign_in(make_member(bloom, Role.OWNER)), "/c/bloom-dental")):
        rows = browser.get(f"{page}/activity/?kind=taken").context["rows"]
        assert len(rows) == 4 and "call.placed" not in {row["entry"].action for row in rows}


def test_pages_go_on_where_the_last_ended_and_come_back(bloom, sign_in, support):
    write(bloom, support, 120)
    browser = sign_in(support)
    seen, url = [], "/activity/?kind=visit"
    while True:
        context = browser.get(url).context
        seen += [row["entry"].pk for row in context["rows"]]
        if not context["page"].older_url:
            break
        url = f"/activity/{context['page'].older_url}"
        assert "kind=visit" in url
    assert len(seen) == len(set(seen)) == 120 and seen == sorted(seen, reverse=True)
    back = browser.get(f"/activity/{context['page'].newer_url}").context
    assert [row["entry"].pk for row in back["rows"]] == seen[50:100]
    assert browser.get("/activity/?before=nonsense").status_code == 200


def test_long_lists_cost_no_more_queries(bloom, sign_in, support, django_assert_num_queries):
    browser = sign_in(support)
    write(bloom, support, 1)
    browser.get("/activity/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/activity/")
    write(bloom, support, 30)
    with django_assert_num_queries(len(few)):
        browser.get("/activity/")


def test_numbers_within_a_sentence_are_set_as_numbers():
    words = with_numbers("Dora <b> called +31 6 1234 5678, from +1 202-555-0162.")
    assert words == (
        'Dora &lt;b&gt; called <span class="number">+31 6 1234 5678</span>, '
        'from <span class="number">+1 202-555-0162</span>.'
    )
