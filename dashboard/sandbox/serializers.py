"""Records as JSON with the vendor's field names and formats (voicedock-api.md §5.1, §6, §7, §8)."""

from datetime import UTC, datetime
from typing import Any

from . import recordings
from .catalog import REALTIME, complete, provider_of
from .records import Assistant, Call, Campaign, Lead, Number, Organization
from .state import State


def iso(at: float | None) -> str | None:
    """Unix seconds as `2026-01-07T10:00:00.000Z`."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def call(state: State, record: Call) -> dict[str, Any]:
    has_transcript = record.reported or state.options.live_transcript
    has_transcript = has_transcript and record.started_at is not None and not record.content_removed
    return {
        "id": record.id,
        "status": record.status,
        "direction": record.direction,
        "caller_phone": record.counterpart_number or None,
        "assistant_phone": record.our_number,
        "phone_number": record.our_number,
        "agent_id": record.assistant_id,
        "agent_name": record.assistant_name,
        "business_name": record.business_name,
        "number_id": record.number_id,
        "started_at": iso(record.started_at),
        "ended_at": iso(record.ended_at),
        "duration_seconds": record.seconds,
        "end_reason": record.end_reason,
        "error": record.error,
        "summary": record.summary,
        "analysis_result": record.analysis,
        "messages": record.messages if has_transcript else None,
        "recording_url": recordings.url(state, record),
        "room_name": f"room-{record.id}" if record.live else None,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
    }


def number(state: State, record: Number) -> dict[str, Any]:
    agent = state.assistants.get(record.agent_id or "")
    trunk = state.trunks.get(record.transfer_trunk_id or "")
    workflow = state.workflows.get(record.workflow_id or "")
    return {
        "id": record.id,
        "phone_number": record.phone_number,
        "name": record.name,
        "agent_id": record.agent_id,
        "agent_name": agent.name if agent else None,
        "business_name": record.business_name,
        "transfer_trunk_id": record.transfer_trunk_id,
        "transfer_trunk_name": trunk.settings["name"] if trunk else None,
        "workflow_id": record.workflow_id,
        "workflow_name": workflow.settings["name"] if workflow else None,
        "source": "sip",
        "is_active": record.is_active,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
    }


def assistant(state: State, record: Assistant) -> dict[str, Any]:
    """An option makes a realtime assistant's stt null like its tts; in the types of the vendor's client it never is
    (§17 12)."""
    settings = complete(record.settings)
    if state.options.realtime_stt == "null" and provider_of(settings) in REALTIME:
        settings["stt_config"] = None
    dates = {"created_at": iso(record.created_at), "updated_at": iso(record.updated_at)}
    return {"id": record.id} | settings | dates


def campaign(state: State, record: Campaign) -> dict[str, Any]:
    leads = state.leads.get(record.id, [])
    return {
        "id": record.id,
        "name": record.name,
        "agent_id": record.agent_id,
        "status": record.status,
        "system_message_template": record.system_message_template,
        "schedule_start_time": record.schedule_start_time,
        "schedule_end_time": record.schedule_end_time,
        "timezone": record.timezone,
        "total_leads": len(leads),
        "completed_leads": sum(lead.status == "completed" for lead in leads),
        "failed_leads": sum(lead.status == "failed" for lead in leads),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
    }


def lead(record: Lead) -> dict[str, Any]:
    return {
        "id": record.id,
        "campaign_id": record.campaign_id,
        "phone_number": record.phone_number,
        "variables": record.variables,
        "status": record.status,
        "call_id": record.call_id,
        "attempts": record.attempts,
        "last_attempt_at": iso(record.last_attempt_at),
        "created_at": iso(record.created_at),
    }


def organization(state: State, record: Organization, now: float) -> dict[str, Any]:
    """Counts are computed; a child shows the balance it can use, which is its parent's (§9.1, §16 #26)."""
    month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    calls = [call for call in state.calls.values() if call.org_id == record.id]
    return {
        "id": record.id,
        "name": record.name,
        "minutes_balance": round(state.payer(record.id).minutes_balance, 2),
        "monthly_usage_minutes": round(sum((call.seconds or 0) for call in calls if call.created_at >= month) / 60, 2),
        "active_numbers": sum(number.org_id == record.id and number.is_active for number in state.numbers.values()),
        "active_agents": sum(
            assistant.org_id == record.id and assistant.settings.get("is_active", True)
            for assistant in state.assistants.values()
        ),
        "active_calls": sum(call.live for call in calls),
        "has_local_models_access": False,
        "parent_org_id": record.parent_org_id,
    }
