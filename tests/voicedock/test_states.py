"""How far along a call is (voicedock-api.md §5.3)."""

from datetime import UTC, datetime

import pytest

from dashboard.voicedock import states

ENDED = datetime(2026, 10, 1, tzinfo=UTC)


def test_the_order_of_a_life():
    life = ["queued", "sending", "dialing", "connecting", "ringing", "in-progress"]
    ranks = [states.rank(state) for state in life]
    assert ranks == sorted(set(ranks))
    assert {states.rank(state) for state in states.TERMINAL} == {max(ranks) + 1}
    assert states.rank("in_progress") == states.rank("in-progress")


def test_what_we_do_not_know_is_shown_until_an_end_comes():
    assert states.rank("in-progress") <= states.rank("on-hold") < states.rank("ended")


@pytest.mark.parametrize("state", ["unknown", "needs-person"])
def test_any_word_from_voicedock_is_better_than_not_knowing(state):
    assert states.rank("sending") <= states.rank(state) < states.rank("dialing")
    assert not states.is_terminal(state)


def test_when_a_call_is_over():
    assert all(states.is_terminal(state) and states.is_terminal(state, ENDED) for state in states.TERMINAL)
    assert not any(states.is_terminal(state) or states.is_terminal(state, ENDED) for state in states.LIVE)
    assert states.is_terminal("ended_with_error") and states.is_terminal("refused")
    assert (states.is_terminal("on-hold"), states.is_terminal("on-hold", ENDED)) == (False, True)
    assert (states.is_terminal(""), states.is_terminal("", ENDED)) == (False, True)


def test_unknown_states_stay_as_they_came():
    assert states.normal(" On_Hold ") == "On-Hold"
