"""Campaigns and their leads (voicedock-api.md §6)."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .. import wire
from ..errors import Refusal, absent, invalid
from ..exchange import Answer
from ..records import Campaign, Lead
from . import validation
from .context import Context, Routes

SETTABLE = ("draft", "scheduled", "paused", "cancelled")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def listed(ctx: Context) -> Answer:
    return Answer(body={"campaigns": [wire.campaign(ctx.world, one) for one in ctx.all_own("campaigns")]})


def read(ctx: Context, campaign_id: str) -> Answer:
    return Answer(body={"campaign": wire.campaign(ctx.world, ctx.own("campaigns", campaign_id, "Campaign"))})


def create(ctx: Context) -> Answer:
    """Starts as a draft; `leads` is the only way to bring many at once (§6.2)."""
    body = ctx.request.json()
    name = validation.text(body, "name", required=True) or ""
    agent = validation.text(body, "agent_id", required=True) or ""
    if agent not in ctx.world.assistants or ctx.world.assistants[agent].org_id != ctx.org.id:
        raise absent("Assistant")
    settings = _settings(body)
    leads = body.get("leads") or []
    if not isinstance(leads, list):
        raise invalid("leads", "must be a list")
    checked = [_lead_fields(lead, f"leads[{at}].") for at, lead in enumerate(leads)]
    campaign = Campaign(
        id=ctx.world.new_id("campaign"),
        org_id=ctx.org.id,
        name=name,
        agent_id=agent,
        schedule_start_time=settings.get("schedule_start_time", "09:00:00"),
        schedule_end_time=settings.get("schedule_end_time", "17:00:00"),
        timezone=settings.get("timezone", "Europe/Amsterdam"),
        system_message_template=settings.get("system_message_template"),
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.world.campaigns[campaign.id] = campaign
    ctx.world.leads[campaign.id] = []
    for phone, variables in checked:
        _add(ctx, campaign, phone, variables)
    return Answer(201, {"campaign": wire.campaign(ctx.world, campaign)})


def update(ctx: Context, campaign_id: str) -> Answer:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    body = ctx.request.json()
    if campaign.status == "completed":
        raise Refusal(ctx.world.switches.completed_status, "A completed campaign cannot be changed")
    if "agent_id" in body and body["agent_id"] != campaign.agent_id:
        raise invalid("agent_id", "cannot be changed")
    if "name" in body:
        validation.text(body, "name", required=True)
    validation.one_of(body, "status", SETTABLE)
    settings = _settings(body) | {key: body[key] for key in ("name", "status") if body.get(key)}
    for key, value in settings.items():
        setattr(campaign, key, value)
    campaign.updated_at = ctx.now
    campaign.version += 1
    if campaign.status == "scheduled":
        campaign.next_at = ctx.now + 1.0
    return Answer(body={"campaign": wire.campaign(ctx.world, campaign)})


def delete(ctx: Context, campaign_id: str) -> Answer:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    del ctx.world.campaigns[campaign.id], ctx.world.leads[campaign.id]
    return ctx.deleted()


def leads(ctx: Context, campaign_id: str) -> Answer:
    """All of them, oldest first, no pages (§6.2)."""
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    return Answer(body={"leads": [wire.lead(lead) for lead in ctx.world.leads[campaign.id]]})


def add_lead(ctx: Context, campaign_id: str) -> Answer:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    phone, variables = _lead_fields(ctx.request.json(), "")
    if campaign.status in ("completed", "cancelled"):
        raise Refusal(ctx.world.switches.completed_status, f"The campaign is {campaign.status}")
    lead = _add(ctx, campaign, phone, variables)
    if campaign.status == "scheduled" and campaign.next_at is None:
        campaign.next_at = ctx.now + 1.0
    return Answer(201, {"lead": wire.lead(lead)})


def remove_lead(ctx: Context, campaign_id: str, lead_id: str) -> Answer:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    lead = next((one for one in ctx.world.leads[campaign.id] if one.id == lead_id), None)
    if lead is None:
        raise absent("Lead")
    if lead.status == "calling":
        raise Refusal(409, "A lead that is being called cannot be removed")
    ctx.world.leads[campaign.id].remove(lead)
    campaign.version += 1
    return ctx.deleted()


def _add(ctx: Context, campaign: Campaign, phone: str, variables: dict) -> Lead:
    lead = Lead(ctx.world.new_id("lead"), campaign.id, phone, variables, ctx.now)
    ctx.world.leads[campaign.id].append(lead)
    campaign.version += 1
    return lead


def _settings(body: dict) -> dict:
    """The schedule and the template as far as they are given; times become HH:MM:SS."""
    settings: dict = {}
    for name in ("schedule_start_time", "schedule_end_time"):
        value = validation.text(body, name)
        if value is not None:
            if not CLOCK.fullmatch(value):
                raise invalid(name, "must be a time as HH:MM:SS")
            settings[name] = value if value.count(":") == 2 else f"{value}:00"
    zone = validation.text(body, "timezone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise invalid("timezone", "must be an IANA time zone") from None
        settings["timezone"] = zone
    if "system_message_template" in body:
        settings["system_message_template"] = validation.text(body, "system_message_template")
    return settings


def _lead_fields(lead: object, where: str) -> tuple[str, dict]:
    if not isinstance(lead, dict):
        raise invalid(where.rstrip("."), "must be an object")
    phone = lead.get("phone_number")
    if not isinstance(phone, str) or not validation.E164.fullmatch(phone):
        raise invalid(f"{where}phone_number", "must be a phone number in E.164 format")
    variables = lead.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise invalid(f"{where}variables", "must be an object of strings")
    return phone, variables


ROUTES: Routes = [
    ("GET", "/campaigns", listed),
    ("POST", "/campaigns", create),
    ("GET", "/campaigns/{id}", read),
    ("PATCH", "/campaigns/{id}", update),
    ("DELETE", "/campaigns/{id}", delete),
    ("GET", "/campaigns/{id}/leads", leads),
    ("POST", "/campaigns/{id}/leads", add_lead),
    ("DELETE", "/campaigns/{id}/leads/{lead}", remove_lead),
]
