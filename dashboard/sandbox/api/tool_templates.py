"""Tool templates (voicedock-api.md §9.4): tools to copy into assistants.

The sandbox's own choice: `name` and `tool_type` are required, the documents' spelling of a type is stored as the
SDK's, and a function's own name is taken from `tool_config`, flat or nested in `function`. Without one, the template's
name is the function's and follows its rule (§17 15).
"""

from typing import Any

from ..records import StoredResource
from . import validation
from .context import Context, Routes
from .crud import CrudEndpoints

TOOL_TYPES = {
    "function": "function",
    "end_call": "end_call",
    "transfer_call": "transfer_call",
    "endCall": "end_call",
    "transferCall": "transfer_call",
}
DEFAULTS: dict[str, Any] = {"name": None, "description": None, "tool_type": None, "tool_config": {}}


def _validated(ctx: Context, body: dict[str, Any], before: StoredResource | None) -> dict[str, Any]:
    body = validation.known(ctx, body, DEFAULTS)
    validation.required(body, ("name", "tool_type"), changing=before is not None)
    validation.text(body, "name", empty=False)
    validation.text(body, "description")
    validation.one_of(body, "tool_type", TOOL_TYPES)
    config = validation.mapping(body, "tool_config")
    if "tool_type" in body:
        body["tool_type"] = TOOL_TYPES[body["tool_type"]]
    merged = (before.settings if before else {}) | body
    if merged["tool_type"] == "function":
        _function_name(merged["name"], config or merged.get("tool_config") or {})
    return body


def _function_name(template: str, config: dict[str, Any]) -> None:
    nested = isinstance(config.get("function"), dict)
    own_name = config["function"].get("name") if nested else config.get("name")
    name, where = (
        (template, "name") if own_name is None else (own_name, f"tool_config.{'function.' if nested else ''}name")
    )
    validation.function_name(name, where)


def _serialize(ctx: Context, template: StoredResource) -> dict[str, Any]:
    return DEFAULTS | template.settings | {"org_id": template.org_id}


ENDPOINTS = CrudEndpoints("tool_templates", "Tool template", "tool_template", "tool_templates", _validated, _serialize)

ROUTES: Routes = ENDPOINTS.routes("/tool-templates")
