"""MCP servers (voicedock-api.md §9.9): of the headers only the names are returned.

The sandbox's own choice: no server is contacted. The test finds two made-up tools, unless the host ends in
`.invalid`; a server is in use when an assistant's tools name it; a duplicate name is a 409.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from .. import random_source
from ..errors import ApiError, invalid
from ..http_messages import Response
from ..records import StoredResource
from . import validation
from .context import Context, Routes
from .crud import CrudEndpoints

DEFAULTS = {"name": None, "url": None, "transport": "streamable_http", "timeout_seconds": 20}
MAX_HEADERS = 10
TOOLS = (  # name, description, parameters
    ("search_orders", "Find orders of a customer", ("customer",)),
    ("create_ticket", None, ("subject", "text")),
)


def _validated(ctx: Context, body: dict[str, Any], before: StoredResource | None) -> dict[str, Any]:
    body = validation.known(ctx, body, [*DEFAULTS, "headers"])
    validation.required(body, ("name", "url"), changing=before is not None)
    name = validation.text(body, "name", empty=False)
    url = validation.url(body, "url", ("https",))
    if url is not None and not _public(url):
        raise invalid("url", "must be a public https URL")
    validation.one_of(body, "transport", ("streamable_http", "sse"))
    validation.integer(body, "timeout_seconds", 5, 60)
    _headers(body)
    if before and url and _host(url) != _host(before.settings["url"]) and "headers" not in body:
        raise invalid("headers", "must be sent along when the host changes")
    if any(server.settings["name"] == name and server is not before for server in ctx.all_own("mcp_servers")):
        raise ApiError(409, f"There is already a server named {name}", title="Duplicate name", field="name")
    return body


def _headers(body: dict[str, Any]) -> dict[str, Any]:
    headers = validation.mapping(body, "headers")
    if len(headers) > MAX_HEADERS or not all(isinstance(value, str) for value in headers.values()):
        raise invalid("headers", f"must be at most {MAX_HEADERS} names with string values")
    return headers


def _serialize(ctx: Context, server: StoredResource) -> dict[str, Any]:
    return DEFAULTS | server.settings | {"header_names": sorted(server.write_only.get("headers") or {})}


def _check_deletable(ctx: Context, server: StoredResource) -> None:
    users = [assistant.name for assistant in ctx.all_own("assistants") if server.id in _server_ids(assistant.settings)]
    if users:
        raise ApiError(409, f"Used by {', '.join(users)}", title="MCP server is still used")


def _server_ids(settings: dict[str, Any]) -> list[Any]:
    tools = (settings.get("llm_config") or {}).get("tools") or []
    return [tool.get("mcp_server_id") for tool in tools if isinstance(tool, dict)]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _public(url: str) -> bool:
    host = _host(url).rstrip(".")
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


ENDPOINTS = CrudEndpoints(
    "mcp_servers",
    "MCP server",
    "mcp_server",
    "mcp_servers",
    _validated,
    _serialize,
    _check_deletable,
    write_only=("headers",),
)


def test_connection(ctx: Context, key: str) -> Response:
    """200 either way (§9.9); headers of the body are merged over the stored ones for this test only (§17 5)."""
    server = ENDPOINTS.get(ctx, key)
    given = _headers(validation.known(ctx, ctx.request.json(), ("headers",)))
    if len({**(server.write_only.get("headers") or {}), **given}) > MAX_HEADERS:
        raise invalid("headers", f"must be at most {MAX_HEADERS} together with the stored ones")
    duration_ms = random_source.rng_for(ctx.state.seed, "mcp", server.id).randint(40, 400)
    if _host(server.settings["url"]).rstrip(".").endswith(".invalid"):
        return Response(body={"ok": False, "duration_ms": duration_ms, "error": "The server could not be reached"})
    tools = [
        {"name": name, "description": description, "input_schema": _schema(parameters)}
        for name, description, parameters in TOOLS
    ]
    return Response(body={"ok": True, "duration_ms": duration_ms, "tools": tools})


def _schema(parameters: tuple[str, ...]) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in parameters}
    return {"type": "object", "properties": properties, "required": list(parameters)}


ROUTES: Routes = [*ENDPOINTS.routes("/mcp-servers"), ("POST", "/mcp-servers/{id}/test", test_connection)]
