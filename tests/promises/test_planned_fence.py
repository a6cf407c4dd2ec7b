"""P3 for planned calls: a worker that stalled past its lease places nothing that was changed or taken since."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents, sending
from dashboard.calls.planned import planning, run
from tenants.isolation import scope
from tenants.models import Membership


@pytest.fixture
def stalled(planner):
    """A planned call as worker A has taken it; its lease is over, and worker B has put it back."""
    planned = planner.due_now()
    taken = run._take(planned.pk)
    with scope.for_system("the lease is over"):
        PlannedCall.objects.filter(pk=planned.pk).update(try_at=timezone.now() - timedelta(seconds=1))
    again = run._take(planned.pk)
    run._not_now(again, intents.CallRefused("", "all in use", may_pass=True))
    assert planner.reload(planned).state == PlannedCall.State.PLANNED
    return taken


@pytest.mark.smoke
def test_one_that_was_cancelled_meanwhile_dials_nobody(operator, planner, stalled):
    assert planning.cancel(planner.reload(stalled), by=planner.user)
    with pytest.raises(intents.NoLongerPlanned):
        run._place(stalled)
    assert operator.dial_requests() == [] and planner.reload(stalled).state == PlannedCall.State.CANCELLED


def test_one_that_was_changed_meanwhile_is_dialed_as_it_was_changed_alone(operator, planner, stalled):
    now = planner.reload(stalled)
    planning.change(operator.tenant, now.pk, planner.wish(minutes=50), version=now.version, by=planner.user)
    with pytest.raises(intents.NoLongerPlanned):
        run._place(stalled)
    assert operator.dial_requests() == [] and planner.reload(stalled).state == PlannedCall.State.PLANNED


def test_whoever_stalled_leaves_the_row_to_who_took_it_next(operator, planner, stalled, monkeypatch):
    monkeypatch.setattr(run, "_take", lambda _: stalled)
    run.run(stalled.pk)
    assert operator.dial_requests() == [] and planner.reload(stalled).state == PlannedCall.State.PLANNED


def test_a_right_that_ends_between_storing_and_sending_dials_nobody(operator, planner):
    planned = planner.due_now()
    taken = run._take(planned.pk)
    call, _ = intents.request(
        taken.tenant,
        by=planner.user,
        number=operator.number.pk,
        assistant=operator.assistant.pk,
        destination=planned.destination,
        token=taken.call_token,
        not_after=taken.latest_at,
        of_plan=taken,
    )
    with scope.for_system("who planned it leaves"):
        Membership.objects.filter(user=planner.user).delete()
    sending.send(call.pk)
    assert operator.dial_requests() == []
    with scope.for_system("look"):
        assert Call.objects.get(pk=call.pk).sent_at is None
