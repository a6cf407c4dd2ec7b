"""Tool templates (voicedock-api.md §9.4): tools to be copied into assistants.

The sandbox's own choice: `name` and `tool_type` are required, the documents' spelling of a type is kept as the SDK's,
and a function's own name is looked for in `tool_config`, flat or nested in `function`.
"""

import re

from ..errors import invalid
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
FUNCTION_NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}")
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
        _function_name(config or whole.get("tool_config") or {})
    return body


def _function_name(config: dict) -> None:
    nested = isinstance(config.get("function"), dict)
    name = config["function"].get("name") if nested else config.get("name")
    if name is not None and not (isinstance(name, str) and FUNCTION_NAME.fullmatch(name)):
        where = "tool_config.function.name" if nested else "tool_config.name"
        raise invalid(where, "must start with a letter or underscore and have at most 64 letters, digits, _ or -")


def _told(ctx: Context, template: Kept) -> dict:
    return DEFAULTS | template.settings | {"org_id": template.org_id}


STORE = Store("tool_templates", "Tool template", "tool_template", "tool_templates", _fields, _told)

ROUTES: Routes = STORE.routes("/tool-templates")
