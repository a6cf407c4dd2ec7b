"""How a campaign stands: what VoiceDock says of it, and whether its window is open (`voicedock-api.md §6.3, §16`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dashboard.campaigns.models import Campaign
from dashboard.look import states, times

Status = Campaign.Status


@dataclass(frozen=True)
class Standing:
    """`mark` is one of a state's shapes, `words` its name, `detail` what it means now."""

    mark: str
    words: str
    detail: str
    is_calling: bool = False
    waits: bool = False


def standing(campaign: Campaign, now: datetime, calling: int = 0) -> Standing:
    """Running is no state of VoiceDock's: it is a started campaign, inside its window, with people left to call."""
    if campaign.vanished_at:
        return Standing("wrong", "Gone at VoiceDock", "VoiceDock does not list it any more. What we know is kept.")
    match campaign.status:
        case Status.SCHEDULED if campaign.pause_required_at:
            return _being_paused(campaign)
        case Status.SCHEDULED:
            return _started(campaign, now, calling)
        case Status.DRAFT:
            return Standing("ended", "Not started", "A draft. Nobody is called until somebody starts it.")
        case Status.PAUSED:
            cause = campaign.get_pause_cause_display()
            why = f"Patchbay paused it because {cause}. " if cause else ""
            return Standing("paused", "Paused", f"{why}Nobody new is called until somebody resumes it.")
        case Status.COMPLETED:
            return Standing("ended", "Completed", "Everybody on it has been dealt with.")
        case Status.CANCELLED:
            return Standing("ended", "Cancelled", "It was given up and cannot go on.")
    mark, words = states.read(campaign.status, "campaign")
    return Standing(mark, words, "A state of VoiceDock’s that we do not know. We keep looking.")


ASKED = {
    "": "VoiceDock is asked to pause it.",
    "accepted": "VoiceDock took that; its next list shows whether it is paused.",
    "refused": "VoiceDock refused to pause it. It is asked again.",
    "unknown": "It is not certain whether VoiceDock paused it. It is asked again.",
    "not-sent": "VoiceDock could not be asked just now. It is asked again.",
}


def _being_paused(campaign: Campaign) -> Standing:
    """Patchbay requires the pause and VoiceDock has not shown it yet, so that calls may still be placed."""
    asked = ASKED.get(campaign.pause_outcome, "")
    return Standing("wrong", "To be paused", f"It has to stop because {campaign.get_pause_cause_display()}. {asked}")


def _started(campaign: Campaign, now: datetime, calling: int) -> Standing:
    if left(campaign) == 0 and not calling:
        return Standing("ended", "Everybody called", "VoiceDock has not closed it yet.")
    if campaign.starts is None or campaign.ends is None:
        return Standing("live", "Started", "VoiceDock did not tell its daily window.")
    if is_open(campaign, now):
        return Standing("live", "Running", "", is_calling=True)
    opens = next_opening(campaign, now)
    there = opens.astimezone(times.zone(campaign.timezone))
    day = "today" if there.date() == now.astimezone(there.tzinfo).date() else "tomorrow"
    return Standing("waiting", "Waits for its window", f"Calls again {day} from {there:%H:%M}.", waits=True)


def left(campaign: Campaign) -> int:
    """People not dealt with, by the counters; whether skipped ones count as completed is not documented."""
    return max(0, campaign.total_leads - campaign.completed_leads - campaign.failed_leads)


def is_open(campaign: Campaign, now: datetime) -> bool:
    """Whether it is inside its daily window there; one that ends before it starts is read as going over midnight."""
    if campaign.starts is None or campaign.ends is None:
        return False
    there = now.astimezone(times.zone(campaign.timezone)).time()
    if campaign.starts <= campaign.ends:
        return campaign.starts <= there < campaign.ends
    return there >= campaign.starts or there < campaign.ends


def next_opening(campaign: Campaign, now: datetime) -> datetime:
    zone = times.zone(campaign.timezone)
    there = now.astimezone(zone)
    opens = datetime.combine(there.date(), campaign.starts or time.min, zone)
    return opens if opens > there else datetime.combine(there.date() + timedelta(days=1), opens.time(), zone)


def window_words(campaign: Campaign) -> str:
    """`Every day 9:00 to 17:30, Amsterdam`; all day is said so."""
    if campaign.starts is None or campaign.ends is None:
        return "Window not known"
    place = (campaign.timezone or "UTC").rsplit("/", 1)[-1].replace("_", " ")
    if campaign.starts == time.min and campaign.ends >= time(23, 59):
        return f"All day, {place}"
    return f"Every day {campaign.starts:%-H:%M} to {campaign.ends:%-H:%M}, {place}"
