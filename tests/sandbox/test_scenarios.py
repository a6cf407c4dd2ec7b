"""Scenarios: levers by timetable, people who do as they are told, and the same seed that gives the same run."""

import pytest

from dashboard.sandbox import app, inprocess, scenario
from dashboard.sandbox.clock import ManualClock

HANG_UP = """
name = "Hang up"
[switches]
ambient = false
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
lever = "faults"
body = { fault = "503", route = "/numbers", times = 1 }
[[step]]
at = 20
lever = "nowhere"
"""


@pytest.fixture
def dial(bloom, ids):
    def dial(person):
        body = {"destination": person, "assistant_id": ids.assistant["Recall NL"]}
        return bloom.post("/calls/outbound", json=body).json()["call_id"]

    return dial


def test_the_caller_hangs_up_when_the_scenario_says_so(sandbox, bloom, levers, dial):
    assert levers.post("/_sandbox/scenarios", json={"toml": HANG_UP}).status_code == 200
    call = dial("+31612340042")
    sandbox.advance(3.1)
    assert bloom.get(f"/calls/{call}").json()["status"] == "in-progress"
    sandbox.advance(19.5)
    assert bloom.get(f"/calls/{call}").json()["status"] == "in-progress"
    sandbox.advance(1)
    over = bloom.get(f"/calls/{call}").json()
    assert (over["status"], over["end_reason"], over["duration_seconds"]) == ("ended", "user_hangup", 20)
    assert "Who is this?" in [said["content"] for said in over["messages"] if said["role"] == "user"]


def test_somebody_who_never_answers_never_does(sandbox, bloom, levers, dial):
    levers.post("/_sandbox/scenarios", json={"toml": HANG_UP})
    call = dial("+31612340043")
    sandbox.advance(60)
    assert bloom.get(f"/calls/{call}").json()["status"] == "failed"


def test_steps_are_taken_in_order_at_their_time_and_what_fails_is_told(sandbox, bloom, levers):
    levers.post("/_sandbox/scenarios", json={"toml": HANG_UP})
    sandbox.advance(29)
    assert bloom.get("/numbers").status_code == 200
    sandbox.advance(2)
    assert bloom.get("/numbers").status_code == 503
    playing = levers.get("/_sandbox/scenarios").json()["playing"]
    assert [(one["lever"], one["status"]) for one in playing["taken"]] == [("nowhere", 404), ("faults", 201)]
    assert playing["done"]
    assert levers.delete("/_sandbox/scenarios").json()["playing"] is None


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("name = ", "not TOML"),
        ("about = 'x'", "name"),
        ("name = 'x'\nspeed = 2", "unknown: speed"),
        ("name = 'x'\n[[step]]\nat = 1\nlever = 'faults'\nbuddy = 1", "step 1: unknown buddy"),
        ("name = 'x'\n[[person]]\nsays = []", "person 1"),
        ("name = 'x'\n[switches]\nnonsense = 1", "no switch nonsense"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_named_and_nothing_begins(levers, toml, words):
    answer = levers.post("/_sandbox/scenarios", json={"toml": toml})
    assert answer.status_code == 400 and words in answer.text
    assert levers.get("/_sandbox/scenarios").json()["playing"] is None


@pytest.mark.parametrize("name", scenario.shipped())
def test_those_that_come_with_it_play_to_their_end_without_a_refusal(sandbox, levers, name):
    assert levers.post("/_sandbox/scenarios", json={"scenario": name}).status_code == 200
    sandbox.advance(400)
    playing = levers.get("/_sandbox/scenarios").json()["playing"]
    assert playing["done"] and all(one["status"] < 300 for one in playing["taken"])
    assert levers.get("/_sandbox/faults").json()["faults"] == []


def test_one_that_does_not_exist_is_refused_with_those_that_do(levers):
    answer = levers.post("/_sandbox/scenarios", json={"scenario": "../../secrets"})
    assert answer.status_code == 400 and "bad-day" in answer.text


def run(seed):
    """Two minutes of a bad day among bystanders; everything that was asked, answered and told."""
    told = []
    made = app.make(
        seed, ManualClock(), "demo", deliver=lambda url, sent, body: told.append((sent["X-Webhook-Event"], body))
    )
    made.play(scenario.find("bad-day"))
    with inprocess.client(made, "sandbox-agency") as agency, inprocess.client(made) as levers:
        for _ in range(40):
            made.advance(3)
            try:
                agency.get("/calls", params={"limit": 10})
            except Exception as error:
                told.append((type(error).__name__, b""))
        return levers.get("/_sandbox/log").json(), told


def test_the_same_seed_gives_the_same_run_to_the_letter():
    assert run("one") == run("one")
    assert run("one") != run("two")
