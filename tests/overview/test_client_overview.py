"""The overview of a client: what needs its people, whether it goes well, and what came of its calls."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.calls.models import Alarm
from dashboard.campaigns.models import PauseCause
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_campaign, make_lead, make_report

OVERVIEW = "/c/bloom-dental/"


@pytest.fixture
def owner(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.OWNER))


def needs(browser):
    return [need.title for need in browser.get(OVERVIEW).context["attention"].needs]


def asked_to_be_called_back(setup, number="+31612340001", ago=3600, **more):
    return make_call(setup, state="ended", counterpart=number, analysis_outcome="call_back", ago=ago, **more)


def test_nothing_needs_a_person(bloom, owner):
    make_call(bloom, state="ended", analysis_outcome="booked")
    response = owner.get(OVERVIEW)
    assert response.context["attention"].needs == [] and "nothing needs you" in response.content.decode()


def test_an_unconfirmed_call_comes_first(bloom, owner):
    make_campaign(bloom, status="draft", name="Winter")
    asked_to_be_called_back(bloom)
    make_call(bloom, state="unknown", alarm=Alarm.NOT_CERTAIN, started_at=None)
    page = owner.get(OVERVIEW).content.decode()
    assert needs(owner) == [
        "We don't know if it was placed",
        "1 person asked to be called back",
        "Winter is ready to start",
    ]
    assert "3 things need you" in page and "nothing needs you" not in page
    assert count_in_sidebar(page) == count_in_sidebar(owner.get("/c/bloom-dental/team/").content.decode()) == 3


def test_a_person_who_was_called_since_does_not_wait(bloom, owner):
    asked_to_be_called_back(bloom, "+31612340001", ago=7200)
    asked_to_be_called_back(bloom, "+31612340002", ago=7200)
    asked_to_be_called_back(bloom, "+31612340003", ago=8 * 24 * 3600)
    assert needs(owner) == ["2 people asked to be called back"]
    make_call(bloom, counterpart="+31612340001", ago=60)
    response = owner.get(OVERVIEW)
    need = response.context["attention"].needs[0]
    assert need.title == "1 person asked to be called back"
    rows = owner.get(need.url).content.decode()
    assert "1234 0002" in rows.replace("\u2009", " ").replace("12340002", "1234 0002")
    assert "12340003" not in rows and "12340001" not in rows


def test_an_assistant_that_gives_no_outcome_is_named(bloom, owner):
    for at in range(5):
        make_call(bloom, state="ended", counterpart=f"+3161234000{at}", assistant_name="Front desk", ago=60 + at)
    make_call(bloom, state="ended", assistant_name="Recall", analysis_outcome="booked")
    assert needs(owner) == ["Front desk gives no outcome"]
    make_call(bloom, state="ended", assistant_name="Front desk", analysis_outcome="booked")
    assert needs(owner) == []


def test_campaigns_are_for_those_who_may_run_them(bloom, owner, make_member, sign_in):
    make_campaign(bloom, status="draft", name="Winter")
    make_campaign(bloom, status="paused", name="Autumn", pause_cause=PauseCause.FOREIGN_CALL)
    make_campaign(bloom, status="draft", name="Nobody on it", total_leads=0)
    assert needs(owner) == ["Autumn is paused", "Winter is ready to start"]
    assert needs(sign_in(make_member(bloom, Role.OPERATOR))) == []


def test_a_client_that_cannot_call_learns_whom_to_ask(bloom, owner):
    with scope.for_system("its number is gone at VoiceDock"):
        number = bloom.number.number
        number.vanished_at = timezone.now()
        number.save()
    assert needs(owner) == ["You cannot call yet"]


def test_the_latest_results_say_what_came_of_each(bloom, owner, make_member, sign_in):
    call = make_call(bloom, state="ended", analysis_outcome="booked")
    make_lead(make_campaign(bloom), status="completed", call_remote_id=call.remote_id, variables={"name": "J. Koster"})
    make_report(bloom, call, summary="Yearly check on Thursday at 9:20")
    page = owner.get(OVERVIEW).content.decode()
    assert "J. Koster" in page and "Yearly check on Thursday" in page and "outcome--good" in page
    viewer = sign_in(make_member(bloom, Role.VIEWER)).get(OVERVIEW).content.decode()
    assert "J. Koster" in viewer and "Yearly check" not in viewer


def test_no_tile_counts_commands_and_each_bar_has_its_figure(bloom, owner):
    make_call(bloom, state="ended", ago=0)
    page = owner.get(OVERVIEW).content.decode()
    assert "Commands" not in page and 'class="label"' in page and "The same as a table" in page


def test_every_figure_of_the_page_is_a_link(bloom, owner):
    make_call(bloom, state="ended", analysis_outcome="booked", ago=0)
    page = owner.get(OVERVIEW).content.decode()
    for part in re.findall(r'<div class="figures.*?</div>', page):
        assert part.count("<b ") == part.count("<a ") > 0
    ranks = re.search(r'<ol class="ranks">.*?</ol>', page)[0]
    assert ranks.count("<li>") == ranks.count("<a ") > 0


def test_each_figure_leads_to_as_many_rows_as_it_names(bloom, owner):
    for outcome, count in {"booked": 3, "call_back": 2, "": 1}.items():
        for _ in range(count):
            make_call(bloom, state="ended", analysis_outcome=outcome, ago=0)
    make_call(bloom, state="ended", machine_source="summary", ago=0)
    make_call(bloom, state="failed", ago=0)
    make_call(bloom, ago=0)
    context = owner.get(OVERVIEW).context
    reached = next(one.url for one in context["week_figures"] if one.label == "Reached a person")
    wanted = {one.url: int(one.value) for one in context["week_figures"] if one.label in ("Calls", "Booked")}
    wanted |= {one["url"]: one["rank"].count for one in context["ranks"]}
    wanted |= {bar.day.url: bar.day.calls for bar in context["chart"].bars if bar.day.calls}
    wanted |= {reached: context["weeks"].this.reached}
    assert len(wanted) >= 8
    assert {url: owner.get(url).context["count"] for url in wanted} == wanted


def test_campaigns_tell_how_far_they_are_and_what_they_brought(bloom, owner, monkeypatch):
    campaign = make_campaign(bloom, total_leads=4, completed_leads=1, failed_leads=0)
    call = make_call(bloom, state="ended", analysis_outcome="booked")
    make_lead(campaign, status="completed", call_remote_id=call.remote_id)
    monkeypatch.setattr("dashboard.campaigns.pace.ending", lambda *args: "about 16:40 today")
    page = owner.get(OVERVIEW).content.decode()
    assert "1 of 4 · 100% booked" in page and "ends about 16:40 today" in page


def test_live_calls_tell_who_is_on_the_phone(bloom, owner):
    call = make_call(bloom)
    make_lead(make_campaign(bloom), status="calling", call_remote_id=call.remote_id, variables={"name": "H. de Wit"})
    page = owner.get(OVERVIEW).content.decode()
    assert "H. de Wit" in page and "data-since=" in page and "1 live</b> of 4 lines" in page


def test_yesterdays_calls_are_no_calls_of_today(bloom, owner):
    with_age = timezone.now() - timedelta(days=8)
    make_call(bloom, state="ended", created_at=with_age)
    weeks = owner.get(OVERVIEW).context["weeks"]
    assert weeks.this.calls == weeks.today.this.calls == 0


def count_in_sidebar(page):
    found = re.search(r'id="attention-count"[^>]*>\s*(\d+)\s*<span class="hidden">need', page)
    return int(found[1]) if found else 0
