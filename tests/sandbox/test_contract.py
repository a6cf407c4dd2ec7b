"""The contract, for any request: envelopes hold, totals add up, nulls clear, walls stand, refusals leave no trace."""

import copy
import pickle
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.catalog import DEFAULTS
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.snapshot import Snapshot
from dashboard.sandbox.wire import iso
from tests.sandbox.test_operations import BARE, LIMITS, OPERATIONS, furnish

START = 1_790_000_000.0
OURS = (("bloom", "+31205550142", "Recall NL"), ("agency", "+31105550161", "Dispatch desk"))
CALM = (400, 402, 403, 404, 405, 409)
contract = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

HARD = (
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
    "byok": ("provider", "api_key", "region"),
    "tool-templates": ("name", "description", "tool_type", "tool_config", "org_id"),
    "analysis-templates": ("name", "description", "system_prompt", "user_prompt", "schema"),
    "mcp-servers": ("name", "url", "transport", "headers", "timeout_seconds"),
    "domains": ("domain_name", "resendDomainId"),
    "chats": ("text", "id", "sealed", "created_at"),
}  # fmt: skip
WRITES = [one for one in OPERATIONS if one[2]]
QUERY = st.dictionaries(
    st.sampled_from(["limit", "offset", "status", "start_date", "end_date", "include_children", "x"]),
    st.text(max_size=6) | st.integers().map(str) | st.datetimes().map(lambda at: at.isoformat()) | st.just("ended"),
    max_size=3,
)


def _area(path):
    """The last part of it that has fields, the first one otherwise."""
    parts = path.strip("/").split("/")
    return parts[-1] if parts[-1] in FIELDS else parts[0]


def _edits(operation):
    fields = FIELDS.get(_area(operation[1]), ("x",))
    return st.dictionaries(st.sampled_from(fields), st.sampled_from(HARD) | JSON, max_size=2)


ASKED = st.sampled_from(OPERATIONS + 2 * WRITES).flatmap(
    lambda operation: st.tuples(st.just(operation), _edits(operation), st.integers(0, 9).map(lambda n: n == 0), QUERY)
)


@pytest.fixture(scope="module")
def furnished():
    """A world with something of everything for two organizations and one call each, to be copied."""
    with _open(app.make(seed=7, clock=ManualClock(START), world="small", deliver=lambda *_: None)) as scene:
        there = {}
        for name, number, title in (
            ("bloom", "+31205550142", "Recall NL"),
            ("agency", "+31105550161", "Dispatch desk"),
        ):
            world, client = scene.sandbox.world, getattr(scene, name)
            assistant = next(one.id for one in world.assistants.values() if one.name == title)
            number_id = next(one.id for one in world.numbers.values() if one.phone_number == number)
            there[name] = furnish(client, assistant, number_id)
            body = {"destination": "+31612340042", "assistant_id": assistant, "number_id": number_id}
            there[name]["call"] = client.post("/calls/outbound", json=body).json()["call_id"]
        scene.sandbox.advance(6)
        return SimpleNamespace(world=scene.sandbox.world, there=there)


@pytest.fixture(scope="module")
def scene(furnished):
    """`scene()` opens a fresh copy of that world: a sandbox, a client of each organization, and their ids."""

    def scene():
        sandbox = app.make(clock=ManualClock(START + 6), world=copy.deepcopy(furnished.world), deliver=lambda *_: None)
        return _open(sandbox, furnished.there)

    return scene


@contract
@given(asked=st.lists(ASKED, min_size=1, max_size=6), wild=JSON)
def test_any_request_gets_an_envelope_or_a_refusal_that_leaves_no_trace(scene, asked, wild):
    with scene() as here:
        for (method, path, body, status, keys), edits, mad, query in asked:
            before = _written(here.sandbox)
            answer = _ask(here.bloom, here.there["bloom"], method, path, wild if mad else (body or {}) | edits, query)
            assert all(name in answer.headers for name in LIMITS)
            told = answer.json()
            if answer.status_code in CALM:
                assert isinstance(told["error"], str) and _written(here.sandbox) == before, (method, path, told)
            else:
                assert answer.status_code == status, (method, path, told)
                assert keys <= set(told) if path in BARE else keys == set(told) or path == "/mcp-servers/{server}/test"


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: f"{one[0]} {one[1]}")
def test_every_field_stands_every_value(scene, operation):
    """Each is refused without a trace, or accepted, and then the world goes on with it."""
    method, path, body, status, keys = operation
    for field in FIELDS[_area(path)]:
        with scene() as here:
            here.sandbox.world.switches.requests_per_minute = here.sandbox.world.switches.commands_per_minute = 10**9
            before = _written(here.sandbox)
            for value in HARD:
                answer = _ask(here.bloom, here.there["bloom"], method, path, body | {field: value}, {})
                if answer.status_code in CALM:
                    assert _written(here.sandbox) == before, (field, value)
                    continue
                assert answer.status_code == status and answer.json().keys() == keys, (field, value, answer.text)
                _live_on(here.sandbox)
                before = _written(here.sandbox)


@contract
@given(asked=st.lists(ASKED, min_size=1, max_size=8))
def test_what_was_accepted_lets_the_world_go_on_and_can_be_written_down(scene, asked, tmp_path_factory):
    with scene() as here:
        for (method, path, body, *_), edits, _, query in asked:
            _ask(here.bloom, here.there["bloom"], method, path, (body or {}) | edits, query)
        _live_on(here.sandbox)
        file = Snapshot(tmp_path_factory.mktemp("world") / "world.jsonl")
        file.write(file.dump(here.sandbox.world))
        kept, _ = file.load()
        assert {kind: getattr(kept, kind) for kind in KEPT} == {
            kind: getattr(here.sandbox.world, kind) for kind in KEPT
        }


@contract
@given(asked=st.lists(ASKED, min_size=1, max_size=6), foreign=st.booleans())
def test_nothing_one_organization_asks_reaches_another(scene, asked, foreign):
    """Ids of the other one in paths and bodies do as little as ids of nobody."""
    with scene() as here:
        ours = _seen(here.bloom)
        theirs = here.there["bloom" if foreign else "agency"]
        names = set(here.there["bloom"].values())
        for (method, path, body, *_), edits, _, query in asked:
            answer = _ask(here.agency, theirs, method, path, (body or {}) | edits, query)
            if foreign and ("{" in path or _refers(body or {})):
                assert answer.status_code in (400, 404), (method, path, answer.text)
            assert not any(name in answer.text for name in names) or answer.status_code >= 400
        here.sandbox.limits.clear()
        assert _seen(here.bloom) == ours


@contract
@given(asked=ASKED, spent=st.integers(0, 3))
def test_a_429_does_nothing_whatever_is_asked(scene, asked, spent):
    with scene() as here:
        (method, path, body, *_), edits, _, query = asked
        here.sandbox.world.switches.requests_per_minute = spent
        for left in range(spent):
            assert here.bloom.get("/voices").headers["X-RateLimit-Remaining"] == str(spent - left - 1)
        before = _written(here.sandbox)
        answer = _ask(here.bloom, here.there["bloom"], method, path, (body or {}) | edits, query)
        if path == "/health":
            return
        assert answer.status_code == 429 and _written(here.sandbox) == before
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == (str(spent), "0")
        reset = int(answer.headers["X-RateLimit-Reset"])
        assert 0 < reset - here.sandbox.clock.wall() <= 61
        here.sandbox.advance(int(answer.headers["Retry-After"]))
        assert spent == 0 or here.bloom.get("/voices").status_code == 200


COMMANDS = st.sampled_from(
    [
        {"type": "say", "content": "One moment.", "end_after": False},
        {"type": "inject-context", "content": "Order 4417.", "trigger_response": True},
        {"type": "say"},
        {"type": []},
        {},
    ]
)


@contract
@given(commands=st.lists(COMMANDS, min_size=10, max_size=10), last=COMMANDS)
def test_the_eleventh_command_of_a_minute_is_not_heard(scene, commands, last):
    with scene() as here:
        call = here.there["bloom"]["call"]
        for command in commands:
            assert here.bloom.post(f"/calls/{call}/control", json=command).status_code in (200, 400)
        before = _written(here.sandbox)
        answer = here.bloom.post(f"/calls/{call}/control", json=last)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1
        assert _written(here.sandbox) == before
        other = here.there["agency"]["call"]
        assert here.agency.post(f"/calls/{other}/control", json=COMMANDS.elements[0]).status_code == 200


@pytest.fixture(scope="module")
def busy():
    """Forty calls, some of them over, and thirty templates; as many requests as one likes."""
    with _open(app.make(seed=7, clock=ManualClock(START), world="small", deliver=lambda *_: None)) as here:
        switches = here.sandbox.world.switches
        switches.requests_per_minute, switches.outcome, switches.analysis_templates = 10**9, "", "docs"
        assistant = here.bloom.get("/assistants").json()["assistants"][0]["id"]
        for serial in range(40):
            here.bloom.post("/calls/outbound", json={"destination": "+31612340042", "assistant_id": assistant})
            here.sandbox.advance((0, 7, 45)[serial % 3])
            if serial < 30:
                template = {"name": str(serial), "system_prompt": "a", "user_prompt": "b", "schema": {}}
                assert here.bloom.post("/analysis-templates", json=template).status_code == 201
        yield here


MOMENTS = st.none() | st.integers(-60, 800).map(lambda after: START + after)
STATUSES = st.sampled_from(["", "ended", "in-progress", "in_progress", "failed", "dialing", "nonsense"])


@contract
@given(limit=st.integers(1, 60), status=STATUSES, start=MOMENTS, stop=MOMENTS, usage=st.booleans())
def test_pages_of_calls_and_usage_add_up_to_what_the_filter_finds(busy, limit, status, start, stop, usage):
    path, key = ("/usage", "logs") if usage else ("/calls", "calls")
    whole = busy.bloom.get(path, params={"limit": 1000}).json()[key]
    wanted = [
        one["id"]
        for one in whole
        if (usage or not status or one["status"] == status.replace("_", "-"))
        and (start is None or one["created_at"] >= iso(start))
        and (stop is None or one["created_at"] <= iso(stop))
    ]
    chosen = {"status": status, "start_date": start and iso(start), "end_date": stop and iso(stop)}
    query = {name: value for name, value in chosen.items() if value}
    found, pages = _walk(busy.bloom, path, key, query, limit)
    assert found == wanted and len(set(found)) == len(found)
    assert {page["pagination"]["total"] for page in pages} == {len(wanted)}
    assert all(page["pagination"]["limit"] == limit for page in pages)
    if usage:
        seconds = sum(one["duration_sec"] for page in pages for one in page["logs"])
        totals = {(page["summary"]["total_calls"], page["summary"]["total_duration_seconds"]) for page in pages}
        assert totals == {(len(wanted), seconds)}


@contract
@given(limit=st.integers(1, 100))
def test_pages_of_templates_add_up(busy, limit):
    found, pages = _walk(busy.bloom, "/analysis-templates", "data", {}, limit)
    assert len(set(found)) == len(found) == 30
    assert {(page["total"], page["limit"]) for page in pages} == {(30, limit)}


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
    "/workflows": ({"description": None, "is_active": True}, {"description": TEXT, "is_active": st.booleans()}),
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
def test_in_a_change_null_clears_and_absent_stays(scene, wanted):
    path, changes = wanted
    defaults = CHANGES[path][0]
    with scene() as here:
        there = here.there["bloom"]
        url = f"{path}/{there[ONE[path]]}"
        (expected,) = here.bloom.get(url).json().values()
        for change in changes:
            sent = _filled(change, there)
            answer = here.bloom.patch(url, json=sent)
            assert answer.status_code == 200, answer.text
            expected |= {name: defaults[name] if value is None else value for name, value in sent.items()}
            for told in (answer, here.bloom.get(url)):
                (seen,) = told.json().values()
                assert {name: seen[name] for name in expected if name not in LOOSE} == {
                    name: expected[name] for name in expected if name not in LOOSE
                }


LOOSE = ("updated_at", "agent_name", "workflow_name", "transfer_trunk_name")  # they follow from the others
KEPT = (
    "organizations", "keys", "numbers", "assistants", "trunks", "workflows", "tool_templates", "analysis_templates",
    "mcp_servers", "domains", "chats", "vaults", "calls", "campaigns", "leads", "switches",
)  # fmt: skip
LISTS = sorted({path for method, path, *_ in OPERATIONS if method == "GET" and "{" not in path and path != "/health"})


class _open(ExitStack):
    """A sandbox with a client of each of its two organizations."""

    def __init__(self, sandbox, there=None):
        super().__init__()
        self.sandbox, self.there = sandbox, there
        self.bloom = self.enter_context(inprocess.client(sandbox, "sandbox-bloom", timeout=8))
        self.agency = self.enter_context(inprocess.client(sandbox, "sandbox-agency", timeout=8))


def _ask(client, there, method, path, body, query):
    url = path.format(**{name: quote(key, safe="") for name, key in there.items()})
    return client.request(method, url, json=_filled(body, there) if method != "GET" else None, params=query)


def _refers(body):
    return any(
        isinstance(value, str) and value.startswith("{") for name, value in body.items() if name != "user_prompt"
    )


def _filled(body, there):
    if not isinstance(body, dict):
        return body
    return {
        name: there.get(value.strip("{}"), value) if isinstance(value, str) else value for name, value in body.items()
    }


def _live_on(sandbox):
    """A day passes in which every campaign may dial."""
    sandbox.advance(90)
    for campaign in sandbox.world.campaigns.values():
        campaign.status = "scheduled" if campaign.status == "draft" else campaign.status
        campaign.next_at = sandbox.clock.now()
    sandbox.advance(86_400)
    assert all(not one.live for one in sandbox.world.calls.values() if one.created_at < sandbox.clock.now() - 43_200)


def _written(sandbox):
    """All there is, to the letter."""
    return pickle.dumps(sandbox.world)


def _seen(client):
    return [client.get(path).json() for path in LISTS if path not in ("/organizations", "/account")]


def _walk(client, path, key, query, limit):
    """Ids of all pages, by the rule of §1.5, and the pages."""
    pages, found, offset = [], [], 0
    while True:
        page = client.get(path, params=query | {"limit": limit, "offset": offset}).json()
        pages.append(page)
        found += [one["id"] for one in page[key]]
        total = page["total"] if "total" in page else page["pagination"]["total"]
        if offset + len(page[key]) >= total:
            return found, pages
        offset += limit
