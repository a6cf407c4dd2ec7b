"""Planned calls with a one-time assistant: placed with the copy that was shown, by the right of that moment."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents
from dashboard.calls.placing.changes import Changes
from dashboard.calls.transient import drafts
from dashboard.calls.transient.one_time import OneTime
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Membership, Tenant
from tests.calls.test_planned_screens import tomorrow
from tests.calls.test_transient_placing import PAGE, PIPELINE, PREVIEW, WITH_VARIABLES, as_filled, form, saved
from tests.calls.test_transient_transfers import transfer

LIST = "/c/harbor/calls/planned/"
VALUES = {"variable-name": "Ada", "variable-order_2": "17"}


@pytest.fixture
def caller(operator: Any, planner: Any) -> Any:
    """The operator's client and its person have the right, and a draft; `planner` moves the times."""
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(transient_calls=True)
        Membership.objects.filter(user=operator.user).update(places_transient_calls=True)
        operator.tenant.refresh_from_db()
    operator.version = saved(operator.tenant, WITH_VARIABLES)
    return operator


def typed(caller: Any, **more: Any) -> dict[str, Any]:
    at = tomorrow()
    when = {
        "when": "later",
        "plan_date": at.date().isoformat(),
        "plan_time": f"{at:%H:%M}",
        "plan_zone": "Europe/Amsterdam",
        "plan_window": "30",
    }
    return form(caller) | VALUES | when | more


def planned(caller: Any) -> PlannedCall:
    with scope.for_system("look"):
        rows = PlannedCall.objects.select_related("tenant", "planned_by", "assistant_dedication__assistant")
        return rows.get()


def due(caller: Any, planner: Any, sign_in: Any, **more: Any) -> PlannedCall:
    """Planned in the browser, with its time a minute ago."""
    assert sign_in(caller.user).post(PAGE, typed(caller, **more)).headers["Location"] == LIST
    row = planned(caller)
    with scope.for_system("let time pass"):
        shift = row.due_at - timezone.now()
        PlannedCall.objects.update(
            due_at=row.due_at - shift, latest_at=row.latest_at - shift, try_at=row.try_at - shift
        )
    return row


def call_of(caller: Any) -> Call:
    with scope.for_system("look"):
        return Call.objects.defer(None).get()


def test_it_is_placed_as_it_was_shown_whatever_became_of_the_draft(caller: Any, planner: Any, sign_in: Any) -> None:
    due(caller, planner, sign_in)
    assert caller.dial_requests() == [] and planned(caller).assistant_configuration == WITH_VARIABLES
    with scope.for_tenant(caller.tenant):
        drafts.delete(caller.version.draft, by=caller.user)
    planner.run_due()
    call = call_of(caller)
    (request,) = caller.dial_requests()
    expected = as_filled("Ada", "17") | {"metadata": {"case": "{{name}}", "our_ref": str(call.pk)}}
    assert request["body"]["assistant"] == expected and "assistant_id" not in request["body"]
    assert (call.mode, call.assistant_name, call.state) == ("transient", "Winter check (one-time)", "dialing")
    assert planned(caller).state == "placed" and call.requested_by_id == caller.user.pk
    planner.run_due()
    assert len(caller.dial_requests()) == 1


@pytest.mark.parametrize("taken_from", ["client", "person"])
def test_the_right_is_looked_at_again_when_its_time_comes(
    caller: Any, planner: Any, sign_in: Any, taken_from: str
) -> None:
    due(caller, planner, sign_in)
    with scope.for_tenant(caller.tenant):
        if taken_from == "client":
            Tenant.objects.filter(pk=caller.tenant.pk).update(transient_calls=False)
        else:
            Membership.objects.filter(user=caller.user).update(places_transient_calls=False)
    planner.run_due()
    row = planned(caller)
    assert row.state == "refused" and "one-time assistants" in row.reason
    assert caller.dial_requests() == [] and caller.calls() == []


def test_transfers_that_are_not_allowed_any_more_keep_it_from_leaving(caller: Any, planner: Any, sign_in: Any) -> None:
    with scope.for_tenant(caller.tenant):
        Tenant.objects.filter(pk=caller.tenant.pk).update(allowed_countries=[])
        caller.tenant.refresh_from_db()
    caller.version = saved(caller.tenant, transfer("+442071838750"), "Abroad")
    due(caller, planner, sign_in)
    with scope.for_tenant(caller.tenant):
        Tenant.objects.filter(pk=caller.tenant.pk).update(allowed_countries=["NL"])
    planner.run_due()
    assert planned(caller).state == "refused" and "may not call the United Kingdom" in planned(caller).reason
    assert caller.dial_requests() == []


def test_without_the_right_nothing_is_planned_by_the_page_or_the_service(
    caller: Any, planner: Any, sign_in: Any, make_member: Any
) -> None:
    other = make_member(caller.tenant, Role.MANAGER)
    assert sign_in(other).post(PAGE, typed(caller)).status_code == 403
    with scope.for_tenant(caller.tenant):
        wish = {"assistant": None, "one_time": OneTime.of(caller.version)}
    with pytest.raises(intents.CallRefused, match="one-time assistants"):
        planner.plan(by=other, **wish)
    with scope.for_tenant(caller.tenant):
        Tenant.objects.filter(pk=caller.tenant.pk).update(transient_calls=False)
        caller.tenant.refresh_from_db()
    with pytest.raises(intents.CallRefused, match="one-time assistants"):
        planner.plan(**wish)
    with scope.for_tenant(caller.tenant):
        assert not PlannedCall.objects.exists()


def test_it_stands_in_the_list_and_can_be_changed_with_everything_kept(
    caller: Any, planner: Any, sign_in: Any, make_member: Any
) -> None:
    browser = sign_in(caller.user)
    assert browser.post(PAGE, typed(caller)).status_code == 303
    row = planned(caller)
    page = " ".join(unescape(browser.get(LIST).content.decode()).split())
    assert "Winter check (one-time)" in page and "With 2 values filled in" in page
    link = f"{PAGE}?planned={row.pk}"
    assert f'href="{link}"' in page
    with scope.for_tenant(caller.tenant):
        drafts.delete(caller.version.draft, by=caller.user)
    answer = browser.get(link)
    shown = answer.context["form"]
    assert shown["variable-name"].value() == "Ada" and shown["version"].value() == caller.version.pk
    words = " ".join(unescape(answer.content.decode()).split())
    assert "as this call was planned with it" in words and "Change a planned call" in words
    assert shown.plan().opening == "Hello Ada, this is Harbor."
    change = typed(caller, planned=row.pk, planned_version=row.version, **{"variable-name": "Bea"})
    assert browser.post(PREVIEW, change).context["plan"].opening == "Hello Bea, this is Harbor."
    assert browser.post(PAGE, change).headers["Location"] == LIST
    assert planned(caller).changes["variables"]["name"] == "Bea"
    assert planned(caller).assistant_configuration == WITH_VARIABLES
    with scope.for_tenant(caller.tenant):
        entry = AuditEntry.objects.get(action="call.planned")
    assert "Winter check (one-time)" in entry.body and "Ada" not in entry.body
    without = unescape(sign_in(make_member(caller.tenant, Role.MANAGER)).get(LIST).content.decode())
    assert f'href="{link}"' not in without and "Cancel the call" in without


def test_the_copy_of_a_plan_is_chosen_for_that_plan_alone(caller: Any, sign_in: Any, make_member: Any) -> None:
    browser = sign_in(caller.user)
    browser.post(PAGE, typed(caller))
    row = planned(caller)
    with scope.for_tenant(caller.tenant):
        drafts.delete(caller.version.draft, by=caller.user)
    other = sign_in(make_member(caller.tenant, Role.OPERATOR, places_transient_calls=True))
    for who, named in ((browser, {}), (browser, {"planned": uuid.uuid4()}), (other, {"planned": row.pk})):
        sent = typed(caller, token=uuid.uuid4(), **named)
        answer = who.post(PAGE, sent)
        assert answer.status_code == 422 and "version" in answer.context["form"].errors
    assert caller.dial_requests() == []


def test_it_is_placed_by_hand_once(caller: Any, planner: Any, sign_in: Any) -> None:
    browser = sign_in(caller.user)
    browser.post(PAGE, typed(caller))
    row = planned(caller)
    page = browser.get(f"{PAGE}?planned={row.pk}&when=now")
    token = page.context["form"]["token"].value()
    sent = form(caller, planned=row.pk, planned_version=row.version, token=token) | VALUES
    first = browser.post(PAGE, sent)
    assert first.status_code == 303 and str(call_of(caller).pk) in first.headers["Location"]
    assert browser.post(PAGE, sent).headers["Location"] == first.headers["Location"]
    assert len(caller.dial_requests()) == 1 and planned(caller).state == "placed"


def test_one_form_plans_once_and_does_not_call_besides(caller: Any, sign_in: Any) -> None:
    browser, sent = sign_in(caller.user), typed(caller)
    assert browser.post(PAGE, sent).status_code == 303
    assert browser.post(PAGE, sent).status_code == 303
    planned(caller)
    answer = browser.post(PAGE, sent | {"when": "now"})
    assert answer.status_code == 422 and "already planned another call" in unescape(answer.content.decode())
    other = browser.post(PAGE, sent | {"variable-name": "Bea"})
    assert other.status_code == 422 and caller.dial_requests() == []


@pytest.mark.parametrize("field", ["plan_date", "plan_time"])
def test_a_wrong_time_is_shown_beside_its_field_and_nothing_is_lost(caller: Any, sign_in: Any, field: str) -> None:
    answer = sign_in(caller.user).post(PAGE, typed(caller, **{field: ""}))
    shown = answer.context["form"]
    assert answer.status_code == 422 and field in shown.errors and shown["variable-name"].value() == "Ada"
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.content.decode())


def test_the_database_keeps_one_speaker_for_each_plan(caller: Any, planner: Any) -> None:
    row = planner.plan(changes=Changes())
    for change in ({"assistant_dedication": None}, {"assistant_configuration": PIPELINE}):
        refused = pytest.raises(IntegrityError, match="planned_has_one_speaker")
        with scope.for_tenant(caller.tenant), refused, transaction.atomic():
            PlannedCall.objects.filter(pk=row.pk).update(**change)
