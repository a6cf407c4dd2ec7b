"""Scenarios: steps by time, scripted people, and the same run for the same seed."""

import pytest

from dashboard.sandbox import app, inprocess, scenario_files
from dashboard.sandbox.admin_api import is_route
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.serializers import iso

HANG_UP = """
name = "Hang up"
[options]
background_traffic = false
[[person]]
number = "+31612340042"
answers_after = 3
says = ["Who is this?"]
hangs_up_after = 20
[[person]]
number = "+31612340043"
answers_after = 0
[[step]]
at = 30
path = "faults"
body = { fault = "503", route = "/numbers", times = 1 }
[[step]]
at = 20
path = "calls/nobody/force"
"""


@pytest.fixture
def dial(bloom, ids):
    def dial(person):
        body = {"destination": person, "assistant_id": ids.assistant["Recall NL"]}
        return bloom.post("/calls/outbound", json=body).json()["call_id"]

    return dial


def test_the_caller_hangs_up_when_the_scenario_says_so(sandbox, bloom, admin_api, dial):
    assert admin_api.post("/_sandbox/scenarios", json={"toml": HANG_UP}).status_code == 200
    call = dial("+31612340042")
    sandbox.advance(3.1)
    assert bloom.get(f"/calls/{call}").json()["status"] == "in-progress"
    sandbox.advance(19.5)
    assert bloom.get(f"/calls/{call}").json()["status"] == "in-progress"
    sandbox.advance(1)
    over = bloom.get(f"/calls/{call}").json()
    assert (over["status"], over["end_reason"], over["duration_seconds"]) == ("ended", "user_hangup", 20)
    assert "Who is this?" in [message["content"] for message in over["messages"] if message["role"] == "user"]


def test_a_person_who_never_answers(sandbox, bloom, admin_api, dial):
    admin_api.post("/_sandbox/scenarios", json={"toml": HANG_UP})
    call = dial("+31612340043")
    sandbox.advance(60)
    assert bloom.get(f"/calls/{call}").json()["status"] == "failed"


def test_steps_run_in_order_at_their_time_and_errors_are_recorded(sandbox, bloom, admin_api):
    admin_api.post("/_sandbox/scenarios", json={"toml": HANG_UP})
    sandbox.advance(29)
    assert bloom.get("/numbers").status_code == 200
    sandbox.advance(2)
    assert bloom.get("/numbers").status_code == 503
    playing = admin_api.get("/_sandbox/scenarios").json()["playing"]
    assert [(step["path"], step["status"]) for step in playing["taken"]] == [
        ("calls/nobody/force", 404),
        ("faults", 201),
    ]
    assert playing["done"]
    assert admin_api.delete("/_sandbox/scenarios").json()["playing"] is None


SKIPPED = """
name = "Skipped"
[options]
outcome = "conversation"
[[step]]
at = 10
path = "calls/inbound"
body = { number = "+31205550142", from = "+31612340044", outcome = "conversation" }
[[step]]
at = 50
path = "hang-up"
body = { person = "+31612340044" }
[[step]]
at = 60
path = "clock"
body = { advance = 3600 }
[[step]]
at = 1800
path = "balance"
body = { minutes_balance = 77 }
"""


@pytest.mark.parametrize("jumps", [(1,) * 61, (25, 36), (61,)])
def test_each_step_runs_at_its_own_time_however_time_is_skipped(sandbox, bloom, agency, admin_api, jumps):
    """However it is skipped, also when it is a step of the scenario that does."""
    admin_api.post("/_sandbox/scenarios", json={"toml": SKIPPED})
    began = sandbox.clock.now()
    for seconds in jumps:
        admin_api.post("/_sandbox/clock", json={"advance": seconds})
    (call,) = bloom.get("/calls").json()["calls"]
    assert (call["created_at"], call["ended_at"]) == (iso(began + 10), iso(began + 50))
    assert sandbox.clock.now() - began == 3661
    assert agency.get("/organizations").json()["minutes_balance"] == 77
    playing = admin_api.get("/_sandbox/scenarios").json()["playing"]
    assert playing["done"] and {step["status"] for step in playing["taken"]} <= {200, 201}


@pytest.mark.parametrize("body", [{"advance": -5}, {"advance": 1e300}, {"speed": 5000}, {"speed": 2, "advance": "x"}])
def test_an_invalid_clock_request_changes_nothing(admin_api, body):
    before = admin_api.get("/_sandbox/clock").json()
    assert admin_api.post("/_sandbox/clock", json=body).status_code == 400
    assert admin_api.get("/_sandbox/clock").json() == before


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("name = ", "not TOML"),
        ("about = 'x'", "name"),
        ("name = 'x'\nspeed = 2", "unknown: speed"),
        ("name = 'x'\n[[step]]\nat = 1\npath = 'faults'\nbuddy = 1", "step 1 (line 2): unknown buddy"),
        ("name = 'x'\n[[step]]\npath = 'faults'", "step 1 (line 2): at is missing"),
        ("name = 'x'\n[[step]]\nat = 'soon'\npath = 'faults'", "step 1 (line 2): at must be seconds"),
        ("name = 'x'\n[[step]]\nat = 1\npath = 'fault'", "path: there is no POST /_sandbox/fault"),
        ("name = 'x'\n[[step]]\nat = 1\npath = 'faults'\nmethod = 'GETS'", "step 1 (line 2): path"),
        ("name = 'x'\n[[step]]\nat = 1\npath = 'faults'\nbody = 7", "step 1 (line 2): body"),
        ("name = 'x'\nstep = 3", "step: write each as a table"),
        ("name = 'x'\n[[person]]\nsays = []", "person 1 (line 2): number is missing"),
        (
            "name = 'x'\n[[person]]\nnumber = '+31612340042'\n\n[[person]]\nnumber = '12'",
            "person 2 (line 5): number must be",
        ),
        ("name = 'x'\n[[person]]\nnumber = '+31612340042'\nanswers_after = -1", "answers_after must be seconds"),
        ("name = 'x'\n[[person]]\nnumber = '+31612340042'\nsays = 'Hello'", "says must be a list"),
        ("name = 'x'\n[options]\nnonsense = 1", "options: no option nonsense"),
        ("name = 'x'\noptions = 1", "options: write them as a table"),
    ],
)
def test_an_error_in_a_scenario_is_named_and_nothing_starts(admin_api, toml, words):
    answer = admin_api.post("/_sandbox/scenarios", json={"toml": toml})
    assert answer.status_code == 400 and words in answer.text
    assert admin_api.get("/_sandbox/scenarios").json()["playing"] is None


@pytest.mark.parametrize("name", scenario_files.shipped_names())
def test_shipped_scenarios_play_to_their_end_without_errors(sandbox, admin_api, name):
    assert admin_api.post("/_sandbox/scenarios", json={"scenario": name}).status_code == 200
    sandbox.advance(400)
    playing = admin_api.get("/_sandbox/scenarios").json()["playing"]
    assert playing["done"] and all(step["status"] < 300 for step in playing["taken"])
    assert admin_api.get("/_sandbox/faults").json()["faults"] == []


def test_an_unknown_scenario_is_refused_with_the_known_ones(admin_api):
    answer = admin_api.post("/_sandbox/scenarios", json={"scenario": "../../secrets"})
    assert answer.status_code == 400 and "bad-day" in answer.text


def run(seed):
    """Two minutes of a bad day with background traffic: the request log, the webhooks and the errors."""
    events = []
    made = app.make(
        seed,
        ManualClock(),
        "demo",
        deliver=lambda url, headers, body: events.append((headers["X-Webhook-Event"], body)),
    )
    made.play(scenario_files.find("bad-day", is_route))
    with inprocess.client(made, "sandbox-agency") as agency, inprocess.client(made) as admin_api:
        for _ in range(40):
            made.advance(3)
            try:
                agency.get("/calls", params={"limit": 10})
            except Exception as error:
                events.append((type(error).__name__, b""))
        return admin_api.get("/_sandbox/log").json(), events


def test_the_same_seed_gives_exactly_the_same_run():
    assert run("one") == run("one")
    assert run("one") != run("two")
