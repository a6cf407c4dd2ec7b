"""Tool templates (voicedock-api.md §9.4): tools to be copied into assistants.

The sandbox's own choice: `name` and `tool_type` are required, the documents' spelling of a type is kept as the SDK's,
and a function's own name is looked for in `tool_config`, flat or nested in `function`. Where there is none, the
template's name is the function's and follows its rule (§17 15).
"""

from ..records import Kept
from . import validation
from .context import Context, Routes
from .store import Store

SPELLINGS = {
    "function": "function",
    "end_call": "end_call",
    "transfer_call": "transfer_call",
    "endCall": "end_call",
    "transferCall": "transfer_call",
}
DEFAULTS: dict = {"name": None, "description": None, "tool_type": None, "tool_config": {}}


def _fields(ctx: Context, body: dict, before: Kept | None) -> dict:
    body = validation.known(ctx, body, DEFAULTS)
    validation.needed(body, ("name", "tool_type"), changing=before is not None)
    validation.text(body, "name", empty=False)
    validation.text(body, "description")
    validation.one_of(body, "tool_type", SPELLINGS)
    config = validation.mapping(body, "tool_config")
    if "tool_type" in body:
        body["tool_type"] = SPELLINGS[body["tool_type"]]
    whole = (before.settings if before else {}) | body
    if whole["tool_type"] == "function":
        _function_name(whole["name"], config or whole.get("tool_config") or {})
    return body


def _function_name(template: str, config: dict) -> None:
    nested = isinstance(config.get("function"), dict)
    own = config["function"].get("name") if nested else config.get("name")
    name, where = (template, "name") if own is None else (own, f"tool_config.{'function.' if nested else ''}name")
    validation.function_name(name, where)


def _told(ctx: Context, template: Kept) -> dict:
    return DEFAULTS | template.settings | {"org_id": template.org_id}


STORE = Store("tool_templates", "Tool template", "tool_template", "tool_templates", _fields, _told)

ROUTES: Routes = STORE.routes("/tool-templates")
