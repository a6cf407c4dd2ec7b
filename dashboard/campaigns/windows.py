"""The status shown for a campaign: VoiceDock's, and whether its daily window is open (`voicedock-api.md §6.3`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from dashboard.campaigns import calling_days, counts, schedule_words
from dashboard.campaigns.counts import Counts
from dashboard.campaigns.daily_window import LAST_SECOND, DailyWindow
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignSchedule
from dashboard.campaigns.schedules import Days
from dashboard.ui import states
from tenants import time_zones

Status = Campaign.Status


@dataclass(frozen=True)
class CampaignStatus:
    """`mark` is the CSS name of the state, `label` its name, `detail` a sentence on what it means now, or ""."""

    mark: str
    label: str
    detail: str
    is_calling: bool = False
    waits: bool = False


def status_of(
    campaign: Campaign, now: datetime, known: Counts | None = None, schedule: CampaignSchedule | None = None
) -> CampaignStatus:
    """The status now. VoiceDock has no state "Calling": it is a started campaign inside its window with leads left.

    `known` are its counts with those of its leads, where these were read; `schedule` are the days on which it calls.
    """
    if campaign.vanished_at:
        return CampaignStatus(
            "wrong", "Gone at VoiceDock", "VoiceDock does not list it any more. What we know is kept."
        )
    mark, label = states.read(campaign.status, "campaign")
    if schedule is not None and (found := _between_days(campaign, schedule, now)):
        return found
    match campaign.status:
        case Status.SCHEDULED if campaign.pause_required_at:
            return _being_paused(campaign)
        case Status.SCHEDULED:
            return _started(campaign, now, known or counts.of(campaign, {}), schedule)
        case Status.DRAFT:
            return CampaignStatus(mark, label, "Nobody is called until somebody starts it.")
        case Status.PAUSED:
            cause = campaign.get_pause_cause_display()
            why = f"Patchbay paused it because {cause}. " if cause else ""
            return CampaignStatus(mark, label, f"{why}Nobody new is called until somebody resumes it.")
        case Status.COMPLETED if (known or counts.of(campaign, {})).calling:
            detail = "VoiceDock lists it as completed, while people on it are being called."
            return CampaignStatus("live", "Last calls", detail, is_calling=True)
        case Status.COMPLETED:
            return CampaignStatus(mark, label, "")
        case Status.CANCELLED:
            return CampaignStatus(mark, label, "It was given up and cannot go on.")
    return CampaignStatus(mark, label, "A state of VoiceDock’s that we do not know. We keep looking.")


NOT_DOCUMENTED = "VoiceDock does not say how it reads hours that do not end later on the same day."
ASKED = {
    "": "VoiceDock is asked to pause it.",
    "accepted": "VoiceDock took that; its next list shows whether it is paused.",
    "refused": "VoiceDock refused to pause it. It is asked again.",
    "unknown": "It is not certain whether VoiceDock paused it. It is asked again.",
    "not-sent": "VoiceDock could not be asked just now. It is asked again.",
}


def _being_paused(campaign: Campaign) -> CampaignStatus:
    """Patchbay requires the pause and VoiceDock has not shown it yet, so that calls may still be placed."""
    asked = ASKED.get(campaign.pause_outcome, "")
    return CampaignStatus(
        "wrong", "To be paused", f"It has to stop because {campaign.get_pause_cause_display()}. {asked}"
    )


def _between_days(campaign: Campaign, schedule: CampaignSchedule, now: datetime) -> CampaignStatus | None:
    """Of one that VoiceDock does not have started: it waits for its next day, or its days are over."""
    if campaign.status not in (Status.DRAFT, Status.PAUSED):
        return None
    window = window_of(campaign)
    if not schedule.is_on or window is None:
        if not schedule.reason or campaign.pause_cause:
            return None
        return CampaignStatus("paused", "Paused", f"{schedule.reason} Nobody new is called until somebody resumes it.")
    calls = schedule_words.next_calls(schedule, Days.of(schedule, window), window.starts, now)
    detail = f"Calls on {calls}. {schedule.reason}".strip() if calls else schedule.reason
    return CampaignStatus("waiting", "Waiting for its day", detail, waits=True)


def _started(
    campaign: Campaign, now: datetime, known: Counts, schedule: CampaignSchedule | None = None
) -> CampaignStatus:
    if known.left == 0:
        label = "Everybody called" if known.called == known.total else "Nobody left to call"
        return CampaignStatus("ended", label, "VoiceDock has not closed it yet.")
    if campaign.starts is None or campaign.ends is None:
        return CampaignStatus("live", "Started", "VoiceDock did not tell at which hours it calls.")
    if (window := window_of(campaign)) is None:
        return CampaignStatus(
            "live", "Started", f"Whether it calls at this hour is not known: {time_zones.label(campaign.timezone)}."
        )
    if known.calling or (window.is_documented and window.is_open(now)):
        return CampaignStatus("live", "Calling", "", is_calling=True)
    if not window.is_documented:
        return CampaignStatus("live", "Started", NOT_DOCUMENTED)
    again = "Calls again" if known.called else "Calls"
    if schedule is not None and (
        calls := schedule_words.next_calls(schedule, Days.of(schedule, window), window.starts, now)
    ):
        return CampaignStatus("waiting", "Waiting for its hours", f"{again} on {calls}.", waits=True)
    opens = window.next_opening(now)
    if opens is None:
        return CampaignStatus("waiting", "Waiting for its hours", "", waits=True)
    return CampaignStatus("waiting", "Waiting for its hours", f"{again} {_opens(opens, now, window)}", waits=True)


def _opens(opens: datetime, now: datetime, window: DailyWindow) -> str:
    local = opens.astimezone(window.zone)
    days = (local.date() - now.astimezone(window.zone).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, f"on {local:%A}")
    return f"{day} from {local:%H:%M}."


def window_of(campaign: Campaign | CampaignDraft) -> DailyWindow | None:
    """None where VoiceDock gave no window, or an unknown time zone: then nothing is computed with it."""
    zone = time_zones.read(campaign.timezone)
    if campaign.starts is None or campaign.ends is None or zone is None:
        return None
    return DailyWindow(campaign.starts, campaign.ends, zone)


def window_label(campaign: Campaign, schedule: CampaignSchedule | None = None) -> str:
    """`Every day 9:00 to 17:30, Amsterdam`, for the beginning of a line."""
    text = window_in_sentence(campaign, schedule)
    return text[:1].upper() + text[1:]


def hours_label(campaign: Campaign) -> str:
    """`9:00 to 17:30, Amsterdam`, for a day that is named elsewhere."""
    text = window_in_sentence(campaign).removeprefix("every day ")
    return text[:1].upper() + text[1:]


def window_in_sentence(campaign: Campaign, schedule: CampaignSchedule | None = None) -> str:
    """The same for the middle of a sentence; it says so when the time zone is unknown."""
    on = calling_days.weekdays_in_words(schedule.weekdays) if schedule is not None else "every day"
    starts, ends, place = campaign.starts, campaign.ends, time_zones.label(campaign.timezone)
    if starts is None or ends is None:
        return "hours not known"
    if starts == time.min and ends >= LAST_SECOND:
        return f"{'' if on == 'every day' else f'{on}, '}all day, {place}"
    following = "" if starts < ends else " the next day"
    return f"{on} {_clock(starts)} to {_clock(ends)}{following}, {place}"


def _clock(at: time) -> str:
    return f"{at:%-H:%M:%S}" if at.second else f"{at:%-H:%M}"
