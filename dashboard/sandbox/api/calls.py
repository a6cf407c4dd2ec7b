"""Calls: list, read, place, control (voicedock-api.md §4, §5).

The sandbox's own choice: newest first, the dates filter when a call was created, any status may be filtered for.
"""

from copy import deepcopy
from typing import Any

from .. import calls, control, random_source, serializers
from ..catalog import REALTIME, complete, provider_of
from ..errors import ApiError, invalid, missing
from ..http_messages import Response
from ..records import Assistant, Call, Number
from . import configuration, validation
from .context import Context, Routes

ALIASES = {"agent_id": "assistant_id", "agent": "assistant", "agent_config": "assistant_override"}


def listed(ctx: Context) -> Response:
    """Newest first; the dates filter when a call was created."""
    limit, offset = ctx.page()
    status = ctx.request.query.get("status", "").replace("_", "-")
    found = [call for call in ctx.created_between("calls") if not status or call.status == status]
    found.sort(key=lambda call: (call.created_at, call.id), reverse=True)
    page = [serializers.call(ctx.state, call) for call in found[offset : offset + limit]]
    return Response(body={"calls": page, "pagination": {"total": len(found), "limit": limit, "offset": offset}})


def read(ctx: Context, call_id: str) -> Response:
    return Response(body=serializers.call(ctx.state, ctx.own("calls", call_id, "Call")))


def outbound(ctx: Context) -> Response:
    """Check everything before the call is placed; from then on the engine moves it."""
    body = _current_names(ctx.request.json())
    destination = validation.phone(body, "destination")
    assistant, config = _configuration(ctx, body)
    number = _caller_id(ctx, body)
    if ctx.state.payer(ctx.org.id).minutes_balance <= 0:
        extra = {"balance": 0}
        raise ApiError(402, "Your account has no credits remaining.", extra=extra)
    at_least = random_source.rng_for(ctx.state.seed, ctx.state.serial).uniform(120, 240)
    call = calls.place(
        ctx.state, ctx.now, org_id=ctx.org.id, direction="outbound", counterpart_number=destination, number=number,
        assistant=assistant, config=config, at_least=at_least,
    )  # fmt: skip
    return Response(201, {"success": True, "call_id": call.id, "status": call.status})


def command(ctx: Context, call_id: str) -> Response:
    call: Call = ctx.own("calls", call_id, "Call")
    allowed = ctx.state.options.commands_per_minute
    if not ctx.limits.take("commands", call.id, allowed, ctx.wall_time):
        wait = ctx.limits.retry_after("commands", call.id, ctx.wall_time)
        message = f"Too many commands for this call. Please retry after {wait} seconds."
        raise ApiError(429, message, retry_after=wait, extra={"retry_after": wait})
    return control.command(ctx.state, call, ctx.request.json(), ctx.now)


def _current_names(body: dict[str, Any]) -> dict[str, Any]:
    """The deprecated names still work (§5.5)."""
    for old, new in ALIASES.items():
        if old in body and new not in body:
            body[new] = body.pop(old)
    return body


def _configuration(ctx: Context, body: dict[str, Any]) -> tuple[Assistant | None, dict[str, Any]]:
    """The saved assistant (if any) and the resolved configuration: exactly one mode, shallow merge (§5.5)."""
    saved, override, transient = (
        validation.text(body, "assistant_id"), body.get("assistant_override"), body.get("assistant")
    )  # fmt: skip
    if transient is not None and (saved or override is not None):
        raise invalid("assistant", "cannot be combined with assistant_id or assistant_override")
    if override is not None and not saved:
        raise invalid("assistant_override", "requires assistant_id")
    for name, value in (("assistant", transient), ("assistant_override", override)):
        if value is not None and not isinstance(value, dict):
            raise invalid(name, "must be an object")
    validation.text(body, "first_message")
    assistant = None
    if transient is not None:
        config = _transient(ctx, transient)
    elif saved:
        validation.reference(ctx, body, "assistant_id", "assistants", "Assistant")
        assistant = ctx.state.assistants[saved]
        if not assistant.settings.get("is_active", True):
            raise invalid("assistant_id", "belongs to an assistant that is not active")
        override = configuration.validated(ctx, override or {}, "assistant_override.")
        config = complete(merged(assistant.settings, override, ctx.state.options.override_merge))
    else:
        raise missing("assistant_id")
    if body.get("first_message"):
        config["first_message"] = body["first_message"]
    return assistant, config


def merged(settings: dict[str, Any], override: dict[str, Any], how: str = "shallow") -> dict[str, Any]:
    """Each block of the override replaces that whole block; `deep`, to which the seed page hints, merges inside."""
    config = deepcopy(settings)
    for name, value in deepcopy(override).items():
        both = how == "deep" and isinstance(value, dict) and isinstance(config.get(name), dict)
        config[name] = merged(config[name], value, how) if both else value
    return config


def _transient(ctx: Context, config: dict[str, Any]) -> dict[str, Any]:
    """Pipelines need stt and tts, realtime models must not have them (§5.5)."""
    if not config.get("llm_config"):
        raise missing("assistant.llm_config")
    config = configuration.validated(ctx, config, "assistant.")
    realtime = provider_of(config) in REALTIME
    for name in ("stt_config", "tts_config"):
        if realtime and config.get(name) is not None:
            raise invalid(f"assistant.{name}", f"must be omitted for {provider_of(config)}")
        if not realtime and not config.get(name):
            raise missing(f"assistant.{name}")
    return deepcopy(config)


def _caller_id(ctx: Context, body: dict[str, Any]) -> Number:
    """The requested number, or any active one: not the assistant's if there is another (§5.5, §15)."""
    wanted = validation.reference(ctx, body, "number_id", "numbers", "Phone number")
    if wanted is not None:
        number = ctx.state.numbers[wanted]
        if not number.is_active:
            raise invalid("number_id", "belongs to a number that is not active")
        return number
    active: list[Number] = [number for number in ctx.all_own("numbers") if number.is_active]
    pool = [number for number in active if number.agent_id != body.get("assistant_id")] or active
    if not pool:
        raise invalid("number_id", "is missing and the organization has no active number")
    return random_source.rng_for(ctx.state.seed, "pool", ctx.state.serial).choice(pool)


ROUTES: Routes = [
    ("GET", "/calls", listed),
    ("POST", "/calls/outbound", outbound),
    ("GET", "/calls/{id}", read),
    ("POST", "/calls/{id}/control", command),
]
