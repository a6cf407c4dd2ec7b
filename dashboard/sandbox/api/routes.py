"""Which operation a request is meant for: every path of voicedock-api.md §3."""

import re
from collections.abc import Callable

from ..errors import Refusal
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

ROOMS = (
    calls, campaigns, numbers, assistants, workflows, organizations, usage, voices, trunks, byok, tool_templates,
    analysis_templates, mcp_servers, domains, chats,
)  # fmt: skip


def find(method: str, path: str) -> tuple[Callable, tuple[str, ...]]:
    """The operation and the ids in its path; 405 for a path that has other methods, else 404."""
    methods = []
    for wanted, pattern, operation in TABLE:
        if found := pattern.fullmatch(path):
            if wanted == method:
                return operation, tuple(found.groups())
            methods.append(wanted)
    raise Refusal(405 if methods else 404)


def _pattern(path: str) -> re.Pattern:
    return re.compile(re.sub(r"\{\w+\}", r"([^/]+)", path) + "/?")


TABLE = [(method, _pattern(path), operation) for room in ROOMS for method, path, operation in room.ROUTES]
