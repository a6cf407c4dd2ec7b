"""What needs a person at the reseller: the list, the state line and the sidebar agree on it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.calls.models import Alarm
from dashboard.campaigns.models import PauseCause
from dashboard.overview import context_processors
from dashboard.sync.models import Kind, SyncState
from dashboard.webhooks.models import Delivery
from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Connection, Membership, OutgoingMail, StaffGrant, StaffMember
from tests.fixtures.call_factories import make_call, make_campaign

QUIET = "nothing needs you"


@pytest.fixture
def calm(bloom, make_member):
    """A client that can call, through a connection whose copy is fresh."""
    make_member(bloom, Role.OWNER)
    with scope.for_system("a fresh copy"):
        for kind in Kind:
            SyncState.objects.create(connection=bloom.connection, kind=kind, fresh_at=timezone.now())
    return bloom


def change(changed, **values):
    with scope.for_system("a change"):
        Connection.objects.filter(pk=changed.pk).update(**values)


def unconfirmed(setup):
    make_call(setup, state="unknown", alarm=Alarm.NOT_CERTAIN, started_at=None)


def late_end(setup):
    make_call(setup, end_asked_at=timezone.now() - timedelta(seconds=30))


def wrong_line(setup):
    make_call(setup, state="ended", alarm=Alarm.WRONG_NUMBER)


def campaign_to_pause(setup):
    make_campaign(setup, pause_required_at=timezone.now(), pause_cause=PauseCause.FOREIGN_CALL)


def failing(setup):
    change(setup.connection, last_error="VoiceDock refused the key", last_error_at=timezone.now())


def failing_sync(setup):
    with scope.for_system("a change"):
        SyncState.objects.filter(connection=setup.connection, kind=Kind.CALLS).update(failures=3)


def stale(setup):
    with scope.for_system("a change"):
        old = timezone.now() - timedelta(minutes=7)
        SyncState.objects.filter(connection=setup.connection, kind=Kind.LIVE_CALLS).update(fresh_at=old)


def never_synced(setup):
    with scope.for_system("a change"):
        SyncState.objects.all().delete()
    change(setup.connection, created_at=timezone.now() - timedelta(hours=1))


def no_credit(setup):
    change(setup.connection, minutes_balance=0)


def little_credit(setup):
    change(setup.connection, minutes_balance="12.50")


def failed_webhook(setup):
    with scope.for_system("a webhook"):
        Delivery.objects.create(
            connection=setup.connection, body_hash=b"1" * 32, event="call", payload={}, outcome="failed"
        )


def failed_mail(setup):
    with scope.for_system("a mail"):
        OutgoingMail.objects.create(recipients=["a@b.test"], subject="S", state=OutgoingMail.State.FAILED)


def client_without_line(setup):
    with scope.for_system("a client"):
        dedications.open_tenant(name="Veldkamp", slug="veldkamp", home_connection=setup.connection, by=None)


def client_without_people(setup):
    with scope.for_system("a client"):
        Membership.objects.filter(tenant=setup.tenant).delete()


CAUSES = {
    unconfirmed: "We don't know if it was placed",
    late_end: "End call is not confirmed",
    wrong_line: "It left from a number that is not this client's",
    campaign_to_pause: "A campaign is not paused yet",
    failing: "The connection fails",
    failing_sync: "The connection fails",
    stale: "Its data is old",
    never_synced: "Its first sync has not begun",
    no_credit: "No credit left",
    little_credit: "Credit is low",
    failed_webhook: "1 webhook could not be applied",
    failed_mail: "1 mail could not be sent",
    client_without_line: "Cannot call yet",
    client_without_people: "No owner yet",
}


def test_a_first_sync_that_runs_is_no_alarm_and_says_since_when(calm, admin, sign_in):
    never_synced(calm)
    with scope.for_system("a long first sync"):
        SyncState.objects.create(connection=calm.connection, kind=Kind.CALLS, cursor={"page": 2})
        SyncState.objects.create(connection=calm.connection, kind=Kind.LIVE_CALLS, fresh_at=timezone.now())
    page = sign_in(admin).get("/").content.decode()
    for words in ("Its data is old", "first sync has not begun", "never</span>"):
        assert words not in page
    assert "the first sync is running" in page and "First sync since" in page
    with scope.for_system("it fails"):
        SyncState.objects.filter(kind=Kind.CALLS).update(failures=3)
    assert "The connection fails" in sign_in(admin).get("/").content.decode()


def test_nothing_needs_a_person(calm, admin, sign_in):
    make_call(calm)
    page = sign_in(admin).get("/")
    assert page.context["attention"].needs == [] and QUIET in page.content.decode()
    assert 'id="attention-count"' in page.content.decode() and count_in_sidebar(page.content.decode()) == 0


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_each_cause_is_in_the_list_the_state_line_and_the_sidebar(calm, admin, sign_in, cause):
    cause(calm)
    browser = sign_in(admin)
    response = browser.get("/")
    page = response.content.decode().replace("&#x27;", "'").replace("’", "'")
    assert [need.title for need in response.context["attention"].needs] == [CAUSES[cause]]
    assert CAUSES[cause] in page and QUIET not in page
    assert "1 thing needs a person" in page
    assert count_in_sidebar(page) == count_in_sidebar(browser.get("/clients/").content.decode()) == 1


def test_the_most_urgent_comes_first(calm, admin, sign_in):
    for cause in (client_without_line, no_credit, wrong_line, unconfirmed, late_end, failed_webhook):
        cause(calm)
    kinds = [need.title for need in sign_in(admin).get("/").context["attention"].needs]
    wanted = [late_end, unconfirmed, wrong_line, no_credit, failed_webhook, client_without_line]
    assert kinds == [CAUSES[cause] for cause in wanted]


def test_a_line_that_needs_a_person_is_drawn_even_where_lines_are_left_out(calm, admin, sign_in):
    for at in range(14):
        make_call(calm, counterpart=f"+3161000{at:04}", ago=900 - at)
    unconfirmed(calm)
    row = sign_in(admin).get("/").context["rows"][0]
    assert row.lines[0].alarm == Alarm.NOT_CERTAIN and row.more == 3


def test_more_than_fit_can_be_unfolded(calm, admin, sign_in):
    for at in range(11):
        make_call(calm, counterpart=f"+3161000{at:04}", alarm=Alarm.END_NOT_CONFIRMED)
    page = sign_in(admin).get("/").content.decode()
    assert "11 things need a person" in page and "7 more" in page and count_in_sidebar(page) == 11
    assert page.count(">End again<") == 11


def test_a_role_sees_what_it_may_see(calm, make_staff, sign_in):
    for cause in CAUSES:
        cause(calm)
    titles = {need.title for need in sign_in(make_staff(StaffRole.FINANCE)).get("/").context["attention"].needs}
    wanted = {"The connection fails", "Credit is low", "1 webhook could not be applied", "Cannot call yet"}
    assert titles == wanted | {"No owner yet"}
    support = sign_in(make_staff(StaffRole.SUPPORT)).get("/").context["attention"].needs
    assert {need.kind for need in support} >= {"call", "campaign"} and "mail" not in {need.kind for need in support}


def test_staff_who_see_some_clients_find_those_alone(calm, harbor, support, sign_in):
    with scope.for_system("a grant"):
        StaffMember.objects.filter(user=support).update(sees_all=False)
        StaffGrant.objects.create(staff=support.staff, tenant=calm.tenant)
    for setup in (calm, harbor):
        unconfirmed(setup)
        failing(setup)
        no_credit(setup)
    found = sign_in(support).get("/").context["attention"].needs
    assert [(need.title, need.about, bool(need.url)) for need in found] == [
        ("We don't know if it was placed", "Bloom Dental", True),
        ("The connection fails", "Bloom Dental", False),
    ]


def test_a_part_brings_the_count_for_the_sidebar(calm, admin, sign_in):
    no_credit(calm)
    part = sign_in(admin).get("/", headers={"HX-Request": "true"}).content.decode()
    assert count_in_sidebar(part) == 1 and "hx-swap-oob" in part


def test_it_is_one_query_however_much_there_is(calm, admin, sign_in, monkeypatch):
    browser, counts = sign_in(admin), []
    monkeypatch.setattr(context_processors, "KEPT", 10)
    for _ in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/clients/").status_code == 200
        with CaptureQueriesContext(connection) as again:
            assert browser.get("/clients/").status_code == 200
        counts.append(len(found))
        for at in range(20):
            make_call(calm, counterpart=f"+3161000{at:04}", alarm=Alarm.END_NOT_CONFIRMED)
    assert counts[0] == counts[1]
    assert sum("UNION ALL" in query["sql"] for query in found.captured_queries) == 1
    assert not any("UNION ALL" in query["sql"] for query in again.captured_queries), "kept for some seconds"


def count_in_sidebar(page):
    found = re.search(r'id="attention-count"[^>]*>\s*(\d+)\s*<span class="hidden">need', page)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("calls", "needs"),
    [
        ([("+212650123456", 60)] * 5, 1),
        ([("+212650123456", 60)] * 4, 0),
        ([("+212650123456", 60)] * 3 + [("+233241234567", 60)] * 2, 1),
        ([("+212650123456", 60)] * 5 + [("+212650123456", 90_000)], 0),  # it has called there before
        ([("+212650123456", 90_000)] * 5, 0),  # more than a day ago
        ([("+31612345678", 60)] * 5, 0),  # its own country
    ],
)
def test_many_calls_to_new_countries_are_shown(calm, admin_browser, calls, needs):
    with scope.for_tenant(calm.tenant):
        type(calm.tenant).objects.filter(pk=calm.tenant.pk).update(country="NL")
    for at, (counterpart, ago) in enumerate(calls):
        make_call(calm, state="ended", counterpart=counterpart, ago=ago + at)
    page = admin_browser.get("/").content.decode()
    assert page.count("calls to new countries") == needs
    if needs:
        assert "Morocco" in page and QUIET not in page.casefold()
