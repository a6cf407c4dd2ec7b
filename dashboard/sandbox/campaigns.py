"""Campaigns dial by themselves: inside the daily window, one lead at a time, with retries (voicedock-api.md §6)."""

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from zoneinfo import ZoneInfo

from . import calls, chance
from .catalog import complete
from .records import Assistant, Call, Campaign, Lead, Number, World

ATTEMPTS = 3
RETRY_AFTER = 20 * 60.0
LAST_SECOND = time(23, 59, 59)  # an end from here on is the end of the day
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


def window_open(campaign: Campaign, at: float, overnight: bool = True) -> bool:
    """Whether `at` (Unix seconds) lies in the daily window, by the wall clock of the campaign's zone.

    `overnight`: a window that does not end after its start goes on to the next day; else it never opens.
    """
    here = datetime.fromtimestamp(at, ZoneInfo(campaign.timezone)).time()
    start, stop = time.fromisoformat(campaign.schedule_start_time), time.fromisoformat(campaign.schedule_end_time)
    before_stop = stop >= LAST_SECOND or here < stop
    if start < stop:
        return start <= here and before_stop
    return overnight and (here >= start or before_stop)


def opens_at(campaign: Campaign, at: float, overnight: bool = True) -> float:
    """The first moment after `at` at which a closed window is open: a start, or a change of the clock.

    A day later for a window that never opens, so that it is looked at again.
    """
    zone = ZoneInfo(campaign.timezone)
    start = time.fromisoformat(campaign.schedule_start_time)
    day = datetime.fromtimestamp(at, zone).date()
    days = [datetime.combine(day + timedelta(days=n), start, zone) for n in range(3)]
    starts = [one.replace(fold=fold) for one in days for fold in (0, 1)]
    moments = [one.astimezone(UTC).timestamp() for one in starts] + [*_clock_changes(zone, at)]
    opening = (one for one in sorted(moments) if one > at and window_open(campaign, one, overnight))
    return next(opening, at + 86_400.0)


def _clock_changes(zone: ZoneInfo, at: float) -> Iterator[float]:
    """Within three days, to the second."""

    def offset(second: float) -> timedelta | None:
        return datetime.fromtimestamp(second, zone).utcoffset()

    for day in range(3):
        before, after = int(at) + day * 86_400, int(at) + (day + 1) * 86_400
        if offset(before) != (there := offset(after)):
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (before, middle) if offset(middle) == there else (middle, after)
            yield float(after)


def next_due(world: World) -> tuple[float, Campaign] | None:
    """The soonest campaign that has something to do; none while all lines for campaigns are taken."""
    if not world.switches.campaigns_dial or world.campaign_calls >= world.switches.campaign_lines:
        return None
    while world.queue:
        at, key = world.queue[0]
        campaign = world.campaigns.get(key)
        if campaign and campaign.status == "scheduled" and campaign.next_at == at:
            return at, campaign
        heappop(world.queue)  # it has moved since, and stands where it belongs too
    return None


def line_up(world: World) -> None:
    """Queue all campaigns anew: a request may have changed any of them. Until the next one they queue by themselves."""
    world.queue = [(c.next_at, c.id) for c in world.campaigns.values() if c.next_at is not None]
    heapify(world.queue)
    live = (call for call in map(world.calls.__getitem__, world.planned) if call.live)
    world.campaign_calls = sum(call.campaign_id is not None for call in live)


def queue(world: World, campaign: Campaign) -> None:
    if campaign.next_at is not None:
        heappush(world.queue, (campaign.next_at, campaign.id))


def run(world: World, campaign: Campaign, at: float) -> None:
    """Dial the next lead, wait for the window or a retry, or find that all is done."""
    leads = world.leads[campaign.id]
    pending = [lead for lead in leads if lead.status == "pending"]
    campaign.version += 1
    if any(lead.status == "calling" for lead in leads):
        campaign.next_at = None
    elif leads and not pending:
        campaign.status, campaign.next_at, campaign.updated_at = "completed", None, at
    elif not window_open(campaign, at, world.switches.overnight_windows):
        campaign.next_at = opens_at(campaign, at, world.switches.overnight_windows)
    else:
        _dial_one(world, campaign, pending, at)
    queue(world, campaign)


def settle(world: World, call: Call, at: float) -> None:
    """A campaign's call is over: the lead learns how it went, and the next one follows after a gap."""
    world.campaign_calls -= call.campaign_id is not None
    campaign = world.campaigns.get(call.campaign_id or "")
    lead = next((one for one in world.leads.get(call.campaign_id or "", []) if one.id == call.lead_id), None)
    if campaign is None:
        return
    campaign.version += 1
    campaign.updated_at = at
    campaign.next_at = at + campaign.gap_seconds * chance.about(world.seed, "gap", call.id).uniform(0.5, 1.5)
    queue(world, campaign)
    if lead is None:
        return
    if call.started_at is not None and call.outcome not in ("voicemail", "error"):
        lead.status = "completed"
    elif lead.attempts < ATTEMPTS:
        lead.status, lead.retry_at = "pending", at + RETRY_AFTER
    else:
        lead.status = world.switches.unreached_lead if call.outcome == "voicemail" else "failed"


def render(template: str, variables: dict) -> str:
    """`{{name}}` becomes the lead's value; a variable nobody gave stays visible (§15)."""
    return PLACEHOLDER.sub(lambda found: str(variables.get(found[1], found[0])), template)


def caller_number(world: World, campaign: Campaign) -> Number | None:
    """The number tied to the assistant, else some active one of the organization's pool (§6.5: not documented)."""
    pool = [n for n in world.numbers.values() if n.org_id == campaign.org_id and n.is_active]
    tied = [n for n in pool if n.agent_id == campaign.agent_id]
    choices = tied or pool
    return chance.about(world.seed, "campaign-number", world.serial).choice(choices) if choices else None


def dial(
    world: World, campaign: Campaign, lead: Lead, number: Number, assistant: Assistant, at: float, outcome: str = ""
) -> Call:
    """Call one lead at `at` with the campaign's template, filled in for this person; `outcome` as in `calls.place`."""
    config = complete(deepcopy(assistant.settings))
    if campaign.system_message_template:
        said = {"role": "system", "content": render(campaign.system_message_template, lead.variables)}
        config["llm_config"] = (config["llm_config"] or {}) | {"messages": [said]}
    if config.get("first_message"):
        config["first_message"] = render(config["first_message"], lead.variables)
    call = calls.place(
        world, at, org_id=campaign.org_id, direction="outbound", person=lead.phone_number, number=number,
        assistant=assistant, config=config, lead=(campaign.id, lead.id), variables=lead.variables,
        outcome=outcome,
    )  # fmt: skip
    lead.status, lead.call_id, lead.attempts, lead.last_attempt_at = "calling", call.id, lead.attempts + 1, at
    world.campaign_calls += 1
    campaign.next_at, campaign.updated_at = None, at
    return call


def _dial_one(world: World, campaign: Campaign, pending: list[Lead], at: float) -> None:
    ready = [lead for lead in pending if (lead.retry_at or 0) <= at]
    number, assistant = caller_number(world, campaign), world.assistants.get(campaign.agent_id)
    if not ready:
        campaign.next_at = min((lead.retry_at for lead in pending if lead.retry_at), default=at + 30)
    elif number is None or assistant is None or world.payer(campaign.org_id).minutes_balance <= 0:
        campaign.next_at = at + 60
    else:
        dial(world, campaign, min(ready, key=lambda one: one.attempts), number, assistant, at)
