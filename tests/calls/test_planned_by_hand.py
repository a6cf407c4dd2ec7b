"""*Call now* of a planned call: what the person submitted is placed and stored, by whoever gets to it, once."""

import json
import uuid

import pytest

from dashboard.calls.placing import claims, intents
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import by_hand, planning
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.promises.test_at_most_once import Killed, kill

PERSON, OTHER = "+31612340042", "+31612340043"


def facts_of(operator, **more):
    return {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON} | more


def press(planner, planned, token=None, by=None, **more):
    token = token or by_hand.token_of_next(planner.reload(planned))
    facts = facts_of(planner.operator, **more)
    return by_hand.place(planner.tenant, planned.pk, by=by or planner.user, token=token, **facts)


def dialed(operator):
    return [entry["body"]["destination"] for entry in operator.dial_requests()]


def details(action):
    with scope.for_system("look"):
        bodies = AuditEntry.objects.filter(action=action).order_by("seq").values_list("body", flat=True)
        return [json.loads(body)["details"] for body in bodies]


def test_what_was_submitted_stands_in_the_list_and_the_audit_trail(operator, planner, make_member):
    planned = planner.plan(line_by_rule=True)
    manager = make_member(operator.tenant, Role.MANAGER)
    call = press(planner, planned, by=manager, destination="+31 6 1234 0043", changes=Changes(metadata={"case": "4"}))
    now = planner.reload(planned)
    assert (now.state, now.call_id, now.destination, now.destination_country) == ("placed", call.pk, OTHER, "NL")
    assert (now.changes, now.line_by_rule, now.changed_by) == ({"metadata": {"case": "4"}}, False, manager)
    assert dialed(operator) == [OTHER]
    assert planner.actions() == ["call.planned", "call.plan-changed", "call.plan-placed"]
    (changed,), (placed,) = details("call.plan-changed"), details("call.plan-placed")
    assert changed["what"] == "person, who chooses the line, what it changes of the assistant"
    assert changed["counterpart"] == placed["counterpart"] == OTHER


def test_one_that_is_placed_as_it_was_planned_is_not_changed(operator, planner):
    planned = planner.plan()
    press(planner, planned)
    assert planner.reload(planned).changed_by is None
    assert planner.actions() == ["call.planned", "call.plan-placed"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "name"), [(by_hand, "_take"), (intents, "place"), (intents, "request")])
def test_a_worker_that_dies_leaves_nobody_else_to_be_dialed(operator, planner, monkeypatch, owner, name, when):
    """It is due, so that another worker goes on with it: with the person that was submitted, and once."""
    planned = planner.due_now(window=120)
    kill(monkeypatch, owner, name, when)
    with pytest.raises(Killed):
        press(planner, planned, destination=OTHER)
    monkeypatch.undo()
    for _ in range(4):
        planner.move(planned, 2)
        for call in operator.calls():
            if not call.finished:
                operator.let_pass(call, 40)
        planner.run_due()
        operator.run_due_work()
    was_taken = (name, when) != ("_take", "before")
    assert dialed(operator) == [OTHER if was_taken else PERSON]
    now = planner.reload(planned)
    assert (now.state, now.destination, now.call.counterpart) == ("placed", *dialed(operator) * 2)


def test_one_that_could_not_be_placed_is_planned_as_it_was(operator, planner, admin):
    """Nobody who was typed into a refused call is dialed later."""
    planned = planner.plan(preset="Reminder")
    operator.place_answered(OTHER)
    before = planner.reload(planned)
    with pytest.raises(intents.CallRefused, match=claims.ALREADY[:20]):
        press(planner, planned, destination=OTHER)
    now = planner.reload(planned)
    kept = set(planning.PLAIN_FIELDS) - {"version", "state_at"}
    assert {name: getattr(now, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert now.changed_by is None
    assert [entry["what"] for entry in details("call.plan-changed")] == ["person, preset", by_hand.GIVEN_BACK]
    planner.move(planned, 31)
    planner.run_due()
    assert dialed(operator) == [OTHER, PERSON]


def test_one_whose_place_was_taken_meanwhile_waits_for_a_person(operator, planner, monkeypatch):
    planned = planner.plan()
    due = {"due_at": planned.due_at, "latest_at": planned.latest_at}

    def refuse(*args, **kwargs):
        planner.plan(**due)
        raise intents.CallRefused("", "All calls are in use.", may_pass=True)

    monkeypatch.setattr(intents, "place", refuse)
    with pytest.raises(intents.CallRefused):
        press(planner, planned, destination=OTHER)
    now = planner.reload(planned)
    assert (now.state, now.reason, now.destination) == ("missed", by_hand.SAME_MOMENT, PERSON)


def test_a_person_with_another_call_at_that_time_has_an_error_beside_the_number(operator, planner):
    planned = planner.plan()
    planner.plan(destination=OTHER, due_at=planned.due_at, latest_at=planned.latest_at)
    with pytest.raises(planning.PlanRefused, match="same time") as refused:
        press(planner, planned, destination=OTHER)
    assert refused.value.field == "destination"
    assert (planner.reload(planned).state, dialed(operator)) == ("planned", [])


def test_two_tabs_with_different_people_dial_the_first_alone(operator, planner):
    planned = planner.plan()
    token = by_hand.token_of_next(planner.reload(planned))
    first = press(planner, planned, token)
    with pytest.raises(intents.CallRefused, match="already placed another call"):
        press(planner, planned, token, destination=OTHER)
    assert press(planner, planned, token).pk == first.pk
    assert (dialed(operator), planner.reload(planned).destination) == ([PERSON], PERSON)


def test_another_line_than_ones_own_is_refused_before_it_is_taken(operator, planner):
    planned = planner.plan()
    with pytest.raises(intents.CallRefused, match="not assigned to you"):
        press(planner, planned, number=0)
    assert (planner.reload(planned).state, planner.actions()) == ("planned", ["call.planned"])


def test_a_form_that_has_planned_a_call_places_none(operator, planner):
    token = uuid.uuid4()
    planner.plan(token=token)
    with pytest.raises(intents.CallRefused, match="already planned another call"):
        operator.place(token=token)
    assert dialed(operator) == []
