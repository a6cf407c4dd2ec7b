"""Start campaigns on the days on which they call and pause them on the others, by the rules of `control`."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from dashboard.campaigns import control, low_credit, pauses, schedule_switch, windows
from dashboard.campaigns.control import ActionResult, CampaignActionRefused, Outcome
from dashboard.campaigns.models import Campaign, CampaignSchedule, PauseCause
from dashboard.campaigns.schedules import Days
from dashboard.connections.models import VendorRequest
from tenants import audit
from tenants.isolation import scope
from tenants.models import User

log = structlog.get_logger()
Status = Campaign.Status

MOST = 200  # of one run
SEEN_LATER = timedelta(seconds=20)  # a list that was read so long after a request shows what became of it
LOOK_AGAIN, REFUSED_AGAIN = timedelta(seconds=15), timedelta(minutes=5)
OVER = "Its last day, {day}, is over."
NO_DAY = "None of its days is left, so it would never call."
NO_HOURS = "VoiceDock does not say at which hours it calls, so its days cannot be followed."
PLANNED = "{name} starts on {day}."
NOT_PLANNED = "{name} does not start by itself any more."


@scope.opens_scope
def run() -> list[int]:
    """Those whose time has come; idempotent, for beat. Returns the ids of campaigns about which VoiceDock was asked."""
    with scope.for_system("campaigns whose days change"):
        due = CampaignSchedule.objects.filter(is_on=True, next_at__lte=timezone.now())
        found = list(due.select_related("campaign__tenant", "campaign__connection").order_by("next_at")[:MOST])
    return [schedule.campaign_id for schedule in found if _follow_safely(schedule)]


@scope.opens_scope
def start(campaign: Campaign, *, by: User, confirmed: str = "") -> ActionResult:
    """A person wants it to run: at once on a day on which it calls, else on the next one.

    Raises `CampaignActionRefused`. Opens scopes of its own.
    """
    days = _days_of(campaign)
    ask = control.resume if campaign.status == Status.PAUSED else control.start
    if days is None:
        return ask(campaign, by=by, confirmed=confirmed)
    now = timezone.now()
    day = days.next_day(now)
    if day is None:
        over = days.last and days.is_over(now)
        raise CampaignActionRefused(OVER.format(day=f"{days.last:%-d %B}") if over else NO_DAY)
    if days.are_running(now):
        return ask(campaign, by=by, confirmed=confirmed)
    words = f"{day:%A %-d %B}"
    with scope.for_system("a campaign starts on a later day"):
        risk = control.check_start(campaign, by=by, confirmed=confirmed)
        low = low_credit.is_low(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(began_with_low_credit=low)
        schedule_switch.turn_on(campaign, confirmed_risk=risk, now=True)
        audit.record(by, campaign.tenant, "campaign.start-planned", campaign, name=campaign.name, day=words)
    return ActionResult(Outcome.ACCEPTED, PLANNED.format(name=campaign.name, day=words))


@scope.opens_scope
def pause(campaign: Campaign, *, by: User) -> ActionResult:
    """Of one that waits for its day VoiceDock need not be asked. Opens scopes of its own."""
    if campaign.status == Status.SCHEDULED:
        return control.pause(campaign, by=by)
    with scope.for_system("a campaign starts on no later day"):
        if schedule_switch.turn_off(campaign):
            audit.record(by, campaign.tenant, "campaign.start-unplanned", campaign, name=campaign.name)
            return ActionResult(Outcome.ACCEPTED, NOT_PLANNED.format(name=campaign.name))
    return control.pause(campaign, by=by)


def _days_of(campaign: Campaign) -> Days | None:
    with scope.for_system("the days of a campaign"):
        schedule = CampaignSchedule.objects.filter(campaign=campaign).first()
    window = windows.window_of(campaign)
    return Days.of(schedule, window) if schedule and window else None


def _follow_safely(schedule: CampaignSchedule) -> bool:
    """One that fails does not stop the others."""
    try:
        return _follow(schedule)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("days_not_followed", campaign=schedule.campaign_id)
        _look_again(schedule, timezone.now() + REFUSED_AGAIN)
        return False


def _follow(schedule: CampaignSchedule) -> bool:
    """Returns whether VoiceDock was asked."""
    campaign, now = schedule.campaign, timezone.now()
    window = windows.window_of(campaign)
    if campaign.vanished_at or campaign.status in Campaign.OVER:
        _turn_off(schedule, "")
    elif window is None:
        _turn_off(schedule, NO_HOURS)
    elif _is_unsettled(campaign):
        _look_again(schedule, now + LOOK_AGAIN)
    else:
        return _ask(schedule, Days.of(schedule, window), now)
    return False


def _ask(schedule: CampaignSchedule, days: Days, now: datetime) -> bool:
    campaign, running = schedule.campaign, days.are_running(now)
    try:
        if running and campaign.status in (Status.DRAFT, Status.PAUSED):
            result = control.start_by_days(campaign, confirmed=schedule.confirmed_risk)
            if _pause_unwanted(campaign):
                return True
        elif not running and campaign.status == Status.SCHEDULED:
            result = control.pause_by_days(campaign)
        else:
            return _wait(schedule, days, now)
    except CampaignActionRefused as error:
        _look_again(schedule, now + REFUSED_AGAIN, error.message)
        return False
    if result.outcome == Outcome.ACCEPTED:
        _wait(schedule, days, now)
    else:
        again = LOOK_AGAIN if result.outcome == Outcome.UNKNOWN else REFUSED_AGAIN
        _look_again(schedule, now + again, "" if result.outcome == Outcome.UNKNOWN else result.message)
    return True


def _pause_unwanted(campaign: Campaign) -> bool:
    """A person may have paused it after the start was recorded and before VoiceDock answered: then it is paused."""
    with scope.for_system("does anybody still want it to run?"):
        if schedule_switch.is_on(campaign):
            return False
    if pauses.require(campaign, PauseCause.PAUSED_MEANWHILE):
        control.ask_to_pause_all([campaign])
    return True


def _wait(schedule: CampaignSchedule, days: Days, now: datetime) -> bool:
    """VoiceDock has it as its days say: until they change, or for good."""
    if not days.are_running(now) and days.next_day(now) is None:
        _turn_off(schedule, OVER.format(day=f"{days.last:%-d %B}") if days.last else NO_DAY)
    else:
        _look_again(schedule, days.next_change(now))
    return False


def _is_unsettled(campaign: Campaign) -> bool:
    """Whether a request has no answer, and VoiceDock's list was not read since."""
    subject, open_ones = f"campaign:{campaign.pk}", (VendorRequest.Outcome.WAITING, VendorRequest.Outcome.UNKNOWN)
    with scope.for_system("requests about a campaign"):
        asked = VendorRequest.objects.filter(
            connection=campaign.connection, subject=subject, outcome__in=open_ones
        ).order_by("-asked_at")
        latest = asked.values_list("asked_at", flat=True).first()
    return latest is not None and campaign.seen_at < latest + SEEN_LATER


def _look_again(schedule: CampaignSchedule, at: datetime | None, reason: str = "") -> None:
    with scope.for_system("when the days of a campaign are looked at again"):
        rows = CampaignSchedule.objects.filter(pk=schedule.pk, is_on=True)
        rows.update(next_at=at, reason=reason[:500])


def _turn_off(schedule: CampaignSchedule, reason: str) -> None:
    campaign = schedule.campaign
    with scope.for_system("the days of a campaign are over"):
        if schedule_switch.turn_off(campaign, reason) and reason:
            audit.record(None, campaign.tenant, "campaign.days-over", campaign, name=campaign.name, why=reason)
