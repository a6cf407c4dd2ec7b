"""Staff change the hours and attempts of a country for all clients, with their source, and put ours back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.forms import ValidationError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.contact_rules import country_form, country_presets, rules
from dashboard.contact_rules.country_hours import COUNTRY_HOURS
from dashboard.contact_rules.models import ContactSettings, CountryPreset
from dashboard.contact_rules.rules import Rule
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call

PAGE = "/country-rules/"
FRENCH, DUTCH = "+33612345678", "+31612345678"
MONDAY = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # 10:30 in Paris
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
TYPED = dict.fromkeys(WORKDAYS, "11:00-13:00, 14-19.30") | {
    "on_holidays": "nobody",
    "most_attempts": "2",
    "attempt_days": "10",
    "source": "A decree of 2026",
    "read_on": "2026-11-20",
}


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def keep(tenant: Any, **changed: Any) -> None:
    with scope.for_system("settings"):
        ContactSettings.objects.update_or_create(tenant=tenant, defaults=changed)


def ask(tenant: Any, number: str = FRENCH, at: datetime = MONDAY) -> rules.Verdict:
    with scope.for_tenant(tenant):
        return rules.verdict(tenant, number, at)


@pytest.fixture
def staff(admin, sign_in):
    return sign_in(admin)


def test_what_staff_write_counts_for_all_clients_and_is_shown_with_source_and_date(
    bloom, harbor, staff, make_member, sign_in
):
    for setup in (bloom, harbor):
        keep(setup.tenant, calls_keep_hours=True)
    assert ask(bloom.tenant).refusal == ""
    answer = staff.post(f"{PAGE}FR/", TYPED, follow=True)
    hours = "Monday to Friday 11:00 to 13:00 and 14:00 to 19:30, not on public holidays"
    assert "The calling hours of France are saved" in words(answer) and hours in words(answer)
    for setup in (bloom, harbor):
        verdict = ask(setup.tenant)
        assert verdict.rule == Rule.HOURS and hours in verdict.refusal
    page = words(sign_in(make_member(bloom.tenant, Role.VIEWER)).get("/c/bloom-dental/contact-rules/"))
    assert hours in page and "At most 2 calls to one person in 10 days" in page
    assert "A decree of 2026 Named by your account team" in page and "20 November 2026" in page
    keep(bloom.tenant, uses_country_hours=False)
    assert ask(bloom.tenant).refusal == "", "staff switch the hours of countries off for one client"


def test_it_is_written_down_and_put_back(staff, bloom):
    staff.post(f"{PAGE}FR/", TYPED)
    assert "Back to Patchbay" in words(staff.get(f"{PAGE}FR/"))
    answer = staff.post(f"{PAGE}FR/reset/", follow=True)
    assert "France has the hours of Patchbay again" in words(answer)
    assert COUNTRY_HOURS["FR"].source in words(answer) and "A decree" not in words(answer)
    with scope.for_system("look"):
        assert not CountryPreset.objects.exists()
        message = [sentence(one) for one in AuditEntry.objects.filter(action__startswith="contact-rules.country")]
    changed, reset = sorted(message)
    assert "at most 2 calls to one person in 10 days. Written in A decree of 2026, read on 20 November 2026." in changed
    assert "put the calling hours of France back, for all clients: Monday to Friday 10:00 to 13:00" in reset
    activity = words(staff.get("/activity/"))
    assert "changed the calling hours of France for all clients" in activity
    assert "Nothing was different" in words(staff.post(f"{PAGE}FR/reset/", follow=True))


def test_a_country_of_which_we_have_none_gets_hours_and_loses_them(staff, bloom):
    keep(bloom.tenant, calls_keep_hours=True)
    assert staff.get(PAGE, {"country": "NL"})["Location"] == f"{PAGE}NL/"
    assert "Patchbay has no hours of this country" in words(staff.get(f"{PAGE}NL/"))
    staff.post(f"{PAGE}NL/", TYPED)
    assert "11:00 to 13:00" in ask(bloom.tenant, DUTCH).refusal
    assert "none, so those of each client count" in str(_reset(staff, "NL"))
    assert ask(bloom.tenant, DUTCH).refusal == ""
    assert staff.get(f"{PAGE}XX/").status_code == staff.post(f"{PAGE}nl/reset/").status_code == 404


def _reset(staff: Any, code: str) -> list[str]:
    staff.post(f"{PAGE}{code}/reset/")
    with scope.for_system("look"):
        return [sentence(one) for one in AuditEntry.objects.filter(action="contact-rules.country-reset")]


def test_attempts_of_a_country_are_counted_in_its_own_days(staff, bloom):
    keep(bloom.tenant, calls_keep_attempts=True, most_attempts=4, attempt_days=30)
    staff.post(f"{PAGE}FR/", TYPED | dict.fromkeys(WORKDAYS, "0:00-23:59"))
    now = timezone.now()
    for ago in (1, 2, 12):
        for number in (FRENCH, DUTCH):
            make_call(bloom, state="ended", ago=ago * 86_400, counterpart=number)
    french = ask(bloom.tenant, at=now)
    assert french.rule == Rule.ATTEMPTS and "Called 2 times in 10 days; at most 2 times" in french.refusal
    assert french.until is not None and abs(french.until - (now + timedelta(days=8))) < timedelta(minutes=1)
    assert ask(bloom.tenant, DUTCH, now).refusal == ""
    make_call(bloom, state="ended", ago=15 * 86_400, counterpart=DUTCH)
    assert "Called 4 times in 30 days" in ask(bloom.tenant, DUTCH, now).refusal


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"monday": "nine to five"}, "monday", "Write hours like"),
        ({"monday": "9:00-17:00 or so"}, "monday", "Write hours like"),
        ({"monday": "17:00-9:00"}, "monday", "ends before it begins"),
        ({"monday": "9-12, 11-15"}, "monday", "overlap"),
        ({"monday": "9-24"}, "monday", "There is no 24"),
        ({"monday": "8-9, 10-11, 12-13, 14-15, 16-17"}, "monday", "At most 4"),
        (dict.fromkeys(WORKDAYS, ""), "monday", "at least one day"),
        ({"on_holidays": "own"}, "holidays", "Write hours like"),
        ({"attempt_days": ""}, "attempt_days", "Fill in both"),
        ({"most_attempts": "0"}, "most_attempts", "greater than or equal to 1"),
        ({"source": " "}, "source", "Name where this is written"),
        ({"read_on": ""}, "read_on", "Say when you read it"),
        ({"read_on": "2099-01-01"}, "read_on", "still to come"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(staff, wrong, field, message):
    page = staff.post(f"{PAGE}FR/", TYPED | wrong)
    text = page.content.decode()
    assert page.status_code == 422 and message in words(page)
    assert re.search(rf'<input[^>]*name="{field}"[^>]*aria-invalid="true"', text)
    assert 'value="A decree of 2026"' in text or field == "source"
    with scope.for_system("look"):
        assert not CountryPreset.objects.exists()


def test_nobody_overwrites_what_a_colleague_wrote_meanwhile(staff):
    shown = re.search(r'name="shown" value="([^"]*)"', staff.get(f"{PAGE}FR/").content.decode())
    assert shown
    staff.post(f"{PAGE}FR/", TYPED)
    page = staff.post(f"{PAGE}FR/", TYPED | {"monday": "8-9", "shown": unescape(shown[1])})
    assert page.status_code == 422 and "Somebody changed this meanwhile" in words(page)


def test_support_reads_and_changes_nothing_and_members_meet_no_page(support, sign_in, bloom, make_member):
    browser = sign_in(support)
    page = browser.get(PAGE)
    assert page.status_code == 200 and f"{PAGE}FR/" not in page.content.decode()
    assert browser.get(f"{PAGE}FR/").status_code == browser.post(f"{PAGE}FR/", TYPED).status_code == 403
    owner = sign_in(make_member(bloom.tenant, Role.OWNER))
    assert {owner.get(PAGE).status_code, owner.post(f"{PAGE}FR/", TYPED).status_code} <= {403, 404}
    with scope.for_tenant(bloom.tenant), pytest.raises(ProgrammingError, match="policy"), transaction.atomic():
        CountryPreset.objects.create(country="FR", days=[[]] * 7, source="x", read_on=date(2026, 1, 1))


def test_any_number_of_countries_costs_no_statement_more(staff, bloom):
    keep(bloom.tenant, calls_keep_hours=True, calls_keep_attempts=True)
    counts = []
    for codes in (["FR"], ["NL", "BE", "DE"]):
        for code in codes:
            staff.post(f"{PAGE}{code}/", TYPED)
        with scope.for_tenant(bloom.tenant), CaptureQueriesContext(connection) as captured:
            rules.verdicts(bloom.tenant, [FRENCH, DUTCH], MONDAY)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("db")
def test_attempts_have_both_their_values_in_the_database():
    facts = {"country": "FR", "days": [[]] * 7, "source": "x", "read_on": date(2026, 1, 1)}
    with scope.for_system("half"), pytest.raises(IntegrityError, match="attempts"), transaction.atomic():
        CountryPreset.objects.create(most_attempts=3, **facts)


MINUTES = st.lists(st.integers(0, 24 * 60 - 1), unique=True, min_size=2, max_size=8)


@given(MINUTES)
def test_hours_are_read_as_they_are_written(minutes: list[int]):
    ends = [time(*divmod(minute, 60)) for minute in sorted(minutes)]
    spans = tuple(zip(ends[::2], ends[1::2], strict=False))
    assert country_form.read_spans(country_form.spans_text(spans)) == spans


@given(st.text(alphabet="0123456789:.-–,;to and\n", max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str):
    try:
        spans = country_form.read_spans(text)
    except ValidationError:
        return
    assert bool(spans) == bool(text.strip()), "nothing that was typed is left out"
    assert all(start < end for start, end in spans)


def test_the_row_is_read_the_same_as_json_and_by_the_orm(staff):
    staff.post(f"{PAGE}FR/", TYPED | {"on_holidays": "own", "holidays": "12-13"})
    with scope.for_system("look"), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(p)::text FROM contact_rules_countrypreset p")
        (stored,) = cursor.fetchone()
        known = country_presets.known()["FR"]
    assert country_presets.from_json(stored) == known
    assert known.hours.holidays == ((time(12), time(13)),) and known.by_staff
