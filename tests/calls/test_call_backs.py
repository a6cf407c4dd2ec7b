"""A call-back that was asked for: left open on the page of its call, until it is done or somebody says so."""

from __future__ import annotations

import pytest

from dashboard.calls import call_backs
from dashboard.calls.models import Call
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call, make_receipt

OPEN = "asked to be called back, and nobody has called since"


def asked(setup, **more):
    """A call that is over, in which the person asked to be called back."""
    return make_call(setup, state="ended", analysis_outcome="call_back", **more)


def at(call, part=""):
    return f"/c/bloom-dental/calls/{call.pk}/{part}"


def waiting(setup) -> set:
    with scope.for_tenant(setup.tenant):
        return set(Call.objects.filter(tenant=setup.tenant).to_call_back().values_list("pk", flat=True))


@pytest.fixture
def browser(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.OPERATOR, "Sanne Visser"))


def test_whoever_marks_it_as_done_takes_it_off_every_list_and_may_take_that_back(bloom, browser):
    call = asked(bloom)
    assert OPEN in browser.get(at(call)).content.decode() and waiting(bloom) == {call.pk}

    page = browser.post(at(call, "call-back/"), follow=True).content.decode()
    assert OPEN not in page and "marked the call-back as done" in page and "Sanne Visser" in page
    assert waiting(bloom) == set()

    page = browser.post(at(call, "call-back/"), {"not_done": "yes"}, follow=True).content.decode()
    assert OPEN in page and waiting(bloom) == {call.pk}
    with scope.for_tenant(bloom.tenant):
        actions = AuditEntry.objects.filter(subject=f"call:{call.pk}").order_by("seq").values_list("action", flat=True)
        assert [one for one in actions if "back" in one] == ["call.called-back", "call.call-back-reopened"]


def test_a_second_press_changes_and_records_nothing(bloom, browser):
    call = asked(bloom)
    for _ in range(2):
        browser.post(at(call, "call-back/"))
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.filter(action="call.called-back").count() == 1
        assert Call.objects.get(pk=call.pk).version == call.version + 1


def test_a_call_in_which_nobody_asked_for_it_has_nothing_to_mark(bloom, browser):
    call = make_call(bloom, state="ended", analysis_outcome="booked")
    assert "left-open" not in browser.get(at(call)).content.decode()
    assert browser.post(at(call, "call-back/")).status_code == 303
    with scope.for_tenant(bloom.tenant):
        assert Call.objects.get(pk=call.pk).call_back_done_at is None
        assert not AuditEntry.objects.filter(action="call.called-back").exists()


def test_a_later_call_with_the_number_closes_it(bloom, browser):
    call = asked(bloom, ago=600)
    later = make_call(bloom, state="ended", ago=60)
    page = browser.get(at(call)).content.decode()
    assert OPEN not in page and "Mark as done" not in page and f'href="{at(later)}"' in page


def test_a_transfer_that_was_not_seen_is_left_open_too(bloom, browser):
    call = asked(bloom)
    make_receipt(bloom, call, "transfer", effect="not-confirmed", payload={"destination": "+31205550155"})
    assert "was not seen" in browser.get(at(call)).content.decode()
    moved = make_call(bloom, state="transferred", counterpart="+31612340001")
    make_receipt(bloom, moved, "transfer", effect="not-confirmed", payload={"destination": "+31205550155"})
    assert "left-open" not in browser.get(at(moved)).content.decode()


def test_a_viewer_reads_it_and_marks_nothing(bloom, make_member, sign_in):
    call, viewer = asked(bloom), sign_in(make_member(bloom, Role.VIEWER))
    page = viewer.get(at(call)).content.decode()
    assert OPEN in page and "Mark as done" not in page
    assert viewer.post(at(call, "call-back/")).status_code == 403
    assert waiting(bloom) == {call.pk}


def test_another_client_has_no_such_call(bloom, harbor, browser):
    call = asked(harbor)
    assert browser.post(at(call, "call-back/")).status_code == 404
    with scope.for_tenant(harbor.tenant):
        assert call_backs.of_call(Call.objects.get(pk=call.pk)).is_open


@pytest.mark.parametrize(
    ("state", "is_open"), [("refused", True), ("queued", True), ("ended", False), ("dialing", False)]
)
def test_a_call_that_never_left_leaves_it_open(bloom, browser, state, is_open):
    call = asked(bloom, ago=600)
    make_call(bloom, state=state, finished=state in ("refused", "ended"))
    assert (waiting(bloom) == {call.pk}) is is_open
    assert (OPEN in browser.get(at(call)).content.decode()) is is_open
