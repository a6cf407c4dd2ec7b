"""Workflows: validation of graphs, their responses, and workflows in use (voicedock-api.md §9.3)."""

import pytest

from tests.sandbox.test_operations import GRAPH


def test_a_workflow_on_a_number_cannot_be_deleted(bloom, ids):
    number = f"/numbers/{ids.number['+31205550142']}"
    flow = bloom.post("/workflows", json={"name": "Night", "definition": GRAPH}).json()["workflow"]
    assert bloom.patch(number, json={"workflow_id": flow["id"]}).json()["number"]["workflow_name"] == "Night"
    refused = bloom.delete(f"/workflows/{flow['id']}")
    assert refused.status_code == 409 and "attached to 1 phone number" in refused.json()["error"]
    bloom.patch(number, json={"workflow_id": None})
    assert bloom.delete(f"/workflows/{flow['id']}").status_code == 200
    missing = bloom.patch(number, json={"workflow_id": flow["id"]})
    assert missing.status_code == 404 and missing.json()["details"][0].startswith("workflow_id:")


def _node(**more):
    return GRAPH | {"nodes": [GRAPH["nodes"][0] | more, GRAPH["nodes"][1]]}


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        ({}, "version must be 1"),
        (GRAPH | {"version": True}, "version must be 1"),
        (GRAPH | {"entry_node": "bye"}, "entry_node must be the id of a conversation node"),
        (GRAPH | {"nodes": "none"}, "nodes must be a list of at least one object"),
        (_node(id="Hello"), "nodes[0].id must be"),
        (_node(id="h" * 42), "nodes[0].id must be"),
        (_node(id="bye"), "nodes[1].id bye is already taken"),
        (_node(type="menu"), "nodes[0].type must be one of"),
        (_node(instructions=None), "nodes[0].instructions is required"),
        (_node(type="transfer", destination="020"), "nodes[0].destination must be a phone number"),
        (_node(**{"global": True}), "nodes[0].global_description is required"),
        (_node(voice="v", tts_config={}), "nodes[0].voice cannot be combined"),
        (_node(llm_config={"provider": "xai_realtime", "model": "m"}), "nodes[0].llm_config.provider must be one of"),
        (GRAPH | {"edges": [GRAPH["edges"][0] | {"to": "nowhere"}]}, "edges[0].to must be the id of a node"),
        (GRAPH | {"edges": [GRAPH["edges"][0] | {"to": "hello"}]}, "edges[0] leads back"),
        (GRAPH | {"edges": GRAPH["edges"] * 2}, "edges[1] joins the same nodes"),
        (GRAPH | {"edges": [{"from": "hello", "to": "bye"}]}, "edges[0].description is required"),
    ],
)
def test_an_invalid_graph_has_its_errors_in_details(bloom, definition, error):
    answer = bloom.post("/workflows", json={"name": "x", "definition": definition})
    assert answer.status_code == 400 and answer.json()["error"] == "Invalid workflow definition"
    assert any(detail.startswith(error) for detail in answer.json()["details"]), answer.json()["details"]


def test_a_flat_graph_is_accepted_and_a_list_has_summaries(bloom):
    made = bloom.post("/workflows", json={"name": "x"} | GRAPH).json()["workflow"]
    assert made["definition"] == GRAPH and "nodes" not in made
    (brief,) = bloom.get("/workflows").json()["workflows"]
    assert len(brief) == 8
    assert (brief["entry_node"], brief["node_count"], brief["edge_count"]) == ("hello", 2, 1)
    assert "definition" not in brief and "nodes" not in brief


def _flow(edges, *kinds):
    """The usual graph with nodes of these kinds beside, n0, n1, …."""
    needed = {"tool": {"tool_name": "t"}, "transfer": {"destination": "+31612340042"}, "end": {},
              "conversation": {"instructions": "i"}}  # fmt: skip
    nodes = [{"id": f"n{at}", "type": kind} | needed[kind] for at, kind in enumerate(kinds)]
    joined = [{"from": start, "to": stop, "description": "d"} for start, stop in edges]
    return GRAPH | {"nodes": [*GRAPH["nodes"], *nodes], "edges": joined}


@pytest.mark.parametrize("definition", [_flow([]), {k: v for k, v in GRAPH.items() if k != "edges"},
                                        _flow([("hello", "n0"), ("n0", "n1")], "tool", "end")])  # fmt: skip
def test_edges_are_optional_and_a_tool_may_lead_on(bloom, definition):
    made = bloom.post("/workflows", json={"name": "x", "definition": definition})
    assert made.status_code == 201, made.text
    assert made.json()["workflow"]["definition"] == definition
    (summary,) = bloom.get("/workflows").json()["workflows"]
    assert summary["edge_count"] == len(definition.get("edges", []))


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        (_flow([("n0", "hello")], "transfer"), "edges[0].from is a node of type transfer"),
        (_flow([("n0", "hello")], "end"), "edges[0].from is a node of type end"),
        (_flow([("n0", "hello"), ("n0", "n1")], "tool", "end"), "edges[1].from is a tool node that already has"),
    ],
)
def test_terminal_nodes_have_no_outgoing_edges(bloom, definition, fault):
    answer = bloom.post("/workflows", json={"name": "x", "definition": definition})
    assert answer.status_code == 400 and any(detail.startswith(fault) for detail in answer.json()["details"])


@pytest.mark.parametrize("shape", "ABC")
def test_a_realtime_model_in_a_node_has_a_code_of_its_own_in_every_shape(sandbox, bloom, shape):
    sandbox.state.options.error_shape = shape
    graph = _node(llm_config={"provider": "openai_live", "model": "gpt-live-1"})
    body = bloom.post("/workflows", json={"name": "x", "definition": graph}).json()
    assert (body["error"] if shape == "B" else body)["code"] == "realtime_provider_not_allowed_per_node"
