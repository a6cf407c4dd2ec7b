"""Validation of a workflow's definition (voicedock-api.md §9.3); all errors are returned together.

`edges` may be left out, `transfer` and `end` nodes are terminal, a `tool` node has at most one outgoing edge (§17 2).
The sandbox's own choice: the wording, and that two edges are duplicates when they join the same two nodes.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from ..catalog import PIPELINE, REALTIME
from . import validation

VERSION = 1
NODE_ID = re.compile("[a-z][a-z0-9_]{0,40}")
REQUIRED = {"conversation": ("instructions",), "tool": ("tool_name",), "transfer": ("destination",), "end": ()}
TERMINAL = ("transfer", "end")
TEXTS = ("instructions", "first_line", "tool_name", "url", "destination", "global_description", "voice")


def errors(definition: dict[str, Any]) -> list[str]:
    """All errors; empty when the definition is valid."""
    return list(_definition_errors(definition))


def has_realtime(definition: dict[str, Any]) -> bool:
    """Whether a node has a realtime model, which is not allowed (§2.3)."""
    nodes = definition.get("nodes")
    configs = [node.get("llm_config") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return any(isinstance(config, dict) and config.get("provider") in REALTIME for config in configs)


def _definition_errors(definition: dict[str, Any]) -> Iterator[str]:
    nodes, edges = definition.get("nodes"), definition.get("edges", [])
    if definition.get("version") != VERSION or isinstance(definition["version"], bool):
        yield f"version must be {VERSION}"
    if definition.get("global_prompt") is not None and not isinstance(definition["global_prompt"], str):
        yield "global_prompt must be a string"
    if not _objects(nodes) or not nodes:
        yield "nodes must be a list of at least one object"
        return
    kinds: dict[str, object] = {}
    for index, node in enumerate(nodes):
        key = node.get("id")
        if not isinstance(key, str) or not NODE_ID.fullmatch(key):
            yield f"nodes[{index}].id must be a lowercase letter and up to 40 lowercase letters, digits or underscores"
        elif key in kinds:
            yield f"nodes[{index}].id {key} is already taken"
        else:
            kinds[key] = node.get("type")
        yield from (f"nodes[{index}].{error}" for error in _node_errors(node))
    entry = definition.get("entry_node")
    if not isinstance(entry, str) or kinds.get(entry) != "conversation":
        yield "entry_node must be the id of a conversation node"
    if not _objects(edges):
        yield "edges must be a list of objects"
        return
    yield from _edge_errors(edges, kinds)


def _node_errors(node: dict[str, Any]) -> Iterator[str]:
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in REQUIRED:
        yield f"type must be one of {', '.join(REQUIRED)}"
        return
    for name in TEXTS:
        if node.get(name) is not None and not isinstance(node[name], str):
            yield f"{name} must be a string"
        elif name in REQUIRED[kind] and not node.get(name):
            yield f"{name} is required"
    destination = node.get("destination")
    if kind == "transfer" and isinstance(destination, str) and not validation.E164.fullmatch(destination):
        yield "destination must be a phone number in E.164 format"
    if kind == "conversation":
        yield from _conversation_errors(node)


def _conversation_errors(node: dict[str, Any]) -> Iterator[str]:
    if node.get("global") and not node.get("global_description"):
        yield "global_description is required for a global node"
    if node.get("voice") is not None and node.get("tts_config") is not None:
        yield "voice cannot be combined with tts_config"
    for name in ("llm_config", "stt_config", "tts_config"):
        if node.get(name) is not None and not isinstance(node[name], dict):
            yield f"{name} must be an object"
    config = node.get("llm_config")
    if isinstance(config, dict) and config.get("provider") not in PIPELINE:
        yield f"llm_config.provider must be one of {', '.join(PIPELINE)}"


def _edge_errors(edges: list[dict[str, Any]], kinds: dict[str, object]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    with_outgoing: set[str] = set()  # tool nodes that have an edge
    for index, edge in enumerate(edges):
        ends = edge.get("from"), edge.get("to")
        unknown = [name for name, end in zip(("from", "to"), ends, strict=True) if not _known(end, kinds)]
        yield from (f"edges[{index}].{name} must be the id of a node" for name in unknown)
        if not unknown:
            if ends[0] == ends[1]:
                yield f"edges[{index}] leads back to its own node"
            elif ends in seen:
                yield f"edges[{index}] joins the same nodes as another"
            seen.add(ends)  # type: ignore[arg-type]
            kind = kinds[str(ends[0])]
            if kind in TERMINAL:
                yield f"edges[{index}].from is a node of type {kind}, which ends the workflow"
            elif kind == "tool" and ends[0] in with_outgoing:
                yield f"edges[{index}].from is a tool node that already has an outgoing edge"
            elif kind == "tool":
                with_outgoing.add(str(ends[0]))
            described = isinstance(edge.get("description"), str) and edge["description"].strip()
            if not described and kind != "tool":
                yield f"edges[{index}].description is required"


def _known(end: object, kinds: dict[str, object]) -> bool:
    return isinstance(end, str) and end in kinds


def _objects(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
