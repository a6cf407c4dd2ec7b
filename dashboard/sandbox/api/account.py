"""Organizations, usage, voices, health (voicedock-api.md §9.1, §9.2, §9.6, §9.11)."""

from .. import chance, wire
from ..errors import Refusal, invalid, missing
from ..exchange import Answer
from ..records import Key, Organization
from . import validation
from .context import Context, Routes

CONTENT_DAYS = (30, 90, 180, 365)
METADATA_DAYS = (30, 90, 180, 365, 730)
VOICES = (
    ("saar", "Saar", "nl", "Warm, unhurried", "Warm en rustig"),
    ("bram", "Bram", "nl", "Clear and businesslike", "Helder en zakelijk"),
    ("ivy", "Ivy", "en", "Friendly, British", "Vriendelijk, Brits"),
    ("owen", "Owen", "en", "Calm, American", "Kalm, Amerikaans"),
    ("lena", "Lena", "de", "Precise and kind", "Precies en vriendelijk"),
    ("remy", "Rémy", "fr", "Light and quick", "Licht en vlot"),
)


def organization(ctx: Context) -> Answer:
    body = wire.organization(ctx.world, ctx.org, ctx.now)
    if ctx.request.query.get("include_children", "").lower() in ("true", "1"):
        children = [one for one in ctx.world.organizations.values() if one.parent_org_id == ctx.org.id]
        body["children"] = [{"id": c.id, "name": c.name, "created_at": wire.iso(c.created_at)} for c in children]
    return Answer(body=body)


def create_organization(ctx: Context) -> Answer:
    """The key is in this answer and nowhere else (§9.1)."""
    body = ctx.request.json()
    name = validation.text(body, "name", required=True) or ""
    parent = validation.text(body, "parent_org_id")
    if parent is not None and parent != ctx.org.id:
        raise Refusal(403, "You don't have access to this resource")
    org = Organization(ctx.world.new_id("organization"), name, parent, ctx.now)
    key = Key("fl_live_" + chance.token_of(32, ctx.world.seed, "key", ctx.world.next_serial()), org.id)
    ctx.world.organizations[org.id] = org
    ctx.world.keys[key.key] = key
    shown = {"id": org.id, "name": name, "parent_org_id": parent}
    return Answer(201, shown | {"api_key": key.key, "created_at": wire.iso(org.created_at)})


def set_retention(ctx: Context) -> Answer:
    """Both periods together, content not longer than metadata (§13)."""
    body = ctx.request.json()
    for name, choices in (("content_retention_days", CONTENT_DAYS), ("metadata_retention_days", METADATA_DAYS)):
        if body.get(name) is None:
            raise missing(name)
        if body[name] not in choices or isinstance(body[name], bool):
            raise invalid(name, f"must be one of {', '.join(map(str, choices))}")
    if body["content_retention_days"] > body["metadata_retention_days"]:
        raise invalid("content_retention_days", "must not exceed metadata_retention_days")
    ctx.org.content_retention_days = body["content_retention_days"]
    ctx.org.metadata_retention_days = body["metadata_retention_days"]
    return Answer(body={name: body[name] for name in ("content_retention_days", "metadata_retention_days")})


def usage(ctx: Context) -> Answer:
    """One entry per answered call, newest first; the summary covers the whole filter."""
    limit, offset = ctx.page()
    start, stop = ctx.moment("start_date"), ctx.moment("end_date")
    used = [
        call
        for call in ctx.all_own("calls")
        if call.seconds is not None
        and (start is None or call.created_at >= start)
        and (stop is None or call.created_at <= stop)
    ]
    used.sort(key=lambda call: call.created_at, reverse=True)
    seconds = sum(call.seconds or 0 for call in used)
    logs = [
        {
            "id": chance.uuid_of("usage", call.id),
            "duration_sec": call.seconds,
            "call_type": "phone",
            "phone_number": call.our_number,
            "agent_name": call.assistant_name,
            "business_name": call.business_name,
            "created_at": wire.iso(call.created_at),
        }
        for call in used[offset : offset + limit]
    ]
    summary = {
        "total_calls": len(used),
        "total_duration_seconds": seconds,
        "total_duration_minutes": round(seconds / 60, 2),
    }
    return Answer(
        body={"logs": logs, "pagination": {"total": len(used), "limit": limit, "offset": offset}, "summary": summary}
    )


def voices(ctx: Context) -> Answer:
    shown = [
        {"id": key, "name": name, "language": lang, "description": {"en": en, "nl": nl}}
        for key, name, lang, en, nl in VOICES
    ]
    return Answer(body={"voices": shown})


def health(now: float) -> Answer:
    """Needs no key."""
    checks = {"database": {"status": "ok", "latency_ms": 1}}
    return Answer(body={"status": "ok", "timestamp": wire.iso(now), "version": "1.0.0", "checks": checks})


ROUTES: Routes = [
    ("GET", "/organizations", organization),
    ("GET", "/account", organization),
    ("POST", "/organizations", create_organization),
    ("PATCH", "/organizations", set_retention),
    ("GET", "/usage", usage),
    ("GET", "/voices", voices),
]
