"""The days of a campaign at VoiceDock: started and paused by Patchbay for as long as a person has it running."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.campaigns import control, pauses, schedule_runs, schedule_switch, sync
from dashboard.campaigns.models import Campaign, CampaignSchedule, PauseCause
from dashboard.campaigns.schedules import Days
from dashboard.campaigns.windows import window_of
from dashboard.rate_limits.models import SentRequest
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection, Tenant

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=AMSTERDAM)
SATURDAY = datetime(2026, 11, 28, 12, 0, tzinfo=AMSTERDAM)


class Calendar:
    """A campaign that calls from Monday to Friday, and a clock that is set by hand."""

    def __init__(self, operator, make_remote_campaign, monkeypatch):
        self.operator, self.moment = operator, MONDAY
        self.remote = operator.sandbox.state.campaigns[make_remote_campaign("Slots", "Dispatch desk")]
        sync.campaigns(operator.connection)
        with scope.for_system("its days"):
            campaign = Campaign.objects.get()
            CampaignSchedule.objects.create(campaign=campaign, tenant=campaign.tenant)
        real = timezone.now
        self.offset = timedelta(0)
        monkeypatch.setattr(schedule_runs.timezone, "now", lambda: real() + self.offset)

    def set(self, moment):
        self.offset += moment - timezone.now()

    def campaign(self):
        with scope.for_system("look"):
            return Campaign.objects.select_related("connection", "tenant").get()

    def schedule(self):
        with scope.for_system("look"):
            return CampaignSchedule.objects.get()

    def change(self, **values):
        with scope.for_system("change"):
            CampaignSchedule.objects.update(**values)

    def look(self):
        """What is due, at once and as often as it takes."""
        self.change(next_at=timezone.now() - timedelta(seconds=1))
        return schedule_runs.run()

    def start(self, **more):
        return schedule_runs.start(self.campaign(), by=self.operator.user, **more)


@pytest.fixture
def calendar(operator, make_remote_campaign, monkeypatch):
    return Calendar(operator, make_remote_campaign, monkeypatch)


def actions():
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="campaign.").order_by("seq")
        return list(entries.values_list("action", "actor"))


def test_it_is_paused_over_the_weekend_and_started_again(calendar):
    calendar.set(MONDAY)
    assert calendar.start().message == "Slots is started." and calendar.schedule().is_on
    assert calendar.look() == [] and calendar.schedule().next_at == datetime(2026, 11, 27, 17, tzinfo=AMSTERDAM)
    calendar.set(SATURDAY)
    assert len(calendar.look()) == 1 and calendar.remote.status == "paused" and calendar.schedule().is_on
    calendar.set(SATURDAY + timedelta(days=2))
    assert len(calendar.look()) == 1 and calendar.remote.status == "scheduled"
    assert [entry for entry in actions() if entry[1] == "Patchbay"] == [
        ("campaign.pause-asked", "Patchbay"),
        ("campaign.pause-accepted", "Patchbay"),
        ("campaign.resume-asked", "Patchbay"),
        ("campaign.resume-accepted", "Patchbay"),
    ]


def test_started_on_a_day_on_which_it_does_not_call_it_waits_for_the_next_one(calendar, new_requests):
    calendar.set(SATURDAY)
    new_requests()
    assert calendar.start().message == "Slots starts on Monday 30 November."
    assert calendar.look() == [] and new_requests() == [] and calendar.remote.status == "draft"
    calendar.set(SATURDAY + timedelta(days=1, hours=12))
    assert len(calendar.look()) == 1 and calendar.remote.status == "scheduled"


def test_its_days_do_not_start_it_while_little_credit_is_left(calendar, operator):
    calendar.set(SATURDAY)
    calendar.start()
    set_credit(operator, "1")
    calendar.set(SATURDAY + timedelta(days=2))
    assert calendar.look() == [] and calendar.remote.status == "draft"
    assert calendar.schedule().reason == control.LOW_CREDIT and calendar.schedule().is_on
    set_credit(operator, "500")
    assert len(calendar.look()) == 1 and calendar.remote.status == "scheduled"


def test_whoever_started_it_with_little_credit_has_its_days_start_it_until_there_is_none(calendar, operator):
    calendar.set(SATURDAY)
    set_credit(operator, "1")
    calendar.start()
    calendar.set(SATURDAY + timedelta(days=2))
    set_credit(operator, "0")
    assert calendar.look() == [] and calendar.remote.status == "draft"
    set_credit(operator, "1")
    assert len(calendar.look()) == 1 and calendar.remote.status == "scheduled"


def set_credit(operator, minutes):
    with scope.for_system("credit"):
        Connection.objects.filter(pk=operator.connection.pk).update(minutes_balance=minutes, parent=None)


def test_a_person_can_have_it_not_start(calendar):
    calendar.set(SATURDAY)
    calendar.start()
    assert "not start by itself" in schedule_runs.pause(calendar.campaign(), by=calendar.operator.user).message
    calendar.set(SATURDAY + timedelta(days=2))
    assert calendar.look() == [] and calendar.remote.status == "draft"


@pytest.mark.parametrize("stop", ["pause", "cancel", "cause"])
def test_whoever_pauses_it_ends_its_days(calendar, stop):
    calendar.set(MONDAY)
    calendar.start()
    if stop == "cause":
        assert pauses.require(calendar.campaign(), PauseCause.ALARM)
        control.ask_to_pause(calendar.campaign())
    else:
        getattr(control, stop)(calendar.campaign(), by=calendar.operator.user)
    assert not calendar.schedule().is_on
    calendar.set(MONDAY + timedelta(days=1))
    assert calendar.look() == [] and calendar.remote.status in ("paused", "cancelled")


def test_after_its_last_day_it_is_paused_and_says_so(calendar, operator, make_member, sign_in):
    calendar.change(last_day="2026-11-24")
    calendar.set(MONDAY)
    calendar.start()
    calendar.set(MONDAY + timedelta(days=1, hours=6))
    assert len(calendar.look()) == 1 and calendar.remote.status == "paused"
    schedule = calendar.schedule()
    assert (schedule.is_on, schedule.reason) == (False, "Its last day, 24 November, is over.")
    assert actions()[-1][0] == "campaign.days-over"
    with pytest.raises(control.CampaignActionRefused, match="24 November, is over"):
        calendar.start()
    page = sign_in(make_member(operator.tenant, Role.VIEWER)).get(f"/c/harbor/campaigns/{calendar.campaign().pk}/")
    words = " ".join(page.content.decode().split())
    assert "Its last day, 24 November, is over." in words and "Until Tuesday 24 November 2026" in words


@pytest.mark.parametrize("fault", ["lost", "cut"])
def test_an_unanswered_pause_is_settled_by_the_list_before_it_is_asked_again(calendar, new_requests, fault):
    calendar.set(MONDAY)
    calendar.start()
    calendar.operator.add_fault(fault, "/campaigns/*", method="PATCH")
    calendar.set(SATURDAY)
    new_requests()
    calendar.look()
    assert len(new_requests()) == 1
    assert calendar.look() == [] and new_requests() == [], "VoiceDock's list was not read yet"
    sync.campaigns(calendar.operator.connection)
    with scope.for_system("the list is from a while later"):
        Campaign.objects.update(seen_at=timezone.now() + timedelta(minutes=1))
    new_requests()
    assert bool(calendar.look()) is (fault == "cut") and calendar.remote.status == "paused"


def test_a_suspended_client_is_not_started_by_its_days(calendar):
    calendar.set(SATURDAY)
    calendar.start()
    with scope.for_system("suspend"):
        Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    calendar.set(SATURDAY + timedelta(days=2))
    assert calendar.look() == [] and "suspended" in calendar.schedule().reason and calendar.remote.status == "draft"


def test_in_a_shared_connection_the_days_go_on_with_the_risk_that_staff_accepted_and_no_other(
    calendar, support, agency, make_sandbox_tenant
):
    make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    calendar.set(SATURDAY)
    with pytest.raises(control.CampaignActionRefused, match="Ask your account team"):
        calendar.start()
    stated = control.risk(calendar.campaign(), by=support)
    schedule_runs.start(calendar.campaign(), by=support, confirmed=stated.token)
    calendar.set(SATURDAY + timedelta(days=2))
    assert len(calendar.look()) == 1 and calendar.remote.status == "scheduled"
    calendar.set(SATURDAY + timedelta(days=7))
    calendar.look()
    make_sandbox_tenant(agency, "lindo", numbers=("+31305550133",))
    calendar.set(SATURDAY + timedelta(days=9))
    assert calendar.look() == [] and "Confirm the risk" in calendar.schedule().reason
    assert calendar.remote.status == "paused"


def test_over_a_year_voicedock_has_it_started_on_its_days_and_on_no_other(calendar):
    """At each moment at which something changes, over both changes of the clock, with holidays and a last day."""
    calendar.operator.control_sandbox("options", campaigns_dial=False)
    calendar.set(datetime(2026, 1, 10, 12, tzinfo=AMSTERDAM))
    calendar.change(holiday_country="NL", first_day="2026-02-02", last_day="2026-12-18", weekdays=[0, 1, 3, 6])
    calendar.start()
    requests, last = 0, timezone.now()
    calendar.change(next_at=last)  # the database has its own clock
    while (due := calendar.schedule().next_at) is not None:
        assert due >= last
        last = max(due, timezone.now())
        calendar.set(last)
        requests += len(schedule_runs.run())
        days = Days.of(calendar.schedule(), window_of(calendar.campaign()))
        assert days.are_running(timezone.now()) is (calendar.remote.status == "scheduled")
        with scope.for_system("minutes pass"):
            SentRequest.objects.all().delete()
        calendar.operator.sandbox.clock.advance(120)
    assert requests > 150 and last.astimezone(AMSTERDAM).date().isoformat() == "2026-12-17"
    assert calendar.schedule().reason == "Its last day, 18 December, is over."


def test_the_page_says_for_which_day_it_waits(calendar, operator, make_member, sign_in, monkeypatch):
    calendar.change(is_on=True, weekdays=[(timezone.now().astimezone(AMSTERDAM).weekday() + 2) % 7], next_at=None)
    manager = sign_in(make_member(operator.tenant, Role.MANAGER))
    page = " ".join(manager.get(f"/c/harbor/campaigns/{calendar.campaign().pk}/").content.decode().split())
    day = timezone.now().astimezone(AMSTERDAM) + timedelta(days=2)
    assert "Waiting for its day" in page and f"Calls on {day:%A %-d %B} from 9:00." in page
    assert f"{day:%A} 9:00 to 17:00" in page and "Do not start it" in page
    assert manager.post(f"/c/harbor/campaigns/{calendar.campaign().pk}/pause/").status_code == 302
    assert not calendar.schedule().is_on


def test_what_a_person_paused_while_it_was_started_is_paused_again(calendar, monkeypatch):
    calendar.set(SATURDAY)
    calendar.start()
    calendar.set(SATURDAY + timedelta(days=2))
    asked = control.start_by_days
    monkeypatch.setattr(
        control,
        "start_by_days",
        lambda campaign, **more: (asked(campaign, **more), turned_off(campaign))[0],
    )
    calendar.look()
    now = calendar.campaign()
    assert calendar.remote.status == "paused" and not calendar.schedule().is_on
    assert now.pause_cause == PauseCause.PAUSED_MEANWHILE


def turned_off(campaign):
    with scope.for_system("a person pauses it while VoiceDock is asked"):
        schedule_switch.turn_off(campaign)


def test_what_a_person_paused_since_the_days_were_read_is_not_started(calendar):
    calendar.set(MONDAY)
    calendar.start()
    calendar.set(SATURDAY)
    calendar.look()
    with scope.for_system("as a worker that is busy with others has it"):
        read = CampaignSchedule.objects.select_related("campaign__tenant", "campaign__connection").get()
    schedule_runs.pause(calendar.campaign(), by=calendar.operator.user)
    calendar.set(SATURDAY + timedelta(days=2))
    assert not schedule_runs._follow_safely(read)
    assert calendar.remote.status == "paused" and not calendar.schedule().is_on
