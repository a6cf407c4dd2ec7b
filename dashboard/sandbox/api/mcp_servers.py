"""MCP servers (voicedock-api.md §9.9): values of headers go in and only their names come out.

The sandbox's own choice: nothing is really contacted. A server answers its test with two made-up tools, unless its host
ends in `.invalid`; it is in use when an assistant's tools name it; a duplicate name is a 409.
"""

import ipaddress
from urllib.parse import urlsplit

from .. import chance
from ..errors import Refusal, invalid
from ..exchange import Answer
from ..records import Kept
from . import validation
from .context import Context, Routes
from .store import Store

DEFAULTS = {"name": None, "url": None, "transport": "streamable_http", "timeout_seconds": 20}
MOST_HEADERS = 10
TOOLS = (  # name, description, parameters
    ("search_orders", "Find orders of a customer", ("customer",)),
    ("create_ticket", None, ("subject", "text")),
)


def _fields(ctx: Context, body: dict, before: Kept | None) -> dict:
    body = validation.known(ctx, body, [*DEFAULTS, "headers"])
    validation.needed(body, ("name", "url"), changing=before is not None)
    name = validation.text(body, "name", empty=False)
    url = validation.url(body, "url", ("https",))
    if url is not None and not _public(url):
        raise invalid("url", "must be a public https URL")
    validation.one_of(body, "transport", ("streamable_http", "sse"))
    validation.whole(body, "timeout_seconds", 5, 60)
    _headers(body)
    if before and url and _host(url) != _host(before.settings["url"]) and "headers" not in body:
        raise invalid("headers", "must be sent along when the host changes")
    if any(one.settings["name"] == name and one is not before for one in ctx.all_own("mcp_servers")):
        raise Refusal(409, f"There is already a server named {name}", title="Duplicate name", field="name")
    return body


def _headers(body: dict) -> dict:
    headers = validation.mapping(body, "headers")
    if len(headers) > MOST_HEADERS or not all(isinstance(value, str) for value in headers.values()):
        raise invalid("headers", f"must be at most {MOST_HEADERS} names with string values")
    return headers


def _told(ctx: Context, server: Kept) -> dict:
    return DEFAULTS | server.settings | {"header_names": sorted(server.sealed.get("headers") or {})}


def _in_use(ctx: Context, server: Kept) -> None:
    users = [one.name for one in ctx.all_own("assistants") if server.id in _servers_of(one.settings)]
    if users:
        raise Refusal(409, f"Used by {', '.join(users)}", title="MCP server is still used")


def _servers_of(settings: dict) -> list:
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


STORE = Store("mcp_servers", "MCP server", "mcp_server", "mcp_servers", _fields, _told, _in_use, sealed=("headers",))


def test(ctx: Context, key: str) -> Answer:
    """200 either way (§9.9); headers of the body are merged over the stored ones for this test alone (§17 5)."""
    server = STORE.of(ctx, key)
    given = _headers(validation.known(ctx, ctx.request.json(), ("headers",)))
    if len({**(server.sealed.get("headers") or {}), **given}) > MOST_HEADERS:
        raise invalid("headers", f"must be at most {MOST_HEADERS} together with the stored ones")
    took = chance.about(ctx.world.seed, "mcp", server.id).randint(40, 400)
    if _host(server.settings["url"]).rstrip(".").endswith(".invalid"):
        return Answer(body={"ok": False, "duration_ms": took, "error": "The server could not be reached"})
    tools = [
        {"name": name, "description": description, "input_schema": _schema(parameters)}
        for name, description, parameters in TOOLS
    ]
    return Answer(body={"ok": True, "duration_ms": took, "tools": tools})


def _schema(parameters: tuple[str, ...]) -> dict:
    properties = {name: {"type": "string"} for name in parameters}
    return {"type": "object", "properties": properties, "required": list(parameters)}


ROUTES: Routes = [*STORE.routes("/mcp-servers"), ("POST", "/mcp-servers/{id}/test", test)]
