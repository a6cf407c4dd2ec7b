"""The tools in an assistant's `llm_config.tools` (voicedock-api.md §8, §9.4, §17 5).

The sandbox's own choice: a tool of an undocumented type is stored as it is.
"""

from typing import Any

from ..errors import invalid, missing
from . import validation
from .context import Context

MAX_ALLOWED_TOOLS = 25
TRANSFER_TYPES = ("transfer_call", "transferCall")


def check(ctx: Context, config: dict[str, Any], where: str) -> None:
    for index, tool in enumerate(validation.listing(config, "tools", where=where)):
        _tool(ctx, tool, f"{where}tools[{index}]")


def _tool(ctx: Context, tool: object, where: str) -> None:
    if not isinstance(tool, dict):
        raise invalid(where, "must be an object")
    kind = tool.get("type")
    if kind == "mcp":
        _mcp(ctx, tool, where)
    elif kind in TRANSFER_TYPES:
        _destinations(tool, f"{where}.")
    elif kind in (None, "function"):
        nested = isinstance(tool.get("function"), dict)
        named = tool["function"] if nested else tool
        validation.function_name(named.get("name"), f"{where}.{'function.' if nested else ''}name")


def _mcp(ctx: Context, tool: dict[str, Any], where: str) -> None:
    server = ctx.state.mcp_servers.get(validation.text(tool, "mcp_server_id", required=True, where=f"{where}.") or "")
    if server is None or server.org_id != ctx.org.id:
        raise invalid(f"{where}.mcp_server_id", "names no MCP server of this organization")
    if tool.get("allowed_tools") is None:
        raise missing(f"{where}.allowed_tools")
    validation.strings(tool, "allowed_tools", MAX_ALLOWED_TOOLS, f"{where}.")
    validation.boolean(tool, "required", f"{where}.")


def _destinations(tool: dict[str, Any], where: str) -> None:
    for index, destination in enumerate(validation.listing(tool, "destinations", where=where)):
        if not isinstance(destination, dict):
            raise invalid(f"{where}destinations[{index}]", "must be an object")
        if destination.get("type") in (None, "number"):
            validation.phone(destination, "number", f"{where}destinations[{index}].")
