"""Hours of transfer targets: when they can be reached, what the panel says, and what is refused outside of them."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.calls.control import transfer_book
from dashboard.calls.control.transfer_hours import Hours
from dashboard.calls.models import Receipt, TransferTarget
from dashboard.rate_limits import limiter
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.calls.test_transfer_book import SETTINGS, made_from, rows
from tests.fixtures.call_factories import make_call

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = Hours("01234", time(9), time(17, 30), "Europe/Amsterdam")
NIGHT = Hours("4", time(22), time(6), "Europe/Amsterdam")  # from Friday into Saturday
THURSDAY, FRIDAY, SATURDAY = ((2026, 11, day) for day in (26, 27, 28))
RECEPTION = "+31205550155"
HTMX = {"HX-Request": "true"}


def at(day: tuple[int, int, int], hour: int, minute: int = 0) -> datetime:
    return datetime(*day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("hours", "moment", "state"),
    [
        (Hours(), at(THURSDAY, 3), "always open"),
        (OFFICE, at(THURSDAY, 8, 59), "closed, from 9:00 Amsterdam time"),
        (OFFICE, at(THURSDAY, 9), "open until 17:30"),
        (OFFICE, at(THURSDAY, 17, 30), "closed, from tomorrow 9:00 Amsterdam time"),
        (OFFICE, at(FRIDAY, 18), "closed, from Monday 9:00 Amsterdam time"),
        (NIGHT, at(FRIDAY, 21, 59), "closed, from 22:00 Amsterdam time"),
        (NIGHT, at(FRIDAY, 23), "open until 6:00"),
        (NIGHT, at(SATURDAY, 5, 59), "open until 6:00"),
        (NIGHT, at(SATURDAY, 6), "closed, from Friday 22:00 Amsterdam time"),
        (Hours("56", zone="Europe/Amsterdam"), at(SATURDAY, 12), "open today"),
        (Hours("5", zone="Europe/Amsterdam"), at(FRIDAY, 12), "closed, from tomorrow 0:00 Amsterdam time"),
        (Hours("", time(9), time(17), "America/New_York"), at(THURSDAY, 14), "closed, from 9:00 New York time"),
        (Hours("", time(9), time(17), "America/New_York"), at(THURSDAY, 16), "open until 17:00"),
    ],
)
def test_the_state_is_by_the_clock_of_its_zone(hours, moment, state):
    assert hours.state(moment) == state


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [(datetime(2026, 10, 24, 7, 30, tzinfo=UTC), True), (datetime(2026, 10, 25, 7, 30, tzinfo=UTC), False)],
)
def test_summer_time_moves_no_opening(moment, is_open):
    """9:00 in Amsterdam is 7:00 UTC in summer and 8:00 UTC in winter."""
    assert Hours("", time(9), time(17), "Europe/Amsterdam").are_open(moment) is is_open


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (Hours(), "always"),
        (OFFICE, "weekdays 9:00 to 17:30"),
        (Hours("012", time(9), time(12)), "Mon, Tue, Wed 9:00 to 12:00"),
        (Hours("56"), "weekends"),
        (Hours("", time(8), time(20)), "every day 8:00 to 20:00"),
    ],
)
def test_hours_in_words(hours, words):
    assert hours.words() == words


@pytest.fixture
def closed(bloom: Any) -> Any:
    """Reception, which is closed today and the next days but one."""
    far = str((timezone.now().astimezone(AMSTERDAM).weekday() + 3) % 7)
    with scope.for_tenant(bloom.tenant):
        return TransferTarget.objects.create(tenant=bloom.tenant, name="Reception", destination=RECEPTION, days=far)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []

    @contextmanager
    def client_for(*args: Any, **more: Any) -> Any:
        yield SimpleNamespace(control_call=lambda remote_id, command: sent.append(command.body()))

    monkeypatch.setattr(limiter, "client_for", client_for)
    return sent


@pytest.mark.parametrize("field", ["target", "destination"])
def test_outside_of_its_hours_a_target_is_refused_unless_confirmed(bloom, closed, vendor, make_member, sign_in, field):
    browser, call = sign_in(make_member(bloom, Role.OPERATOR, "Sanne Visser")), make_call(bloom)
    address = f"/c/bloom-dental/calls/{call.pk}/command/"
    form = {"type": "transfer", field: RECEPTION, "token": uuid.uuid4()}
    for more in ({}, {"anyway": "+31205550199"}):
        answer = browser.post(address, form | more, headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 422 and "Reception takes calls from" in page and "Transfer anyway" in page
        assert vendor == []
        if field == "destination":
            assert f'value="{RECEPTION}"' in page, "what was typed is kept"

    assert browser.post(address, form | {"anyway": ["+31205550199", RECEPTION]}).status_code == 303
    assert [body["destination"] for body in vendor] == [RECEPTION]
    with scope.for_tenant(bloom.tenant):
        assert Receipt.objects.get().remark == "outside of the hours of Reception"
        asked = AuditEntry.objects.get(action="call.command-asked")
    assert "Transfer (outside of the hours of Reception)" in sentence(asked)
    page = browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    assert "Sent outside of the hours of Reception." in page


def test_the_panel_says_who_can_be_reached(bloom, closed, make_member, sign_in):
    with scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Night", destination="sip:night@example.com")
    page = sign_in(make_member(bloom, Role.OPERATOR)).get(f"/c/bloom-dental/calls/{make_call(bloom).pk}/")
    html = page.content.decode()
    found = re.search(r'<div class="transfer-choices".*?</div>', html, re.S)
    assert found and "always open" in found[0]
    assert re.search(r"closed, from \w+ 0:00 Amsterdam time", found[0])
    assert found[0].count('name="anyway"') == 1
    buttons = dict(zip(("Reception", "Night"), re.findall(r"<button.*?</button>", found[0], re.S), strict=True))
    assert ["Closed now" in button for button in buttons.values()] == [True, False]


def test_hours_are_saved_shown_and_recorded(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))
    hours = {"target-0-days": ["0", "1"], "target-0-opens": "09:00", "target-0-closes": "17:30"}
    form = rows(("Reception", RECEPTION, "")) | hours | {"target-0-timezone": "europe/london"}
    assert browser.post(SETTINGS, form).status_code == 302
    with scope.for_tenant(bloom.tenant):
        (choice,) = transfer_book.choices(bloom.tenant)
        (entry,) = AuditEntry.objects.filter(action="tenant.transfer-targets-changed")
    assert choice.hours == Hours("01", time(9), time(17, 30), "Europe/London")
    assert "Reception +31205550155 (Mon, Tue 9:00 to 17:30, Europe/London)" in sentence(entry)
    page = browser.get(SETTINGS).content.decode()
    assert "Mon, Tue 9:00 to 17:30" in page and 'value="09:00"' in page

    opened = made_from(browser)
    later = form | {"target-0-closes": "18:00"}
    assert browser.post(SETTINGS, later | {"made_from": opened}).status_code == 302
    assert browser.post(SETTINGS, form | {"made_from": opened}).status_code == 409, "hours count as a change"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"target-0-opens": "09:00"}, "Set both times"),
        ({"target-0-opens": "25:99", "target-0-closes": "17:00"}, "Write hours and minutes, like 9:00."),
        ({"target-0-opens": "09:00:30", "target-0-closes": "17:00"}, "Write hours and minutes, like 9:00."),
        ({"target-0-opens": "09:00", "target-0-closes": "09:00"}, "Both times are the same"),
        ({"target-0-timezone": "Atlantis"}, "Choose a time zone from the list"),
        ({"target-0-days": ["9"]}, "not one of the available choices"),
    ],
)
def test_wrong_hours_say_so_beside_their_field(bloom, make_member, sign_in, hours, words):
    form = rows(("Reception", RECEPTION, "One moment.")) | hours
    answer = sign_in(make_member(bloom, Role.OWNER)).post(SETTINGS, form)
    page = answer.content.decode()
    fields = [found[0] for found in re.finditer(r'<(div|fieldset) class="field".*?</\1>', page, re.S)]
    wrong = [found for found in fields if 'class="error"' in found]
    assert answer.status_code == 422 and wrong and words in wrong[0] and 'value="One moment."' in page


def test_hours_without_a_target_are_not_dropped_and_an_emptied_target_goes(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER))
    typed = rows(("", "", "")) | {"target-0-opens": "09:00", "target-0-closes": "17:00"}
    answer = browser.post(SETTINGS, typed | {"made_from": made_from(browser)})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Write who takes over there" in page and 'value="09:00"' in page

    emptied = typed | {"target-INITIAL_FORMS": 1, "target-0-days": ["0"]}
    removed = rows(("Reception", RECEPTION, "")) | {"target-INITIAL_FORMS": 1, "target-0-remove": "on"}
    for form in (emptied, removed):
        with scope.for_tenant(bloom.tenant):
            TransferTarget.objects.all().delete()
            TransferTarget.objects.create(tenant=bloom.tenant, name="Reception", destination=RECEPTION)
        assert browser.post(SETTINGS, form | {"made_from": made_from(browser)}).status_code == 302
        with scope.for_tenant(bloom.tenant):
            assert not TransferTarget.objects.exists()


def test_each_row_says_whether_it_is_open(bloom, closed, make_member, sign_in):
    with scope.for_tenant(bloom.tenant):
        TransferTarget.objects.create(tenant=bloom.tenant, name="Night", destination="sip:night@example.com")
    page = sign_in(make_member(bloom, Role.OWNER)).get(SETTINGS).content.decode()
    states = re.findall(r'<span class="row-form__state">\s*<span class="state[^>]*>(\w+)</span>', page)
    assert sorted(states) == ["Closed", "Open"]
