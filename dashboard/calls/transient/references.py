"""What a one-time assistant must not name: records of VoiceDock that may be another client's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.voicedock.configuration import NAMED_SCHEMAS, SCHEMA_VALUES

FOREIGN_RECORD = (
    "VoiceDock’s {what} belong to the whole organization, and Patchbay does not know which of them are yours. "
    "Leave it out."
)
NOT_INSIDE = "A one-time assistant does not name {what}: {instead}. Leave it out."
UNKNOWN_RECORD = "This names a record by its id, and Patchbay does not know whether that is yours. Leave it out."
MCP, TOOLS = "MCP servers", "tool templates"
FOREIGN = {
    "agent template": "assistant templates",
    "analysis template": "analysis templates",
    "collection": "collections of documents",
    "file": "files",
    "knowledge base": "knowledge bases",
    "mcp server": MCP,
    "sip trunk": "SIP trunks",
    "tool": TOOLS,
    "tool template": TOOLS,
    "transfer trunk": "SIP trunks",
    "trunk": "SIP trunks",
    "vector store": "collections of documents",
    "workflow": "workflows",
}
INSTEAD = {
    "agent": ("a saved assistant", "it speaks itself"),
    "assistant": ("a saved assistant", "it speaks itself"),
    "number": ("a line", "you choose one when you call"),
    "phone number": ("a line", "you choose one when you call"),
}
WRITTEN_AS_ONE = {  # `TOOLIDS`, `mcpserverid`
    f"{known.replace(' ', '')}{end}": f"{known} {end}" for known in (*FOREIGN, *INSTEAD) for end in ("id", "ids")
}
WITHOUT_ID = {"analysis template", "knowledge base", "mcp server", "sip trunk", "tool template", "transfer trunk"}
WITHOUT_ID |= {"workflow", "assistant", "agent"}  # as the names of objects or texts
NAMES_NOTHING = {"voice id", "tool call id"}  # of a voice at its provider, and of a line of the conversation
SCHEMA_NAMES = {"parameters", "schema", "input_schema"}
FREE_NAMES = {*NAMED_SCHEMAS, "dependentRequired"}  # in a schema: the names in it are the person's own
Found = Iterator[tuple[str, str]]


def reference_errors(configuration: Mapping[str, Any]) -> Found:
    """By path: every name that refers to a record of VoiceDock, at any depth.

    One key of VoiceDock reaches the whole organization, so an id in a configuration would reach what is assigned to
    another client, or to none. The rule is an allow-list: refused are the references that VoiceDock documents, and
    every name that ends in `id` or `ids` as a word of its own, in any spelling (`tool_ids`, `toolIds`, `tool-ids`),
    since VoiceDock may read names that it does not document. `NAMES_NOTHING` is allowed. So are the names of
    parameters in the JSON schema of a tool, and `metadata`, which VoiceDock only echoes.
    """
    for name, value in configuration.items():
        if name != "metadata":
            yield from _named(name, value, name)


def _named(name: str, value: Any, path: str) -> Found:
    if words := _refusal(name):
        yield path, words
    elif name in SCHEMA_NAMES and isinstance(value, dict):
        yield from _in_schema(value, path)
    else:
        yield from _inside(value, path)


def _inside(value: Any, path: str) -> Found:
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from _inside(item, f"{path}[{at}]")
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        yield from _named(name, item, f"{path}.{name}")
    if str(value.get("type", "")).lower() == "mcp":
        yield f"{path}.mcp_server_id", FOREIGN_RECORD.format(what=MCP)


def _in_schema(schema: Any, path: str) -> Found:
    if isinstance(schema, list):
        for at, item in enumerate(schema):
            yield from _in_schema(item, f"{path}[{at}]")
    if not isinstance(schema, dict):
        return
    for name, item in schema.items():
        inner = f"{path}.{name}"
        if name in FREE_NAMES and isinstance(item, dict):
            for parameter, described in item.items():
                yield from _in_schema(described, f"{inner}.{parameter}")
        elif words := _refusal(name):
            yield inner, words
        elif name not in SCHEMA_VALUES:
            yield from _in_schema(item, inner)


def _refusal(name: str) -> str:
    """Why this name is refused, or ""."""
    words = _words_of(name)
    stem, is_id = re.subn(r"(?:^| )ids?$", "", words)
    known = next((one for one in (stem, stem.removesuffix("s")) if one in FOREIGN or one in INSTEAD), "")
    if words in NAMES_NOTHING or not (is_id or (known in WITHOUT_ID)):
        return ""
    if known in INSTEAD:
        what, instead = INSTEAD[known]
        return NOT_INSIDE.format(what=what, instead=instead)
    return FOREIGN_RECORD.format(what=FOREIGN[known]) if known else UNKNOWN_RECORD


def _words_of(name: str) -> str:
    """`toolTemplateIDs`, `tool_template_ids` and `TOOL-TEMPLATE-IDS` are `tool template ids`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = " ".join(re.findall(r"[a-z0-9]+", spaced.lower()))
    return WRITTEN_AS_ONE.get(words, words)
