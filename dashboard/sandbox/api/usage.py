"""Usage: one entry per answered call that has ended (voicedock-api.md §9.2).

The sandbox's own choice: newest first, the dates filter when a call was created, the summary covers the whole filter.
"""

from typing import Any

from .. import random_source, serializers
from ..http_messages import Response
from ..records import Call
from .context import Context, Routes


def listed(ctx: Context) -> Response:
    limit, offset = ctx.page()
    used = sorted(
        (call for call in ctx.created_between("calls") if call.seconds is not None),
        key=lambda call: (call.created_at, call.id),
        reverse=True,
    )
    seconds = sum(call.seconds or 0 for call in used)
    summary = {
        "total_calls": len(used),
        "total_duration_seconds": seconds,
        "total_duration_minutes": round(seconds / 60, 2),
    }
    logs = [_entry(call) for call in used[offset : offset + limit]]
    pagination = {"total": len(used), "limit": limit, "offset": offset}
    return Response(body={"logs": logs, "pagination": pagination, "summary": summary})


def _entry(call: Call) -> dict[str, Any]:
    return {
        "id": random_source.uuid_for("usage", call.id),
        "duration_sec": call.seconds,
        "call_type": "web" if call.direction == "web" else "phone",
        "phone_number": call.our_number,
        "agent_name": call.assistant_name,
        "business_name": call.business_name,
        "created_at": serializers.iso(call.created_at),
    }


ROUTES: Routes = [("GET", "/usage", listed)]
