"""The tools in an assistant's `llm_config.tools` (voicedock-api.md §8, §9.4, §17 5).

The sandbox's own choice: a tool of a type that nobody documents is kept as it is.
"""

from ..errors import invalid, missing
from . import validation
from .context import Context

MOST_ALLOWED = 25
TRANSFER = ("transfer_call", "transferCall")


def check(ctx: Context, config: dict, where: str) -> None:
    for at, tool in enumerate(validation.listing(config, "tools", where=where)):
        _tool(ctx, tool, f"{where}tools[{at}]")


def _tool(ctx: Context, tool: object, where: str) -> None:
    if not isinstance(tool, dict):
        raise invalid(where, "must be an object")
    kind = tool.get("type")
    if kind == "mcp":
        _mcp(ctx, tool, where)
    elif kind in TRANSFER:
        _destinations(tool, f"{where}.")
    elif kind in (None, "function"):
        nested = isinstance(tool.get("function"), dict)
        named = tool["function"] if nested else tool
        validation.function_name(named.get("name"), f"{where}.{'function.' if nested else ''}name")


def _mcp(ctx: Context, tool: dict, where: str) -> None:
    server = ctx.world.mcp_servers.get(validation.text(tool, "mcp_server_id", required=True, where=f"{where}.") or "")
    if server is None or server.org_id != ctx.org.id:
        raise invalid(f"{where}.mcp_server_id", "names no MCP server of this organization")
    if tool.get("allowed_tools") is None:
        raise missing(f"{where}.allowed_tools")
    validation.strings(tool, "allowed_tools", MOST_ALLOWED, f"{where}.")
    validation.boolean(tool, "required", f"{where}.")


def _destinations(tool: dict, where: str) -> None:
    for at, destination in enumerate(validation.listing(tool, "destinations", where=where)):
        if not isinstance(destination, dict):
            raise invalid(f"{where}destinations[{at}]", "must be an object")
        if destination.get("type") in (None, "number"):
            validation.phone(destination, "number", f"{where}destinations[{at}].")
