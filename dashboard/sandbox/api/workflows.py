"""Workflows (voicedock-api.md §9.3): a graph that can be attached to a number.

A workflow is `{id, name, is_active, definition}`, a summary of it has eight fields (§17 2). The sandbox's own choice:
`name` is required, and a graph at the top level of a body is used as the definition. No call of the sandbox follows
a graph: conversations come from its scripts.
"""

from typing import Any

from ..errors import ApiError
from ..records import StoredResource
from . import validation, workflow_graph
from .context import Context, Routes
from .crud import CrudEndpoints

GRAPH = ("version", "entry_node", "global_prompt", "nodes", "edges")
DEFAULTS = {"name": None, "is_active": True}


def _validated(ctx: Context, body: dict[str, Any], before: StoredResource | None) -> dict[str, Any]:
    body = validation.known(ctx, body, [*DEFAULTS, "definition", *GRAPH])
    flat = {name: body.pop(name) for name in GRAPH if name in body}
    if flat and "definition" not in body:
        body["definition"] = flat
    validation.required(body, ("name", "definition"), changing=before is not None)
    validation.text(body, "name", empty=False)
    validation.boolean(body, "is_active")
    if "definition" in body:
        _check_definition(validation.mapping(body, "definition"))
    return body


def _check_definition(definition: dict[str, Any]) -> None:
    """400 with every error in `details` (§2.1)."""
    if found := workflow_graph.errors(definition):
        code = "realtime_provider_not_allowed_per_node" if workflow_graph.has_realtime(definition) else ""
        extra = {"details": found[:50]} | ({"code": code} if code else {})
        raise ApiError(400, code=code, title="Invalid workflow definition", field="definition", extra=extra)


def _summary(ctx: Context, workflow: StoredResource) -> dict[str, Any]:
    definition = workflow.settings["definition"]
    counts = {"node_count": len(definition["nodes"]), "edge_count": len(definition.get("edges") or [])}
    return _common_fields(workflow) | {"entry_node": definition["entry_node"]} | counts


def _serialize(ctx: Context, workflow: StoredResource) -> dict[str, Any]:
    return _common_fields(workflow) | {"definition": workflow.settings["definition"]}


def _common_fields(workflow: StoredResource) -> dict[str, Any]:
    return {name: workflow.settings.get(name, default) for name, default in DEFAULTS.items()}


def _check_deletable(ctx: Context, workflow: StoredResource) -> None:
    attached = sum(number.workflow_id == workflow.id for number in ctx.all_own("numbers"))
    if attached:
        numbers = f"{attached} phone number{'s' if attached > 1 else ''}"
        detach = "Detach it first (PATCH /numbers/{id} with workflow_id: null)."
        raise ApiError(409, title=f"Workflow is attached to {numbers}. {detach}")


ENDPOINTS = CrudEndpoints(
    "workflows", "Workflow", "workflow", "workflows", _validated, _serialize, _check_deletable, _summary
)

ROUTES: Routes = ENDPOINTS.routes("/workflows")
