"""The analysis of a call follows its assistant's plan (voicedock-api.md §8, §17 13)."""

import pytest

PROPERTIES = {
    "outcome": {"type": "string", "enum": ["booked", "call_back", "other"]},
    "day": {"type": "string"},
    "score": {"type": "integer"},
}


def plan(*, enabled=True, threshold=None, required=(), **schema):
    schema = {"type": "object", "properties": PROPERTIES, "required": list(required)} | schema
    made = {"structured_data_plan": {"enabled": enabled, "schema": schema}}
    return made | ({"min_messages_threshold": threshold} if threshold else {})


@pytest.fixture
def analysed(sandbox, bloom, ids, place):
    """`analysis_result` of a whole call of an assistant with this plan."""

    def analysed(wanted):
        changed = bloom.patch(f"/assistants/{ids.assistant['Recall NL']}", json={"analysis_plan": wanted})
        assert changed.status_code == 200, changed.text
        call = place(bloom)
        sandbox.advance(900)
        return bloom.get(f"/calls/{call}").json()["analysis_result"]

    return analysed


@pytest.mark.parametrize("wanted", [None, {}, plan(enabled=False), {"structured_data_plan": {}}, plan(threshold=500)])
def test_no_analysis_without_a_plan_or_enough_messages(analysed, wanted):
    assert analysed(wanted) is None


def test_the_result_has_the_shape_of_the_schema(analysed):
    found = analysed(plan(required=["outcome", "score"]))
    assert set(found) <= set(PROPERTIES) and {"outcome", "score"} <= set(found)
    assert found["outcome"] in PROPERTIES["outcome"]["enum"] and found["score"] == 0


def test_a_property_without_a_value_is_left_out_unless_required(analysed):
    assert "score" not in analysed(plan())


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"structured_data_plan": []}, "analysis_plan.structured_data_plan"),
        (plan(enabled="yes"), "analysis_plan.structured_data_plan.enabled"),
        (plan(properties={"x": 1}), "analysis_plan.structured_data_plan.schema.properties"),
        ({"min_messages_threshold": 0}, "analysis_plan.min_messages_threshold"),
        (
            {"structured_data_plan": {"messages": [{"role": "system"}]}},
            "analysis_plan.structured_data_plan.messages[0].content",
        ),
    ],
)
def test_a_plan_of_another_shape_is_refused(bloom, wanted, field):
    refused = bloom.post("/assistants", json={"name": "x", "analysis_plan": wanted})
    assert refused.status_code == 400 and refused.json()["details"][0].startswith(f"{field}:")
