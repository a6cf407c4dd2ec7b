"""In a change a null clears, an absent field stays, a value is kept: for any row of changes."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.catalog import DEFAULTS
from tests.sandbox.generated_requests import contract
from tests.sandbox.populated_sandbox import filled

LOOSE = ("updated_at", "agent_name", "workflow_name", "transfer_trunk_name")  # they follow from the others
TEXT = st.text("abc é", min_size=1, max_size=6)
CHANGES = {
    "/assistants": (
        DEFAULTS,
        {
            "business_name": TEXT,
            "first_message": TEXT,
            "is_active": st.booleans(),
            "max_duration_seconds": st.integers(1, 900),
            "voicemail_detection": st.booleans(),
            "webhook_events": st.lists(st.sampled_from(["status-update", "tool-calls"]), max_size=2),
            "llm_config": st.just({"provider": "mistral", "model": "mistral-large-latest"}),
        },
    ),
    "/numbers": (
        {"name": None, "agent_id": None, "workflow_id": None, "transfer_trunk_id": None},
        {
            "name": TEXT,
            "agent_id": st.just("{assistant}"),
            "workflow_id": st.just("{workflow}"),
            "transfer_trunk_id": st.just("{trunk}"),
        },
    ),
    "/campaigns": ({"system_message_template": None}, {"system_message_template": TEXT}),
    "/mcp-servers": (
        {"transport": "streamable_http", "timeout_seconds": 20},
        {"transport": st.just("sse"), "timeout_seconds": st.integers(5, 60)},
    ),
    "/tool-templates": (
        {"description": None, "tool_config": {}},
        {"description": TEXT, "tool_config": st.just({"a": 1})},
    ),
    "/workflows": ({"is_active": True}, {"is_active": st.booleans()}),
}
ONE = {"/assistants": "assistant", "/numbers": "number", "/campaigns": "campaign", "/mcp-servers": "server",
       "/tool-templates": "tool", "/workflows": "workflow"}  # fmt: skip
PATCHES = st.sampled_from(sorted(CHANGES)).flatmap(
    lambda path: st.tuples(
        st.just(path),
        st.lists(
            st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in CHANGES[path][1].items()}),
            min_size=1,
            max_size=4,
        ),
    )
)


@contract
@given(wanted=PATCHES)
def test_in_a_change_null_clears_and_absent_stays(populated_sandbox, wanted):
    path, changes = wanted
    defaults = CHANGES[path][0]
    with populated_sandbox() as populated:
        ids = populated.ids["bloom"]
        url = f"{path}/{ids[ONE[path]]}"
        (expected,) = populated.bloom.get(url).json().values()
        for change in changes:
            body = filled(change, ids)
            answer = populated.bloom.patch(url, json=body)
            assert answer.status_code == 200, answer.text
            expected |= {name: defaults[name] if value is None else value for name, value in body.items()}
            for response in (answer, populated.bloom.get(url)):
                (seen,) = response.json().values()
                assert {name: seen[name] for name in expected if name not in LOOSE} == {
                    name: expected[name] for name in expected if name not in LOOSE
                }
