"""Planned calls on the screens: the form plans, changes and refuses beside its fields, the list shows and cancels."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import by_hand, forms, local_times, planning
from dashboard.calls.planned.wish import Wish
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.call_factories import captured_selects

FORM, LIST = "/c/bloom-dental/call/", "/c/bloom-dental/calls/planned/"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PERSON = "+31612345678"


@pytest.fixture
def person(bloom, make_member):
    return make_member(bloom, Role.OPERATOR)


@pytest.fixture
def member_browser(person, sign_in):
    return sign_in(person)


def tomorrow(hour=14, minute=30):
    day = timezone.now().astimezone(AMSTERDAM).date() + timedelta(days=1)
    return datetime.combine(day, time(hour, minute), AMSTERDAM)


def typed(setup, at=None, **more):
    at = at or tomorrow()
    return {
        "destination": "06 12345678",
        "number": setup.number.pk,
        "assistant": setup.assistant.pk,
        "token": str(uuid.uuid4()),
        "when": "later",
        "plan_date": at.date().isoformat(),
        "plan_time": f"{at:%H:%M}",
        "plan_zone": "Europe/Amsterdam",
        "plan_window": "30",
    } | more


def plan(setup, by, minutes=60 * 24, **more):
    due_at = (timezone.now() + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    facts = {
        "number": setup.number.pk,
        "line_by_rule": False,
        "assistant": setup.assistant.pk,
        "destination": PERSON,
        "changes": Changes(),
        "shown": "",
        "preset": "",
        "due_at": due_at,
        "latest_at": due_at + timedelta(minutes=15),
        "zone": "Europe/Amsterdam",
    } | more
    return planning.plan(setup.tenant, Wish(**facts), token=uuid.uuid4(), by=by)


def rows(setup):
    with scope.for_tenant(setup.tenant):
        return list(PlannedCall.objects.order_by("created_at"))


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def error_of(page, name):
    found = re.search(rf'id="id_{name}_description"[^>]*>(.*?)</p>', page.content.decode(), re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def test_a_call_is_planned_and_shown_in_the_list(bloom, member_browser, person):
    page = member_browser.post(FORM, typed(bloom, first_message="Good afternoon"), follow=True)
    (planned,) = rows(bloom)
    assert (planned.due_at, planned.latest_at) == (tomorrow(), tomorrow() + timedelta(minutes=30))
    assert (planned.destination, planned.zone, planned.planned_by_id) == (PERSON, "Europe/Amsterdam", person.pk)
    shown = words(page)
    assert "14:30 (Amsterdam)" in shown and "until 15:00" in shown
    assert "With another opening sentence" in shown and str(person) in shown
    with scope.for_tenant(bloom.tenant):
        assert not Call.objects.exists()
        assert AuditEntry.objects.filter(action="call.planned", actor_id=person.pk).count() == 1


def test_the_same_form_sent_twice_plans_one_call(bloom, member_browser):
    form = typed(bloom)
    for _ in range(2):
        assert member_browser.post(FORM, form).status_code == 303
    assert len(rows(bloom)) == 1


def test_back_in_the_browser_another_time_is_refused_with_all_that_was_typed(bloom, member_browser):
    form = typed(bloom, first_message="Good afternoon")
    assert member_browser.post(FORM, form).status_code == 303
    for more in ({"plan_time": "16:00"}, {"when": "now"}):
        again = member_browser.post(FORM, form | more)
        assert again.status_code == 422
        assert "This form has already planned another call. Open Call now anew" in words(again)
        assert 'value="06 12345678"' in again.content.decode() and "Good afternoon" in again.content.decode()
        assert "plan_time" not in more or 'value="16:00"' in again.content.decode()
    (planned,) = rows(bloom)
    assert planned.due_at == tomorrow()
    with scope.for_tenant(bloom.tenant):
        assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        ({"plan_date": ""}, "plan_date", "Choose the day."),
        ({"plan_time": ""}, "plan_time", "Choose the time."),
        ({"plan_time": "25:00"}, "plan_time", "Write the time as hours and minutes"),
        ({"plan_date": "2020-01-01"}, "plan_time", "This time is over: in Amsterdam it is"),
        ({"plan_zone": "Nowhere/Here"}, "plan_zone", "Choose a time zone from the list"),
        ({"plan_date": (date.today() + timedelta(days=99)).isoformat()}, "plan_date", "within 90 days"),
        ({"plan_date": "9999-12-31"}, "plan_date", "Choose a day from 2000 to 2100"),
    ],
)
def test_an_impossible_time_has_an_error_beside_its_field_and_nothing_typed_is_lost(
    bloom, member_browser, more, field, message
):
    page = member_browser.post(FORM, typed(bloom, first_message="Good afternoon") | more)
    assert page.status_code == 422 and rows(bloom) == []
    assert message in error_of(page, field)
    html = page.content.decode()
    assert "Good afternoon" in html and re.search(r'value="later"\s+checked', html)
    kept = {"plan_date", "plan_time", "plan_zone"} - {field}
    for name in kept:
        assert f'value="{(typed(bloom) | more)[name]}"' in html, name


def test_what_stands_in_the_fields_of_a_time_does_not_matter_to_a_call_now(bloom, member_browser):
    page = member_browser.post(FORM, typed(bloom, when="now", plan_time="25:00", plan_zone="x", destination=""))
    assert "Write the time" not in words(page) and "Choose a time zone" not in words(page)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "utc", "twice"),
    [
        (date(2026, 10, 25), time(2, 30), "Europe/Amsterdam", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (date(2026, 10, 25), time(3, 0), "Europe/Amsterdam", datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        (date(2026, 11, 1), time(1, 30), "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), True),
        (date(2026, 7, 1), time(12, 0), "Asia/Kathmandu", datetime(2026, 7, 1, 6, 15, tzinfo=UTC), False),
    ],
)
def test_of_two_times_the_first_is_taken(day, clock, zone, utc, twice):
    assert local_times.moment(day, clock, ZoneInfo(zone)) == local_times.LocalMoment(utc, twice)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "earliest"),
    [
        (date(2027, 3, 28), time(2, 30), "Europe/Amsterdam", "03:30"),
        (date(2027, 3, 14), time(2, 0), "America/New_York", "03:00"),
        (date(2027, 10, 3), time(2, 15), "Australia/Lord_Howe", "02:45"),
    ],
)
def test_a_time_that_clocks_skip_is_none(day, clock, zone, earliest):
    with pytest.raises(local_times.NoSuchTime) as error:
        local_times.moment(day, clock, ZoneInfo(zone))
    assert f"{error.value.earliest:%H:%M}" == earliest


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ("Europe/Amsterdam", ""),
        ("Europe/Berlin", ""),
        ("America/New_York", "16:30 (New York)"),
        ("Asia/Tokyo", "2 Jul 05:30 (Tokyo)"),
    ],
)
def test_the_time_on_other_clocks_has_its_day_where_that_is_another(here, words):
    at = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)
    assert local_times.on_clocks_of(ZoneInfo(here), at, AMSTERDAM) == words


def test_the_form_names_a_skipped_and_a_doubled_time(bloom, member_browser, monkeypatch):
    monkeypatch.setattr(forms, "timezone", SimpleNamespace(now=lambda: datetime(2027, 3, 20, 12, 0, tzinfo=UTC)))
    skipped = member_browser.post(FORM, typed(bloom, plan_date="2027-03-28", plan_time="02:30"))
    assert "skip this time" in error_of(skipped, "plan_time") and "Choose 03:30" in error_of(skipped, "plan_time")
    monkeypatch.setattr(forms, "timezone", SimpleNamespace(now=lambda: datetime(2026, 10, 20, 12, 0, tzinfo=UTC)))
    doubled = member_browser.post(f"{FORM}preview/", typed(bloom, plan_date="2026-10-25", plan_time="02:30"))
    assert "02:30 twice that night. The first time is meant." in words(doubled)


def test_what_will_be_sent_says_when(bloom, member_browser):
    page = words(member_browser.post(f"{FORM}preview/", typed(bloom, plan_zone="America/New_York", plan_window="120")))
    assert "14:30 (New York)" in page and "until 16:30 at the latest" in page
    assert "20:30 (Amsterdam)" in page
    assert f"Plan for {tomorrow():%a} {tomorrow().day} {tomorrow():%b}, 14:30 (New York)" in page
    page = words(member_browser.post(f"{FORM}preview/", typed(bloom)))
    assert re.search(rf"Plan for {tomorrow():%a} {tomorrow().day} {tomorrow():%b}, 14:30(?! \()", page)


def test_another_call_to_the_same_person_is_a_warning_with_the_way_to_go_on(bloom, member_browser, person):
    plan(bloom, person, due_at=tomorrow(14, 20), latest_at=tomorrow(14, 50))
    form = typed(bloom)
    warned = member_browser.post(FORM, form)
    assert warned.status_code == 422 and len(rows(bloom)) == 1
    assert f"planned for 14:20 (Amsterdam) by {person} already" in words(warned)
    assert 'name="plan_anyway"' in warned.content.decode()
    assert member_browser.post(FORM, form | {"plan_anyway": "on"}).status_code == 303
    assert len(rows(bloom)) == 2
    same = member_browser.post(FORM, typed(bloom, plan_anyway="on"))
    assert planning.SAME_MOMENT in error_of(same, "plan_time")


def test_it_is_changed_in_the_form_and_nothing_is_overwritten_unseen(
    bloom, member_browser, person, make_member, sign_in
):
    planned = plan(bloom, person, changes=Changes(first_message="Marigold"))
    page = member_browser.get(f"{FORM}?planned={planned.pk}").content.decode()
    assert "Marigold" in page and str(planned.pk) in page
    form = typed(bloom, planned=str(planned.pk), planned_version=planned.version, first_message="Marigold")
    manager = sign_in(make_member(bloom, Role.MANAGER))
    assert manager.post(FORM, form | {"plan_time": "15:00"}).status_code == 303

    stale = member_browser.post(FORM, form | {"plan_time": "16:00"})
    assert stale.status_code == 422
    assert "Somebody changed this planned call meanwhile" in words(stale) and "15:00 (Amsterdam)" in words(stale)
    assert 'value="16:00"' in stale.content.decode()
    version = re.search(r'name="planned_version" value="(\d+)"', stale.content.decode())[1]
    assert member_browser.post(FORM, form | {"plan_time": "16:00", "planned_version": version}).status_code == 303
    (now,) = rows(bloom)
    assert (now.local.time(), now.state, now.changed_by_id) == (time(16, 0), "planned", person.pk)


def test_call_now_of_a_plan_that_was_changed_meanwhile_is_shown_before_anybody_is_dialed(
    operator, planner, sign_in, make_member
):
    planned = planner.plan()
    form = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": "06 12340042"}
    form |= {"planned": planned.pk, "planned_version": planned.version, "when": "now"}
    form |= {"token": by_hand.token_of_next(planner.reload(planned))}
    manager = sign_in(make_member(operator.tenant, Role.MANAGER))
    later = form | {"when": "later", "plan_date": tomorrow().date().isoformat(), "plan_time": "15:00"}
    later |= {"plan_zone": "Europe/Amsterdam", "plan_window": "30", "destination": "06 12340043", "token": uuid.uuid4()}
    assert manager.post("/c/harbor/call/", later).status_code == 303

    browser = sign_in(planner.user)
    stale = browser.post("/c/harbor/call/", form)
    assert stale.status_code == 422 and "Somebody changed this planned call meanwhile" in words(stale)
    assert operator.dial_requests() == []
    token = re.search(r'name="token" value="([^"]+)"', stale.content.decode())[1]
    assert browser.post("/c/harbor/call/", form | {"token": token}).status_code == 303
    assert len(operator.dial_requests()) == 1


@pytest.mark.parametrize("when", ["Later", "LATER", "tomorrow"])
def test_a_time_that_is_neither_now_nor_later_dials_nobody(operator, planner, sign_in, when):
    answer = sign_in(planner.user).post("/c/harbor/call/", typed(operator, when=when))
    assert answer.status_code == 422 and forms.NO_WHEN in words(answer)
    assert operator.dial_requests() == [] and rows(operator) == []


def test_the_list_and_the_dialog_say_who_is_called(bloom, person, make_member, sign_in):
    plan(bloom, person, changes=Changes(first_message="Hello {{name}}.", variables={"name": "Mrs de Wit"}))
    page = words(sign_in(person).get(LIST))
    assert page.count("Mrs de Wit") == 2 and "Mrs de Wit , is not called at" in page.replace("Wit,", "Wit ,")
    assert "Mrs de Wit" not in words(sign_in(make_member(bloom, Role.VIEWER)).get(LIST))


def test_who_has_a_planned_call_is_named_before_they_are_called_now(bloom, person, member_browser):
    planned = plan(bloom, person)
    asked = {"destination": PERSON}
    page = words(member_browser.get("/c/bloom-dental/call/number/", asked))
    assert "A call is planned for" in page and str(person) in page
    asked["planned"] = planned.pk
    assert "is planned" not in words(member_browser.get("/c/bloom-dental/call/number/", asked))


def test_a_change_of_a_plan_is_called_so(bloom, person, member_browser):
    planned = plan(bloom, person)
    assert "Change a planned call" in words(member_browser.get(f"{FORM}?planned={planned.pk}"))
    assert "Change a planned call" not in words(member_browser.get(FORM))


def test_who_may_change_and_cancel(bloom, harbor, make_member, sign_in):
    planner, other = make_member(bloom, Role.OPERATOR), make_member(bloom, Role.OPERATOR)
    people = [
        (make_member(harbor, Role.OWNER), 404),
        (make_member(bloom, Role.VIEWER), 403),
        (other, 403),
        (make_member(bloom, Role.MANAGER), 303),
        (planner, 303),
    ]
    for at, (person, status) in enumerate(people):
        planned = plan(bloom, planner, destination=f"+3161234567{at}")
        one = sign_in(person)
        form = typed(bloom, destination=planned.destination, planned=str(planned.pk), planned_version=1)
        assert one.post(FORM, form).status_code == status, person
        assert one.post(f"{LIST}{planned.pk}/cancel/").status_code == status, person
        with scope.for_tenant(bloom.tenant):
            planned.refresh_from_db()
        assert (planned.state == "cancelled") == (status == 303)
        if status == 303:
            page = one.get(LIST).content.decode()
            assert f"{planned.pk}/cancel/" not in page


def test_what_is_being_placed_says_so(bloom, member_browser, person):
    planned = plan(bloom, person)
    with scope.for_tenant(bloom.tenant):
        PlannedCall.objects.update(state="placing")
    assert planning.BEING_PLACED in words(member_browser.get(f"{FORM}?planned={planned.pk}"))
    assert planning.BEING_PLACED in words(member_browser.post(f"{LIST}{planned.pk}/cancel/", follow=True))
    form = typed(bloom, planned=str(planned.pk), planned_version=planned.version)
    assert planning.BEING_PLACED in words(member_browser.post(FORM, form))


def test_one_that_was_not_placed_waits_for_a_person(bloom, member_browser, person):
    planned = plan(bloom, person, changes=Changes(first_message="Marigold"))
    with scope.for_tenant(bloom.tenant):
        PlannedCall.objects.update(state="missed", reason="All calls were in use.")
    assert "A planned call waits for you" in words(member_browser.get("/c/bloom-dental/"))
    page = member_browser.get(LIST).content.decode()
    assert "All calls were in use." in page and "Waits for a person" in page
    address = f"{FORM}?planned={planned.pk}&amp;when=now"
    assert address in page
    form = member_browser.get(address.replace("&amp;", "&")).content.decode()
    assert "Marigold" in form and re.search(r'value="now"\s+checked', form)
    assert str(by_hand.token_of_next(rows(bloom)[0])) in form
    assert "1 not placed" in words(member_browser.get("/c/bloom-dental/calls/"))
    assert "1 planned call not placed" in words(member_browser.get("/c/bloom-dental/live/"))
    member_browser.post(f"{LIST}{planned.pk}/cancel/")
    assert "waits for you" not in words(member_browser.get("/c/bloom-dental/"))


def test_call_now_with_another_person_shows_that_one_in_the_list(operator, planner, sign_in):
    planned = planner.plan()
    browser = sign_in(planner.user)
    address = "/c/harbor/call/"
    page = browser.get(f"{address}?planned={planned.pk}&when=now").content.decode()
    form = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": "06 12340043"}
    form |= {"planned": planned.pk, "when": "now", "token": re.search(r'name="token" value="([^"]+)"', page)[1]}
    assert browser.post(address, form).status_code == 303
    page = words(browser.get("/c/harbor/calls/planned/"))
    assert "+31 6 1234 0043" in page and "+31 6 1234 0042" not in page


def test_the_contents_of_changes_are_for_those_who_may_read_transcripts(bloom, person, make_member, sign_in):
    planned = plan(bloom, person, changes=Changes(first_message="Marigold"))
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    page = viewer.get(LIST).content.decode()
    assert "Marigold" not in page and "another opening sentence" in page
    assert viewer.get(f"{FORM}?planned={planned.pk}").status_code == 403
    sign_in(person).get(f"{FORM}?planned={planned.pk}")
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.filter(action="call.planned-changes-read", actor_id=person.pk).count() == 1


def test_an_empty_list_says_what_to_do(member_browser):
    assert "choose At a time" in words(member_browser.get(LIST))


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_asks_the_same_number_of_queries(bloom, member_browser, person, count):
    for nth in range(count):
        plan(bloom, person, destination=f"+3161234{nth:04}")
    with captured_selects() as selects:
        member_browser.get(LIST)
    assert len(selects) <= 14


def test_over_and_coming_are_paged(bloom, member_browser, person):
    for nth in range(55):
        plan(bloom, person, destination=f"+3161234{nth:04}")
    with scope.for_tenant(bloom.tenant):
        PlannedCall.objects.update(state="cancelled")
    page = member_browser.get(LIST).content.decode()
    assert page.count("Cancelled") == 50
    older = re.search(r'href="(\?before=[^"]+)"', page)[1].replace("&amp;", "&")
    assert member_browser.get(LIST + older).content.decode().count("Cancelled") == 5


def test_the_zone_of_the_person_is_offered(bloom, member_browser):
    with scope.for_system("staff allow it"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_countries=["NL", "US"])
    echo = member_browser.get(f"{FORM}number/", {"destination": "+12125550123", "number": bloom.number.pk})
    assert 'data-fill-with="America/New_York"' in echo.content.decode()
    here = member_browser.get(f"{FORM}number/", {"destination": "+31612345678", "number": bloom.number.pk})
    assert "data-fill-with" not in here.content.decode()
    page = member_browser.get(f"{FORM}?when=later&zone=America/New_York&to=%2B12125550123").content.decode()
    assert 'value="America/New_York"' in page and re.search(r'value="later"\s+checked', page)


def test_the_page_of_the_call_says_when_it_was_planned(operator, planner, sign_in):
    planned = planner.due_now()
    planner.run_due()
    call = planner.reload(planned).call
    page = words(sign_in(planner.user).get(f"/c/harbor/calls/{call.pk}/"))
    assert f"Planned by {planner.user}" in page
