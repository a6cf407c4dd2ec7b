"""The overviews, and where `/` leads whom."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from dashboard.calls.models import Alarm, Call
from dashboard.campaigns.models import Campaign
from dashboard.sync.models import Kind, SyncState
from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Membership
from tests.fixtures.backdating import backdating
from tests.fixtures.call_factories import captured_selects

EXTENSIONS = count(1000)


def call_of(setup, state="in-progress", **more):
    finished = state in ("ended", "failed", "refused")
    values = {"counterpart": f"+3161234{next(EXTENSIONS):04d}", "finished": finished} | more
    if state in ("in-progress", "ended"):
        values.setdefault("started_at", timezone.now() - timedelta(seconds=90))
    values.setdefault("claimed_at", timezone.now())
    with backdating():
        return _placed(setup, state, values)


def _placed(setup, state, values):
    return Call.objects.create(
        tenant=setup.tenant,
        connection=setup.connection,
        number_dedication=setup.number,
        assistant_dedication=setup.assistant,
        origin=Call.Origin.PLACED,
        client_token=uuid.uuid4(),
        state=state,
        **{"counterpart": "+31612345678", "destination_country": "NL"} | values,
    )


def test_the_root_url_leads_each_to_their_own(bloom, harbor, make_member, sign_in, support, auditor, make_user):
    assert "Overview" in sign_in(support).get("/").content.decode()
    assert sign_in(auditor).get("/").headers["Location"] == "/admin/"
    owner = make_member(bloom, Role.OWNER)
    assert sign_in(owner).get("/").headers["Location"] == "/c/bloom-dental/"
    with scope.for_tenant(harbor.tenant):
        Membership.objects.create(tenant=harbor.tenant, user=owner, role=Role.VIEWER)
    chooser = sign_in(owner).get("/").content.decode()
    assert "/c/bloom-dental/" in chooser and "/c/harbor-logistics/" in chooser
    assert "No client yet" in sign_in(make_user("Nobody Yet")).get("/").content.decode()


def test_staff_see_who_talks_what_asks_and_how_old_it_is(sign_in, support, bloom, harbor):
    with scope.for_system("a busy client"):
        call_of(bloom)
        call_of(bloom, "ringing")
        lost = call_of(harbor, "unknown", alarm=Alarm.NOT_CERTAIN, alarm_at=timezone.now(), counterpart="+31612340001")
        for kind in (Kind.LIVE_CALLS, Kind.CALLS):
            for setup in (bloom, harbor):
                SyncState.objects.create(connection=setup.connection, kind=kind, fresh_at=timezone.now())
    page = sign_in(support).get("/").content.decode()
    assert "3 live</b> at 2 clients" in page
    assert "1 talking, 1 connecting" in page
    assert "know if it was placed" in page and f"/c/harbor-logistics/calls/{lost.pk}/" in page
    assert page.count("line-status--free") == 2 + 3
    assert "oldest data from" in page


def test_todays_figures_count_reached_and_missed(sign_in, support, bloom):
    with scope.for_system("a day"):
        for state in ("ended", "ended", "ended", "failed"):
            call_of(bloom, state, duration_seconds=60 if state == "ended" else None)
        call_of(bloom, "ended", created_at=timezone.now() - timedelta(days=2))
    context = sign_in(support).get("/").context
    today = context["today"]
    assert (today.calls, today.reached, today.missed, today.share, today.minutes) == (4, 3, 1, 75, 3.0)
    assert context["rows"][0].today.calls == 4


def test_staff_compare_this_week_and_today_with_the_week_before(sign_in, support, bloom, harbor):
    """All clients together; each figure leads to as many rows as it names."""
    with time_machine.travel("2026-11-19T14:07:00+01:00", tick=False), scope.for_system("two weeks"):
        for setup, day, hour, state in (
            (bloom, 19, 9, "ended"),
            (harbor, 19, 10, "refused"),
            (bloom, 16, 9, "ended"),
            (harbor, 12, 9, "ended"),
            (bloom, 12, 15, "ended"),  # after this time of its day
            (bloom, 10, 9, "failed"),
        ):
            began = datetime(2026, 11, day, hour, tzinfo=UTC)
            talk = {"duration_seconds": 60, "started_at": began} if state == "ended" else {"started_at": None}
            call_of(setup, state, created_at=began, finished=True, **talk)
    with time_machine.travel("2026-11-19T14:07:00+01:00", tick=False):
        browser = sign_in(support)
        context = browser.get("/").context
        week = {one.label: one for one in context["week_figures"]}
        today = {one.label: one for one in context["today_figures"]}
        assert (week["Calls"].value, week["Calls"].change) == ("3", "1 more than last week")
        assert (today["Calls"].value, today["Calls"].change) == ("2", "1 more than last Thursday")
        assert (week["Minutes talked"].value, week["Refused before dialing"].value) == ("2", "1")
        for one, rows in ((week["Calls"], 3), (today["Calls"], 2), (week["Refused before dialing"], 1)):
            listed = browser.get(one.url).context["rows"]
            assert len(listed) == rows, one.url
            assert f'href="{escape(one.url)}"' in browser.get("/").content.decode()


def test_the_overview_of_staff_costs_the_same_whatever_two_weeks_brought(sign_in, support, bloom):
    browser, counts = sign_in(support), []
    for many in (1, 12):
        with scope.for_system("calls"):
            for _ in range(many):
                call_of(bloom, "ended")
        with captured_selects() as queries:
            assert browser.get("/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_finance_sees_no_numbers_of_callers(sign_in, make_staff, bloom):
    with scope.for_system("a call"):
        call_of(bloom, "unknown", alarm=Alarm.NOT_CERTAIN, counterpart="+31612340001")
    page = sign_in(make_staff(StaffRole.FINANCE)).get("/").content.decode()
    assert "1234 0001" not in page and "12340001" not in page and "Bloom Dental" in page


def test_a_client_sees_only_its_own(sign_in, make_member, bloom, harbor):
    with scope.for_system("two clients"):
        call_of(bloom, counterpart="+31612340001")
        call_of(harbor, counterpart="+31612340002")
        Campaign.objects.create(
            tenant=bloom.tenant, connection=bloom.connection, remote_id="c1", name="Recall", status="scheduled"
        )
    page = sign_in(make_member(bloom, Role.VIEWER)).get("/c/bloom-dental/").content.decode()
    assert "1 live</b> of 4" in page and "Recall" in page and "+31 20 555 0142" in page
    assert "Harbor" not in page and "12340002" not in page
    assert sign_in(make_member(harbor, Role.OWNER)).get("/c/bloom-dental/").status_code == 404


def test_a_new_client_sees_the_first_steps(sign_in, make_member, bloom):
    owner, viewer = sign_in(make_member(bloom, Role.OWNER)), sign_in(make_member(bloom, Role.VIEWER))
    page = owner.get("/c/bloom-dental/").content.decode()
    assert "First steps" in page and "Make the first call" in page
    assert "Make the first call" not in viewer.get("/c/bloom-dental/").content.decode()
    with scope.for_tenant(bloom.tenant):
        call_of(bloom, "ended")
    assert "First steps" not in owner.get("/c/bloom-dental/").content.decode()


def test_a_part_is_sent_to_a_page_that_asks_for_itself(sign_in, support, bloom):
    part = sign_in(support).get("/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="overview"') and "<html" not in part


def test_the_calls_of_today_lead_to_the_day_of_each_client(sign_in, support, bloom, harbor):
    """Between these two zones it is never the same day."""
    zones = [(bloom, "Pacific/Kiritimati"), (harbor, "Pacific/Pago_Pago")]
    for setup, zone in zones:
        with scope.for_system("it moves"):
            setup.tenant.timezone = zone
            setup.tenant.save()
    page = sign_in(support).get("/").content.decode()
    for setup, zone in zones:
        today = timezone.now().astimezone(ZoneInfo(zone)).date()
        assert f"?client={setup.tenant.slug}&amp;since={today.isoformat()}" in page


@pytest.mark.parametrize("who", ["staff", "client"])
def test_overviews_cost_no_more_queries_for_a_busy_client(
    sign_in, support, make_member, bloom, who, django_assert_num_queries
):
    browser, path = (
        (sign_in(support), "/") if who == "staff" else (sign_in(make_member(bloom, Role.OWNER)), "/c/bloom-dental/")
    )
    with scope.for_system("one of each"):
        call_of(bloom)
        call_of(bloom, "ended")
        call_of(bloom, "unknown", alarm=Alarm.NOT_CERTAIN)
        Campaign.objects.create(
            tenant=bloom.tenant, connection=bloom.connection, remote_id="c0", name="M", status="scheduled"
        )
    browser.get(path)
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    with scope.for_system("thirty"):
        for at in range(30):
            call_of(bloom)
            call_of(bloom, "ended")
            call_of(bloom, "unknown", alarm=Alarm.NOT_CERTAIN)
            dedications.open_tenant(name=f"C {at}", slug=f"c-{at}", home_connection=bloom.connection, by=None)
            Campaign.objects.create(
                tenant=bloom.tenant, connection=bloom.connection, remote_id=f"m{at}", name="M", status="scheduled"
            )
    with django_assert_num_queries(len(few)):
        browser.get(path)
