"""Which line a call leaves from: by rule, with its reason, changeable, and always one of the client's own."""

from __future__ import annotations

import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.calls.placing import intents, line_choice
from dashboard.calls.transient import drafts
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Number, Tenant
from tests.fixtures.call_factories import captured_selects, make_call

AMSTERDAM, ROTTERDAM, BRUSSELS, ENDED = "+31205550142", "+31105550161", "+3225550161", "+31305550118"
ADDRESS = "/c/bloom-dental/call/"


def line(pk: int, e164: str, is_open: bool = True) -> Any:
    return SimpleNamespace(pk=pk, e164=e164, is_open=is_open)


LINES = [line(1, AMSTERDAM), line(2, ROTTERDAM), line(3, BRUSSELS), line(4, ENDED, is_open=False)]


@pytest.mark.parametrize(
    ("e164", "usual", "chosen", "reason"),
    [
        ("", 2, 2, line_choice.USUAL),
        ("", None, 1, line_choice.FIRST),
        ("+31612345678", 2, 2, line_choice.SAME_COUNTRY),
        ("+31612345678", 3, 1, line_choice.SAME_COUNTRY),
        ("+31205550199", 2, 1, line_choice.SAME_AREA),
        ("+31105550199", 1, 2, line_choice.SAME_AREA),
        ("+31305550199", 2, 2, line_choice.SAME_COUNTRY),  # the line of that area has ended
        ("+32470123456", 1, 3, line_choice.SAME_COUNTRY),
        ("+4930123456", 2, 2, "No line of yours is in Germany, so it is the usual one."),
        ("+4930123456", None, 1, line_choice.FIRST),
        ("+80012345678", 1, 1, line_choice.USUAL),
        ("sip:x@example.com", 1, 1, line_choice.USUAL),
    ],
)
def test_country_then_area_then_the_usual_one(e164, usual, chosen, reason):
    choice = line_choice.choose(LINES, e164, usual=usual)
    assert (choice.line.pk, choice.reason) == (chosen, reason)


def test_one_line_and_none():
    assert line_choice.choose(LINES[:1], "+32470123456", usual=None) == line_choice.LineChoice(
        LINES[0], line_choice.ONLY
    )
    assert line_choice.choose(LINES[3:], "+31612345678", usual=4).line is None


@pytest.fixture
def belgian(bloom: Any) -> Any:
    """A second line of the client, in Belgium; the usual one is in Amsterdam."""
    with scope.for_system("a line for a test"):
        number = Number.objects.create(connection=bloom.connection, remote_id="be", e164=BRUSSELS, name="Brussels")
        made = dedications.dedicate_number(bloom.tenant, number, by=None)
        dedications.set_defaults(bloom.tenant, number=bloom.number, assistant=bloom.assistant, by=None)
    return made


@pytest.fixture
def browser(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.OPERATOR))


def checked(page: Any) -> list[str]:
    return [one.name for one in page.context["lines"] if one.checked]


def test_the_choice_and_its_reason_are_shown_and_can_be_changed(bloom, belgian, browser, monkeypatch):
    page = browser.get(ADDRESS, {"to": "+32470123456"})
    assert checked(page) == ["Brussels"] and line_choice.SAME_COUNTRY in page.content.decode()
    page = browser.get(ADDRESS)
    assert checked(page) == ["Bloom Dental line"] and line_choice.USUAL in page.content.decode()
    page = browser.get(ADDRESS, {"to": "+32470123456", "number": bloom.number.pk})
    assert checked(page) == ["Bloom Dental line"] and line_choice.NAMED in page.content.decode()

    placed: list[Any] = []
    monkeypatch.setattr(
        intents, "place", lambda tenant, **facts: placed.append(facts) or make_call(bloom, counterpart="+32470123456")
    )
    form = {"destination": "+32470123456", "assistant": bloom.assistant.pk, "token": uuid.uuid4()}
    form |= {"line_by_rule": "1", "number": bloom.number.pk}
    assert browser.post(ADDRESS, form).status_code == 303
    assert placed[0]["number"] == bloom.number.pk, "what was shown is what is called from, never another line"


def test_a_one_time_assistant_calls_from_the_line_by_rule_too(bloom, belgian, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OPERATOR, places_transient_calls=True))
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(transient_calls=True)
        described = {"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}
        drafts.save(bloom.tenant, None, name="Once", configuration=described, made_from=0, by=None)
    page = browser.get(f"{ADDRESS}once/", {"to": "+32470123456"})
    assert checked(page) == ["Brussels"] and line_choice.SAME_COUNTRY in page.content.decode()
    assert re.search(r'name="line_by_rule" value="1"', page.content.decode())
    page = browser.get(f"{ADDRESS}once/", {"to": "+32470123456", "number": bloom.number.pk})
    assert checked(page) == ["Bloom Dental line"] and line_choice.NAMED in page.content.decode()


def test_the_echo_names_the_line_while_nobody_has_chosen_one(bloom, harbor, belgian, browser):
    asked = {"destination": "+32470123456", "number": bloom.number.pk}
    assert "data-line=" not in browser.get(f"{ADDRESS}number/", asked).content.decode()
    part = browser.get(f"{ADDRESS}number/", asked | {"line_by_rule": "1"}).content.decode()
    assert f'data-line="{belgian.pk}"' in part and line_choice.SAME_COUNTRY in part
    for foreign in (harbor.number.pk, "x"):
        part = browser.get(f"{ADDRESS}number/", asked | {"line_by_rule": "1", "number": foreign}).content.decode()
        assert f'data-line="{belgian.pk}"' in part


def test_a_national_number_is_read_on_the_usual_line_while_nobody_has_chosen_one(bloom, belgian, browser):
    """Else each number would be read in the country of the one before."""
    asked = {"destination": "0612345678", "number": belgian.pk, "line_by_rule": "1"}
    part = browser.get(f"{ADDRESS}number/", asked).content.decode()
    assert "+31 6 1234 5678" in part and f'data-line="{bloom.number.pk}"' in part


def test_many_lines_cost_no_more_queries(bloom, browser):
    counts = []
    for more in (0, 20):
        with scope.for_system("lines for a test"):
            for at in range(more):
                number = Number.objects.create(
                    connection=bloom.connection, remote_id=f"n{at}", e164=f"+31205551{at:03}"
                )
                dedications.dedicate_number(bloom.tenant, number, by=None)
        with captured_selects() as found:
            browser.get(f"{ADDRESS}number/", {"destination": "+31612345678", "line_by_rule": "1"})
        counts.append(len(found))
    assert counts[0] == counts[1]
