"""Workflows (voicedock-api.md §9.3): a graph that a number can be given.

A workflow is `{id, name, is_active, definition}`, a summary of it has eight fields (§17 2). The sandbox's own choice:
`name` is required, and a graph at the top level of a body is taken for the definition. No call of the sandbox follows
a graph: conversations come from its scripts.
"""

from ..errors import Refusal
from ..records import Kept
from . import graph, validation
from .context import Context, Routes
from .store import Store

GRAPH = ("version", "entry_node", "global_prompt", "nodes", "edges")
DEFAULTS = {"name": None, "is_active": True}


def _fields(ctx: Context, body: dict, before: Kept | None) -> dict:
    body = validation.known(ctx, body, [*DEFAULTS, "definition", *GRAPH])
    flat = {name: body.pop(name) for name in GRAPH if name in body}
    if flat and "definition" not in body:
        body["definition"] = flat
    validation.needed(body, ("name", "definition"), changing=before is not None)
    validation.text(body, "name", empty=False)
    validation.boolean(body, "is_active")
    if "definition" in body:
        _check(validation.mapping(body, "definition"))
    return body


def _check(definition: dict) -> None:
    """400 with every fault in `details` (§2.1)."""
    if found := graph.faults(definition):
        code = "realtime_provider_not_allowed_per_node" if graph.realtime(definition) else ""
        extra = {"details": found[:50]} | ({"code": code} if code else {})
        raise Refusal(400, code=code, title="Invalid workflow definition", field="definition", extra=extra)


def _summary(ctx: Context, workflow: Kept) -> dict:
    definition = workflow.settings["definition"]
    counts = {"node_count": len(definition["nodes"]), "edge_count": len(definition.get("edges") or [])}
    return _shared(workflow) | {"entry_node": definition["entry_node"]} | counts


def _whole(ctx: Context, workflow: Kept) -> dict:
    return _shared(workflow) | {"definition": workflow.settings["definition"]}


def _shared(workflow: Kept) -> dict:
    return {name: workflow.settings.get(name, usual) for name, usual in DEFAULTS.items()}


def _in_use(ctx: Context, workflow: Kept) -> None:
    attached = sum(number.workflow_id == workflow.id for number in ctx.all_own("numbers"))
    if attached:
        numbers = f"{attached} phone number{'s' if attached > 1 else ''}"
        detach = "Detach it first (PATCH /numbers/{id} with workflow_id: null)."
        raise Refusal(409, title=f"Workflow is attached to {numbers}. {detach}")


STORE = Store("workflows", "Workflow", "workflow", "workflows", _fields, _whole, _in_use, _summary)

ROUTES: Routes = STORE.routes("/workflows")
