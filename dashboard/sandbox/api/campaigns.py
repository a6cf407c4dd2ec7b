"""Campaigns and their leads (voicedock-api.md §6).

The sandbox's own choice: the default schedule is 09:00 to 17:00 in Amsterdam, any state may be deleted, every
change of state but those of a completed campaign is allowed, completed and cancelled ones take no more leads (400).
"""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .. import serializers
from ..errors import ApiError, invalid, not_found
from ..http_messages import Response
from ..records import Campaign, Lead
from . import validation
from .context import Context, Routes

SETTABLE = ("draft", "scheduled", "paused", "cancelled")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
FIELDS = (
    "name", "agent_id", "system_message_template", "schedule_start_time", "schedule_end_time", "timezone", "status",
)  # fmt: skip


def listed(ctx: Context) -> Response:
    return Response(
        body={"campaigns": [serializers.campaign(ctx.state, campaign) for campaign in ctx.all_own("campaigns")]}
    )


def read(ctx: Context, campaign_id: str) -> Response:
    return Response(body={"campaign": serializers.campaign(ctx.state, ctx.own("campaigns", campaign_id, "Campaign"))})


def create(ctx: Context) -> Response:
    """Starts as a draft; `leads` is the only way to bring many at once (§6.2)."""
    body = validation.known(ctx, ctx.request.json(), (*FIELDS, "assistant_id", "leads"))
    if "assistant_id" in body:
        body.setdefault("agent_id", body["assistant_id"])
    name = validation.text(body, "name", required=True) or ""
    agent = validation.text(body, "agent_id", required=True) or ""
    validation.reference(ctx, body, "agent_id", "assistants", "Assistant")
    settings = _settings(body)
    leads = validation.listing(body, "leads")
    checked = [_lead_fields(ctx, lead, f"leads[{index}].") for index, lead in enumerate(leads)]
    campaign = Campaign(
        id=ctx.state.new_id("campaign"),
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
    ctx.state.campaigns[campaign.id] = campaign
    ctx.state.leads[campaign.id] = []
    for phone, variables in checked:
        _add(ctx, campaign, phone, variables)
    return Response(201, {"campaign": serializers.campaign(ctx.state, campaign)})


def update(ctx: Context, campaign_id: str) -> Response:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    body = validation.known(ctx, ctx.request.json(), FIELDS)
    if campaign.status == "completed":
        raise ApiError(ctx.state.options.completed_status, "A completed campaign cannot be changed")
    if "agent_id" in body and body["agent_id"] != campaign.agent_id:
        raise invalid("agent_id", "cannot be changed")
    clearable = ("system_message_template", "agent_id")
    validation.required(body, [name for name in FIELDS if name not in clearable], changing=True)
    validation.text(body, "name", empty=False)
    validation.one_of(body, "status", SETTABLE)
    settings = _settings(body) | {key: body[key] for key in ("name", "status") if key in body}
    for key, value in settings.items():
        setattr(campaign, key, value)
    campaign.updated_at = ctx.now
    campaign.version += 1
    if campaign.status == "scheduled":
        campaign.next_at = ctx.now + 1.0
    return Response(body={"campaign": serializers.campaign(ctx.state, campaign)})


def delete(ctx: Context, campaign_id: str) -> Response:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    del ctx.state.campaigns[campaign.id], ctx.state.leads[campaign.id]
    return ctx.deleted()


def leads(ctx: Context, campaign_id: str) -> Response:
    """All of them, oldest first, no pages (§6.2)."""
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    return Response(body={"leads": [serializers.lead(lead) for lead in ctx.state.leads[campaign.id]]})


def add_lead(ctx: Context, campaign_id: str) -> Response:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    phone, variables = _lead_fields(ctx, ctx.request.json(), "")
    if campaign.status in ("completed", "cancelled"):
        raise ApiError(ctx.state.options.completed_status, f"The campaign is {campaign.status}")
    lead = _add(ctx, campaign, phone, variables)
    if campaign.status == "scheduled" and campaign.next_at is None:
        campaign.next_at = ctx.now + 1.0
    return Response(201, {"lead": serializers.lead(lead)})


def remove_lead(ctx: Context, campaign_id: str, lead_id: str) -> Response:
    campaign: Campaign = ctx.own("campaigns", campaign_id, "Campaign")
    lead = next((lead for lead in ctx.state.leads[campaign.id] if lead.id == lead_id), None)
    if lead is None:
        raise not_found("Lead")
    if lead.status == "calling":
        raise ApiError(409, "A lead that is being called cannot be removed")
    ctx.state.leads[campaign.id].remove(lead)
    campaign.version += 1
    return ctx.deleted()


def _add(ctx: Context, campaign: Campaign, phone: str, variables: dict[str, Any]) -> Lead:
    lead = Lead(ctx.state.new_id("lead"), campaign.id, phone, variables, ctx.now)
    ctx.state.leads[campaign.id].append(lead)
    campaign.version += 1
    return lead


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    """The given parts of schedule and template; times become HH:MM:SS."""
    settings: dict[str, Any] = {}
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


def _lead_fields(ctx: Context, lead: object, where: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(lead, dict):
        raise invalid(where.rstrip("."), "must be an object")
    lead = validation.known(ctx, lead, ("phone_number", "variables"))
    phone = validation.phone(lead, "phone_number", where)
    variables = validation.mapping(lead, "variables", where)
    if not all(isinstance(value, str) for value in variables.values()):
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
