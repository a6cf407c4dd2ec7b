"""Every state has its mark and its words; one that we do not know keeps its own."""

import pytest
from django.template import Context, Template

from dashboard.calls.models import Receipt, State
from dashboard.campaigns.models import Campaign
from dashboard.ui import states


def drawn(markup, **context):
    return Template(markup).render(Context(context))


@pytest.mark.parametrize("state", State.values)
def test_each_state_of_a_call_is_known(state):
    assert state in states.STATES["call"]


def test_states_of_campaigns_and_receipts_are_known():
    assert set(Campaign.Status.values) <= set(states.STATES["campaign"])
    assert {*Receipt.Outcome.values, *filter(None, Receipt.Effect.values)} <= set(states.STATES["receipt"])


def test_states_that_need_a_person_differ_in_shape_from_the_others():
    by_mark = {mark for mark, _ in states.STATES["call"].values()}
    assert by_mark == {"live", "waiting", "person", "wrong", "ended"}
    assert states.read("unknown")[0] == states.read("needs-person")[0] == "person"


def test_a_state_is_shown_in_words():
    assert drawn('{% state_mark "ringing" %}') == '<span class="state state--waiting">Ringing</span>'
    assert ">Ended, person hung up<" in drawn('{% state_mark "ended" "Ended, person hung up" %}')
    assert drawn('{% state_mark "paused" kind="campaign" %}') == '<span class="state state--paused">Paused</span>'


@pytest.mark.parametrize("state", ["on_hold", "on-hold"])
def test_an_unknown_state_is_shown_in_words(state):
    assert drawn("{% state_mark s %}", s=state) == '<span class="state">On hold</span>'


def test_an_unknown_state_that_is_no_name_is_shown_as_it_came():
    assert drawn("{% state_mark s %}", s="on-<hold>") == '<span class="state">on-&lt;hold&gt;</span>'
