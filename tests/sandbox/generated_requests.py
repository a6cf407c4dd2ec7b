"""Generated requests of every kind, valid and invalid."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dashboard.sandbox.catalog import DEFAULTS
from tests.sandbox.test_operations import OPERATIONS

contract = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

EDGE_VALUES = (
    None, True, "", " ", "\x00", "Ω" * 9, -1, 0, 1.5, 61, 10**30, 1e308, [], {}, [[]], [{}], [7], {"a": {}},
    "+31612340042", "+٣١٦١٢٣٤٠٠٤٢", "25:00", "09:00", "0٣:00", "Europe/Nowhere", "../../etc/passwd", "Europe",
    "https://[", "https://10.1.1.1/", "https://tools.example:99999/", "http://hooks.example/in", "scheduled",
    "function", [{"phone_number": 7}], {"provider": []}, {"provider": "openai", "model": "gpt-5", "tools": [{}, 7]},
    {"provider": "xai_realtime", "model": "gpt-live-1"}, {"first_message_outbound": 7},
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SCHEDULE = ("schedule_start_time", "schedule_end_time", "timezone", "system_message_template", "assistant_id")
FIELDS = {  # what can be written, by the first part of a path
    "outbound": ("assistant_id", "assistant", "assistant_override", "number_id", "destination", "first_message"),
    "control": ("type", "content", "message", "trigger_response", "end_after"),
    "campaigns": ("name", "agent_id", "status", "leads", *SCHEDULE),
    "leads": ("phone_number", "variables"),
    "numbers": ("phone_number", "agent_id", "assistant_id", "transfer_trunk_id", "workflow_id", "name", "is_active"),
    "assistants": tuple(DEFAULTS),
    "agents": ("name", "agent_id", "id"),
    "workflows": ("name", "definition", "nodes", "is_active", "sealed", "id"),
    "organizations": ("name", "parent_org_id", "content_retention_days", "metadata_retention_days"),
    "sip-trunks": ("name", "provider", "address", "transport", "auth_password", "sealed"),
    "byok": ("provider", "api_key"),
    "config": ("provider", "config"),
    "tool-templates": ("name", "description", "tool_type", "tool_config", "org_id"),
    "analysis-templates": ("name", "description", "system_prompt", "user_prompt", "schema"),
    "mcp-servers": ("name", "url", "transport", "headers", "timeout_seconds"),
    "test": ("headers",),
    "domains": ("domain_name", "resendDomainId"),
    "chats": ("text", "id", "sealed", "created_at"),
}  # fmt: skip
WRITES = [operation for operation in OPERATIONS if operation[2]]
QUERY = st.dictionaries(
    st.sampled_from(["limit", "offset", "status", "start_date", "end_date", "include_children", "x"]),
    st.text(max_size=6) | st.integers().map(str) | st.datetimes().map(lambda at: at.isoformat()) | st.just("ended"),
    max_size=3,
)


def area(path):
    """The last part of the path that has fields, otherwise its first part."""
    parts = path.strip("/").split("/")
    return parts[-1] if parts[-1] in FIELDS else parts[0]


def _edits(operation):
    fields = FIELDS.get(area(operation[1]), ("x",))
    return st.dictionaries(st.sampled_from(fields), st.sampled_from(EDGE_VALUES) | JSON, max_size=2)


REQUESTS = st.sampled_from(OPERATIONS + 2 * WRITES).flatmap(
    lambda operation: st.tuples(st.just(operation), _edits(operation), st.integers(0, 9).map(lambda n: n == 0), QUERY)
)
