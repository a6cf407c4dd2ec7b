"""What the sandbox's page shows of the sandbox, with labels. All functions raise `sandbox_client.NoAnswer`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from dashboard.sandbox_admin import labels, sandbox_client
from dashboard.ui import states

REQUESTS = 40
DELIVERIES = 15


def sandbox() -> dict[str, Any]:
    organizations = sandbox_client.get("organizations")["organizations"]
    clock = sandbox_client.get("clock")
    scenarios = sandbox_client.get("scenarios")
    deliveries = sandbox_client.get("webhooks")["webhooks"][-DELIVERIES:]
    return {
        "organizations": organizations,
        "clock": clock | {"at": datetime.fromtimestamp(clock["now"], UTC), "pace": f"{clock['speed']:g}"},
        "overview": sandbox_client.get(""),
        "current_outcome": sandbox_client.get("options")["outcome"],
        "faults": [_fault(fault, organizations) for fault in sandbox_client.get("faults")["faults"]],
        "deliveries": [delivery(entry) for entry in reversed(deliveries)],
        "playing": scenarios["playing"],
        "scenarios": scenarios["scenarios"],
    }


def requests() -> list[dict[str, Any]]:
    """The newest entries of the request log, newest first."""
    entries = sandbox_client.get("log", limit=REQUESTS)["requests"]
    return [_request(entry) for entry in reversed(entries)]


def delivery(entry: dict[str, Any]) -> dict[str, Any]:
    """A webhook delivery as accepted or not, by the status in its result; without a status nobody answered."""
    event = states.words(entry["event"])
    status = re.search(r"^(?:HTTP Error )?([1-5]\d\d)\b", str(entry["result"]))
    if status is None:
        return {"event": event, "label": "no answer"}
    return {"event": event, "label": status[1] if status[1] < "300" else f"{status[1]}, not accepted"}


def _request(entry: dict[str, Any]) -> dict[str, Any]:
    status = entry["status"]
    tone = "waiting" if status is None else "ended" if 0 < status < 400 else "wrong"
    return entry | {
        "at": datetime.fromtimestamp(entry["arrived"], UTC),
        "path": entry["path"].removeprefix("/api/v1"),
        "tone": tone,
        "status_label": "under way" if status is None else str(status) if status else "cut off",
        "body_text": json.dumps(entry["body"], indent=2, ensure_ascii=False) if entry["body"] else "",
        "fault": labels.fault(entry["fault"]) if entry.get("fault") else "",
    }


def _fault(fault: dict[str, Any], organizations: list[dict[str, Any]]) -> dict[str, Any]:
    key, times = fault["key"], fault["times"]
    names = (organization["name"] for organization in organizations if key and organization["api_key"] == key)
    return {
        "id": fault["id"],
        "label": labels.fault(fault["fault"]),
        "details": labels.fault_details(fault["seconds"], fault["chance"]),
        "route": labels.route(fault["route"]),
        "organization": next(names, "Every organization"),
        "times_left": "Until you switch it off" if times is None else f"{times} more time{'' if times == 1 else 's'}",
    }
