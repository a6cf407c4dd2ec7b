"""The table of operations: every path of voicedock-api.md §3."""

import re
from collections.abc import Callable

from ..errors import ApiError
from ..http_messages import Response
from . import (
    analysis_templates,
    assistants,
    byok,
    calls,
    campaigns,
    chats,
    domains,
    mcp_servers,
    numbers,
    organizations,
    tool_templates,
    trunks,
    usage,
    voices,
    workflows,
)

RESOURCES = (
    calls, campaigns, numbers, assistants, workflows, organizations, usage, voices, trunks, byok, tool_templates,
    analysis_templates, mcp_servers, domains, chats,
)  # fmt: skip


def find(method: str, path: str) -> tuple[Callable[..., Response], tuple[str, ...]]:
    """The operation and the ids in its path; 405 for a path that has other methods, else 404."""
    methods = []
    for wanted, pattern, operation in TABLE:
        if found := pattern.fullmatch(path):
            if wanted == method:
                return operation, tuple(found.groups())
            methods.append(wanted)
    raise ApiError(405 if methods else 404)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", r"([^/]+)", path) + "/?")


TABLE = [(method, _pattern(path), operation) for resource in RESOURCES for method, path, operation in resource.ROUTES]
