"""Call now: what a person may type, and that nothing is dialed by mistake."""

import re
import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import urlencode

from dashboard.calls.placing import claims, destinations, intents
from dashboard.calls.placing.changes import Changes
from dashboard.calls.templatetags.calls import call_again_url
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Connection, Number, Tenant
from tests.fixtures.backdating import backdating
from tests.fixtures.call_factories import captured_selects, make_call

ADDRESS = "/c/bloom-dental/call/"


@pytest.fixture
def dialed(monkeypatch: pytest.MonkeyPatch, bloom: Any) -> list[dict]:
    """What reached the verb; the call it would make is a row, nothing leaves."""
    asked: list[dict] = []

    def place(tenant: Any, **facts: Any) -> Any:
        asked.append(facts)
        return make_call(
            bloom, by=facts["by"], state="dialing", client_token=facts["token"], counterpart=facts["destination"]
        )

    monkeypatch.setattr(intents, "place", place)
    return asked


@pytest.fixture
def operator(bloom: Any, make_member: Any) -> Any:
    return make_member(bloom, Role.OPERATOR)


@pytest.fixture
def operator_browser(operator: Any, sign_in: Any) -> Any:
    return sign_in(operator)


def typed(setup: Any, **more: Any) -> dict[str, Any]:
    return {
        "destination": "+31 6 1234 5678",
        "number": setup.number.pk,
        "assistant": setup.assistant.pk,
        "first_message": "",
        "token": str(uuid.uuid4()),
    } | more


def test_the_reason_for_the_line_stands_once_in_its_row(bloom, operator_browser):
    page = operator_browser.get(ADDRESS).content.decode()
    assert page.count("data-line-reason-of") == 1 and page.count("It is your only line.") == 1
    row = next(row for row in page.split("<label>") if 'name="number"' in row)
    assert "It is your only line." in row.split("</label>")[0]


@pytest.mark.parametrize(
    ("placed", "inbound", "words"),
    [
        (0, 0, "<b>0 of 3</b> calls in use"),
        (2, 0, "<b>2 of 3</b> calls in use"),
        (2, 1, "<b>all 3</b> calls in use"),
        (2, 3, "<b>all 3</b> calls in use, and 2 more: calls that come in or a campaign makes are not held back"),
    ],
)
def test_calls_in_use_are_those_that_the_limit_counts(bloom, operator_browser, placed, inbound, words):
    """One that waits to be sent is not in use yet; calls that come in are not held back, and never "5 of 3"."""
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(max_concurrent_calls=3)
    for n in range(placed):
        make_call(bloom, counterpart=f"+3161234567{n}")
    for n in range(inbound):
        make_call(bloom, counterpart=f"+3161234568{n}", origin="adopted", direction="inbound")
    make_call(bloom, state="queued", counterpart="+31612345699", sent_at=None, placed_at=None, remote_id="")
    page = " ".join(operator_browser.get(ADDRESS).content.decode().split())
    assert f"yours · {words}" in page
    assert (claims_reason(bloom) != "") is (placed + inbound >= 3)


def claims_reason(setup: Any) -> str:
    with scope.for_tenant(setup.tenant):
        return claims.blocking_reason(Tenant.objects.get(pk=setup.tenant.pk))


def test_a_call_lands_on_its_panel(bloom, operator_browser, dialed):
    response = operator_browser.post(ADDRESS, typed(bloom, first_message="Good day."))

    assert response.status_code == 303
    assert response["Location"].startswith("/c/bloom-dental/calls/")
    assert dialed[0]["destination"] == "+31612345678"
    assert (dialed[0]["number"], dialed[0]["assistant"]) == (bloom.number.pk, bloom.assistant.pk)
    assert dialed[0]["changes"] == Changes(first_message="Good day.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type the number of the person you call."),
        ("0612", "This number is too short. A mobile number in the Netherlands has 10 digits; 6 are missing here."),
        ("06123456789", "too long"),
        ("+31 6 1234 567", "has 9 digits after +31; one is missing here"),
        ("+31 900 0123456", "premium-rate"),
        ("+31 6 1234 5678 901", "too many"),
        ("+999 123 4567", "No country has this code"),
        ("112", "Emergency and short numbers"),
        ("+31 6 CALL ME", "digits only"),
        ("<script>alert(1)</script>", "country code"),
        ("+", "country code"),
    ],
)
def test_a_wrong_number_is_shown_beside_its_field_and_stays(bloom, operator_browser, dialed, text, words):
    response = operator_browser.post(ADDRESS, typed(bloom, destination=text, first_message="Keep me."))

    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "Keep me." in page
    assert "<script>alert" not in page
    assert dialed == []


def test_the_verb_refuses_in_the_place_of_the_field(bloom, harbor, operator_browser):
    for own in (bloom, harbor):
        response = operator_browser.post(ADDRESS, typed(bloom, destination=own.number.e164))
        assert response.status_code == 422
        assert intents.OWN_NUMBER in response.content.decode()
        assert 'id="id_destination_description"' in response.content.decode()


def test_a_suspended_client_sees_that_and_nothing_is_written(bloom, operator_browser):
    with scope.for_tenant(bloom.tenant):
        bloom.tenant.status = "suspended"
        bloom.tenant.save()

    response = operator_browser.post(ADDRESS, typed(bloom))

    assert response.status_code == 422
    assert "note--wrong" in response.content.decode()
    with scope.for_tenant(bloom.tenant):
        assert not bloom.tenant.calls.exists()


@pytest.mark.parametrize("field", ["number", "assistant"])
def test_what_is_not_the_clients_own_is_not_used(bloom, harbor, operator_browser, dialed, field):
    foreign = getattr(harbor, field).pk
    for tampered in (foreign, 0, "x", ""):
        response = operator_browser.post(ADDRESS, typed(bloom, **{field: tampered}))
        assert response.status_code == 422
        assert f'id="{field}-hint"' in response.content.decode()
    assert dialed == []


def test_a_line_that_has_ended_is_shown_and_cannot_be_used(bloom, operator_browser, dialed):
    with scope.for_system("a line for a test"):
        number = Number.objects.create(
            connection=bloom.connection, remote_id="gone", e164="+31365550118", name="Almere"
        )
        before = timezone.now() - timedelta(days=9)
        with backdating():
            ended = dedications.dedicate_number(bloom.tenant, number, by=None, start=before)
    with scope.for_system("and its end"):
        dedications.end_number(ended, by=None)

    page = operator_browser.get(ADDRESS).content.decode()
    response = operator_browser.post(ADDRESS, typed(bloom, number=ended.pk))

    assert "Yours until" in page
    assert response.status_code == 422
    assert dialed == []


def test_a_second_click_lands_on_the_same_call(bloom, operator_browser, dialed):
    form = typed(bloom)

    first, second = (
        operator_browser.post(ADDRESS, form),
        operator_browser.post(ADDRESS, form | {"destination": "nonsense"}),
    )

    assert first["Location"] == second["Location"]
    assert len(dialed) == 1


def test_the_token_stays_with_the_form_through_an_error(bloom, operator_browser, dialed):
    form = typed(bloom, destination="12")

    assert form["token"] in operator_browser.post(ADDRESS, form).content.decode()


def test_htmx_gets_the_form_and_then_the_way_to_the_panel(bloom, operator_browser, dialed):
    wrong = operator_browser.post(ADDRESS, typed(bloom, destination=""), headers={"HX-Request": "true"})
    right = operator_browser.post(ADDRESS, typed(bloom), headers={"HX-Request": "true"})

    assert wrong.status_code == 422
    assert "<html" not in wrong.content.decode()
    assert right["HX-Redirect"].startswith("/c/bloom-dental/calls/")


def test_the_usual_line_and_assistant_are_chosen(bloom, operator_browser):
    with scope.for_tenant(bloom.tenant):
        number = bloom.number.pk
        bloom.tenant.default_number_id = number
        bloom.tenant.save()

    page = operator_browser.get(ADDRESS).content.decode()

    assert f'value="{number}" data-words="Bloom Dental line" checked' in page
    assert "Call from Bloom Dental line" in page


def test_without_a_line_there_is_no_form(bloom, operator_browser):
    with scope.for_system("no line left"):
        dedications.end_number(bloom.number, by=None)

    page = operator_browser.get(ADDRESS).content.decode()

    assert "There is no line to call from yet" in page
    assert 'name="destination"' not in page


def test_who_may_not_place_calls(bloom, harbor, make_member, sign_in, dialed, client):
    viewer, stranger = sign_in(make_member(bloom, Role.VIEWER)), sign_in(make_member(harbor, Role.OWNER))

    assert viewer.get(ADDRESS).status_code == 403
    assert viewer.post(ADDRESS, typed(bloom)).status_code == 403
    assert stranger.post(ADDRESS, typed(bloom)).status_code == 404
    expired = client.post(ADDRESS, typed(bloom))
    assert (expired.status_code, expired["Location"]) == (302, f"/accounts/login/?next={ADDRESS}")
    assert dialed == []


def test_a_number_with_two_readings_is_asked_for_and_nothing_typed_is_lost(bloom, operator_browser, dialed):
    text = "+39 (0)551 2392785"
    asked = operator_browser.post(ADDRESS, typed(bloom, destination=text, first_message="Keep me."))

    page = asked.content.decode()
    assert asked.status_code == 422 and dialed == []
    assert destinations.TWO_READINGS in page and text in page and "Keep me." in page
    assert all(f'name="reading" value="{e164}"' in page for e164 in ("+3905512392785", "+395512392785"))

    chosen = operator_browser.post(ADDRESS, typed(bloom, destination=text, reading="+3905512392785"))
    assert chosen.status_code == 303
    assert [one["destination"] for one in dialed] == ["+3905512392785"]


def test_a_reading_that_the_text_does_not_have_is_no_choice(bloom, operator_browser, dialed):
    response = operator_browser.post(ADDRESS, typed(bloom, destination="+39 (0)551 2392785", reading="+31900123456"))

    assert response.status_code == 422
    assert dialed == []


def test_the_minutes_of_its_own_organization_are_shown(bloom, operator_browser):
    _minutes(bloom, 120)
    assert "120 minutes of credit" in operator_browser.get(ADDRESS).content.decode()


@pytest.mark.parametrize("by", ["home", "dedication", "child", "parent"])
def test_minutes_that_others_use_too_are_shown_to_nobody(bloom, harbor, operator_browser, by):
    _minutes(bloom, 120)
    with scope.for_system("share it"):
        if by == "home":
            Tenant.objects.filter(pk=harbor.tenant.pk).update(home_connection=bloom.connection)
        elif by == "dedication":
            spare = Number.objects.create(connection=bloom.connection, remote_id="num-spare", e164="+31205550199")
            dedications.dedicate_number(harbor.tenant, spare, by=None)
        elif by == "child":
            Connection.objects.filter(pk=harbor.connection.pk).update(parent=bloom.connection)
        else:
            Connection.objects.filter(pk=bloom.connection.pk).update(parent=harbor.connection)
    page = operator_browser.get(ADDRESS).content.decode()
    assert "minutes of credit" not in page and "no credit left" not in page


def _minutes(setup: Any, minutes: int) -> None:
    with scope.for_system("credit"):
        Connection.objects.filter(pk=setup.connection.pk).update(minutes_balance=minutes)


def test_each_assistant_brings_its_own_opening_sentence(bloom, operator_browser):
    with scope.for_system("a second one"):
        type(bloom.assistant.assistant).objects.update(first_message="Bloom Dental, good day.")
        other = type(bloom.assistant.assistant).objects.create(
            connection=bloom.connection, remote_id="asst-two", name="Recall", first_message="Time for a check-up."
        )
        dedications.dedicate_assistant(bloom.tenant, other, by=None)
    page = operator_browser.get(ADDRESS).content.decode()
    assert 'data-opening="Bloom Dental, good day."' in page and 'data-opening="Time for a check-up."' in page
    assert 'data-opening-of="assistant" placeholder="Bloom Dental, good day."' in page


@pytest.mark.parametrize("why", ["alarm", "suspended", "at once", "a day", "credit"])
def test_what_would_refuse_every_call_is_messages_before_the_click(bloom, operator_browser, why):
    assert 'id="blocking-reason"' not in operator_browser.get(ADDRESS).content.decode()
    limits = {"at once": {"max_concurrent_calls": 1}, "a day": {"max_calls_per_day": 1}}
    change = limits | {"suspended": {"status": "suspended"}}
    with scope.for_system("something stops calls"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(**change.get(why, {"city": "Delft"}))
        if why == "credit":
            Connection.objects.filter(pk=bloom.connection.pk).update(minutes_balance=0)
    if why == "alarm":
        make_call(bloom, state="ended", reported_line="+31105550140", alarm="wrong-number", alarm_at=timezone.now())
    elif why in ("at once", "a day"):
        make_call(bloom, state="in-progress" if why == "at once" else "ended")
    with scope.for_tenant(bloom.tenant):
        words = intents.blocking_reason(bloom.tenant)
    page = operator_browser.get(ADDRESS).content.decode()
    assert words and f'id="blocking-reason">{escape(words)}' in page
    if why != "credit":
        with pytest.raises(intents.CallRefused) as refused:
            intents.place(
                bloom.tenant,
                by=None,
                number=bloom.number.pk,
                assistant=bloom.assistant.pk,
                destination="+31612349990",
                token=uuid.uuid4(),
            )
        assert refused.value.message == words


@pytest.mark.parametrize("text", ["06 12345678", "0612345678", "0031612345678", "06-1234 5678", "+31 (0)6 12345678"])
def test_a_number_is_read_as_in_the_country_of_the_line(bloom, operator_browser, dialed, text):
    assert operator_browser.post(ADDRESS, typed(bloom, destination=text)).status_code == 303
    assert [facts["destination"] for facts in dialed] == ["+31612345678"]


def test_a_number_of_two_countries_is_asked_for(bloom, operator_browser, dialed):
    _set_country(bloom, "DE")
    form = typed(bloom, destination="030 2345678")
    response = operator_browser.post(ADDRESS, form)
    page = response.content.decode()
    assert response.status_code == 422 and dialed == []
    assert all(f'name="reading" value="{e164}"' in page for e164 in ("+31302345678", "+49302345678"))
    assert operator_browser.post(ADDRESS, form | {"reading": "+49302345678"}).status_code == 303
    assert [facts["destination"] for facts in dialed] == ["+49302345678"]


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("0612345678", ["+31 6 1234 5678", "Netherlands, mobile", " there", 'data-grouped="06 1234 5678"'], []),
        ("0612", ["This number is too short.", 'data-grouped="06 12"'], [" there", "mergency"]),
        ("0031612345678", ["+31 6 1234 5678", 'data-grouped="0031 6 1234 5678"'], []),
        ("00 31612345678", ["+31 6 1234 5678", 'data-grouped="0031 6 1234 5678"'], []),
        ("0031 20 555", ["too short", 'data-grouped="0031 20 555"'], []),
        ("003161234567", ["one is missing", 'data-grouped="0031 6 123 4567"'], []),
        ("09001234", ["premium-rate number", 'data-number=""'], []),
        ("112", ["In an emergency, dial it on a phone.", 'data-number=""'], []),
        ("1850", ["only work on a phone in their own country", 'data-number=""'], []),
        ("+31205550142", ["an assistant would call itself", 'data-number=""'], [" there"]),
        ("030 2345678", ["+31 30 234 5678", "Netherlands, fixed line"], ['name="reading"']),
        ("+32 470 12 34 56", ["Bloom Dental may not call Belgium", 'data-number=""'], [" there"]),
        ("", ["hidden"], [" there"]),
        ('"><script>alert(1)</script>', ["country code"], ["<script"]),
        ("9" * 400, [], [" there"]),
    ],
)
def test_what_is_typed_is_echoed_before_it_is_dialed(bloom, operator_browser, dialed, text, shown, hidden):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_countries=["NL"])
    response = operator_browser.get(f"{ADDRESS}number/", {"destination": text, "number": bloom.number.pk})
    part = response.content.decode()
    assert response.status_code == 200 and "<html" not in part
    assert [words for words in shown if words not in part] == [words for words in hidden if words in part] == []
    assert dialed == []


@pytest.mark.parametrize(
    ("at", "is_outside"), [("2026-11-26T04:17:00+00:00", True), ("2026-11-26T10:17:00+00:00", False)]
)
def test_the_echo_says_that_it_is_outside_of_usual_calling_hours_and_blocks_nothing(
    bloom, operator_browser, monkeypatch, at, is_outside
):
    """Single calls keep no hours here; the person's clock is told all the same."""
    for module in ("dashboard.contact_rules.rules", "dashboard.ui.phone_numbers"):
        monkeypatch.setattr(f"{module}.timezone", SimpleNamespace(now=lambda: datetime.fromisoformat(at)))
    part = operator_browser.get(f"{ADDRESS}number/", {"destination": "0612345678", "number": bloom.number.pk})
    page = operator_browser.get(ADDRESS, {"to": "+31612345678"})
    for shown in (part.content.decode(), page.content.decode()):
        assert ("Outside of calling hours: " in shown) is is_outside
        assert ("echo--outside" in shown) is is_outside
        assert 'data-number="+31 6 1234 5678"' in shown, "it may be called"
        assert ("05:17 there" in shown) is is_outside


def test_an_echo_knows_nothing_of_another_clients_line(bloom, harbor, operator_browser):
    for line in (harbor.number.pk, "x", "", "9" * 40):
        part = operator_browser.get(f"{ADDRESS}number/", {"destination": "0612345678", "number": line})
        assert part.status_code == 200 and "country code" in part.content.decode()


def test_the_echo_stands_on_the_page_without_a_script(bloom, operator_browser, dialed):
    given = operator_browser.get(ADDRESS, {"to": "+31612345678"}).content.decode()
    assert "Netherlands, mobile" in given and 'value="+31 6 1234 5678"' in given
    assert "Call +31 6 1234 5678" in given
    failed = operator_browser.post(ADDRESS, typed(bloom, destination="0612345678", assistant="")).content.decode()
    assert "Netherlands, mobile" in failed and 'value="0612345678"' in failed and dialed == []
    short = operator_browser.post(ADDRESS, typed(bloom, destination="0612")).content.decode()
    assert short.count("This number is too short") == 1


@pytest.mark.parametrize("text", ["0900 1234", "112", "0612", "x"])
def test_the_button_never_offers_what_is_refused(bloom, operator_browser, dialed, text):
    for page in (
        operator_browser.get(ADDRESS, {"to": text}),
        operator_browser.post(ADDRESS, typed(bloom, destination=text)),
    ):
        assert page.context["button_label"]["to"] == ""


def test_calling_again_keeps_the_number_the_line_and_the_assistant(bloom, harbor, operator_browser):
    with scope.for_system("a second assistant"):
        other = type(bloom.assistant.assistant).objects.create(
            connection=bloom.connection, remote_id="asst-two", name="Recall"
        )
        second = dedications.dedicate_assistant(bloom.tenant, other, by=None)
    chosen = {"to": "+31612345678", "number": bloom.number.pk, "assistant": second.pk}
    call = make_call(bloom, state="ended", counterpart=chosen["to"], assistant_dedication=second)
    page = operator_browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    assert escape(f"{ADDRESS}?{urlencode(chosen)}") in page
    form = operator_browser.get(ADDRESS, chosen).context["form"]
    assert (form["number"].value(), form["assistant"].value()) == (bloom.number.pk, second.pk)
    foreign = {"number": harbor.number.pk, "assistant": harbor.assistant.pk}
    form = operator_browser.get(ADDRESS, chosen | foreign).context["form"]
    assert (form["number"].value(), form["assistant"].value()) == (bloom.number.pk, bloom.assistant.pk)


def test_a_name_in_the_link_waits_until_a_text_has_it(bloom, operator_browser):
    page = operator_browser.get(ADDRESS, {"to": "+31612345678", "name": "Anna Bos"}).content.decode()
    assert '<input type="hidden" name="variable-name" value="Anna Bos">' in page
    sent = typed(bloom, destination="06 12", **{"variable-name": "Anna Bos", "first_message": "Hello {{name}}."})
    answer = operator_browser.post(ADDRESS, sent)
    assert answer.status_code == 422 and answer.context["form"]["variable-name"].value() == "Anna Bos"


def test_calling_back_keeps_the_name_that_a_campaign_knows(bloom):
    call = make_call(bloom, state="ended", counterpart="+31612345678")
    call.lead = {"name": "Anna Bos"}  # as the queries of the list and of the page add it
    assert "name=Anna+Bos" in call_again_url(Context({"request": None}), call)


def test_people_called_lately_are_one_press_away(bloom, operator_browser, operator):
    for at, counterpart in enumerate(["+31612345671", "+31612345672", "+31612345671", "+31900123456", ""]):
        make_call(bloom, by=operator, state="ended", counterpart=counterpart, ago=100 + at)
    make_call(bloom, state="ended", counterpart="+31612345679", ago=50)  # by a campaign
    page = operator_browser.get(ADDRESS)
    assert [person["e164"] for person in page.context["recent"]] == ["+31612345671", "+31612345672"]
    assert 'href="/c/bloom-dental/call/?to=%2B31612345671"' in page.content.decode()


def test_the_echo_tells_when_this_person_was_called_last(bloom, harbor, operator_browser):
    make_call(harbor, state="ended", ago=60)
    asked = {"destination": "0612345678", "number": bloom.number.pk}
    assert "last called" not in operator_browser.get(f"{ADDRESS}number/", asked).content.decode()
    make_call(bloom, state="ended", ago=200)
    make_call(bloom, state="ended", ago=100, counterpart="+31612345670")
    part = operator_browser.get(f"{ADDRESS}number/", asked).content.decode()
    assert re.search(r"last called <time[^>]*>3 min ago</time>", part)
    assert "last called" in operator_browser.get(ADDRESS, {"to": "+31612345678"}).content.decode()


def test_the_page_reads_as_much_for_many_calls_as_for_one(bloom, operator_browser, operator):
    counts = []
    for more in (1, 30):
        for at in range(more):
            make_call(bloom, by=operator, state="ended", ago=100 + at, counterpart=f"+316123400{more + at:02}")
        with captured_selects() as found:
            operator_browser.get(ADDRESS)
        counts.append(len(found))
    assert counts[0] == counts[1]


def _set_country(setup: Any, country: str) -> None:
    with scope.for_tenant(setup.tenant):
        Tenant.objects.filter(pk=setup.tenant.pk).update(country=country)
