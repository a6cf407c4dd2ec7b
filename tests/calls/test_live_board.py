"""The live board: what a card tells of its call, to whom, and what it costs."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from dashboard.calls.live import presence
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import (
    captured_selects,
    make_call,
    make_campaign,
    make_lead,
    make_receipt,
    make_report,
)

BOARD = "/c/bloom-dental/live/"
MESSAGES = [
    {"role": "assistant", "content": "Good afternoon, this is the practice."},
    {"role": "user", "content": "Tuesday at ten would suit me."},
    {"role": "system", "content": "internal"},
]


@pytest.fixture
def manager(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.MANAGER))


@pytest.fixture(autouse=True)
def nobody_looks():
    cache.clear()
    yield
    cache.clear()


def entries(setup):
    with scope.for_tenant(setup.tenant):
        return list(AuditEntry.objects.filter(action="calls.words-seen").values_list("actor", flat=True))


def lead_of(setup, call, name="Noor Smit"):
    campaign = make_campaign(setup)
    make_lead(campaign, status="calling", call_remote_id=call.remote_id, variables={"name": name})


def test_a_card_tells_the_last_sentence_with_campaign_and_lead(bloom, manager):
    call = make_call(bloom)
    make_report(bloom, call, messages=MESSAGES)
    lead_of(bloom, call)
    page = manager.get(BOARD).content.decode()
    assert "Person: “Tuesday at ten would suit me.”" in page
    assert "Good afternoon" not in page and "internal" not in page
    assert "Recall autumn · Noor Smit" in page
    assert "No commands yet" not in page


def test_a_command_is_shown_only_when_there_is_one(bloom, manager):
    call = make_call(bloom)
    make_report(bloom, call, messages=MESSAGES)
    lead_of(bloom, call)
    make_receipt(bloom, call, payload={"type": "say", "content": "One moment."})
    page = manager.get(BOARD).content.decode()
    assert "Tuesday at ten" in page and re.search(r"Say: accepted", page) and "One moment." not in page


def test_a_call_of_which_nothing_is_heard_says_who_it_is_of(bloom, manager):
    lead_of(bloom, make_call(bloom, state="connecting", started_at=None))
    page = manager.get(BOARD).content.decode()
    assert "Recall autumn" in page and "Noor Smit" in page


def test_words_are_for_those_who_may_read_transcripts(bloom, make_member, sign_in):
    make_report(bloom, make_call(bloom), messages=MESSAGES)
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    assert "Tuesday at ten" not in viewer.get(BOARD).content.decode() and entries(bloom) == []


def test_who_saw_words_is_recorded_once_an_hour(bloom, harbor, manager, make_staff, sign_in):
    for setup in (bloom, harbor):
        make_report(setup, make_call(setup), messages=MESSAGES)
    for _ in range(2):
        assert "Tuesday at ten" in manager.get(BOARD).content.decode()
    support = sign_in(make_staff(StaffRole.SUPPORT))
    for _ in range(2):
        assert support.get("/live/").content.decode().count("Tuesday at ten") == 2
    assert sorted(entries(bloom)) == ["Bloom Dental Manager", "Support Person"] and entries(harbor) == [
        "Support Person"
    ]


def test_a_card_shows_who_has_the_call_open(bloom, manager, make_user):
    call, sanne = make_call(bloom), make_user("Sanne Visser")
    presence.record_viewer(call, sanne)
    page = manager.get(BOARD).content.decode()
    assert "Sanne Visser has this call open" in page


def test_timers_run_and_every_card_has_the_same_parts(bloom, manager):
    for at, state in enumerate(("in-progress", "ringing", "unknown")):
        make_call(bloom, state=state, counterpart=f"+3161000000{at}", alarm="not-certain" if state == "unknown" else "")
    page = manager.get(BOARD).content.decode()
    cards = re.findall(r'<li class="call-card.*?</li>', page)
    assert len(cards) == 3
    for card in cards:
        assert (
            "data-since=" in card and "call-card__route" in card and ('class="last"' in card) != ('class="why"' in card)
        )


def test_two_hundred_calls_are_a_bounded_page_of_which_changed_rows_are_drawn_alone(bloom, manager):
    for at in range(205):
        make_call(bloom, counterpart=f"+3161000{at:04}")
    response = manager.get(BOARD)
    page = response.content.decode()
    assert page.count('class="call-card ') == 200 and "200 or more live" in page
    assert "changed:call from:body" not in page and f'data-rows-of="{BOARD}"' in page


def test_many_clients_do_not_crowd_the_chips(bloom, admin, sign_in):
    from dashboard.calls.live import board_view

    clients = [type("Client", (), {"slug": f"c-{at}", "name": f"C {at}", "live": 50 - at})() for at in range(30)]
    found = board_view._client_chips(clients, "c-20")
    assert [client.slug for client in found["clients"]] == [*(f"c-{at}" for at in range(5)), "c-20"]
    assert len(found["more_clients"]) == 24
    for client in clients:
        client.name += " of a very long name, longer than its row"
    assert len(board_view._client_chips(clients, "c-20")["clients"]) == 1


def test_the_board_costs_the_same_for_many_calls_with_words_and_viewers(bloom, admin, sign_in, manager, make_user):
    people = [make_user(f"Person {at}") for at in range(3)]
    for browser, address in ((manager, BOARD), (sign_in(admin), "/live/")):
        counts = []
        for more in (1, 30):
            for at in range(more):
                call = make_call(bloom, counterpart=f"+3161{more:02}0{at:04}")
                make_report(bloom, call, messages=MESSAGES)
                make_receipt(bloom, call)
                for person in people:
                    presence.record_viewer(call, person)
            browser.get(address)
            with captured_selects() as found:
                assert browser.get(address).status_code == 200
            counts.append(len(found))
        assert counts[0] == counts[1], found
