"""The live board narrowed, its columns chosen, single rows asked for, and selected calls ended together."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls import labels, queries
from dashboard.calls.control import bulk_end
from dashboard.calls.models import Call, CallQuerySet, State
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call, make_receipt, make_report

BOARD, STAFF_BOARD = "/c/bloom-dental/live/", "/live/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def operator_browser(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.OPERATOR))


@pytest.fixture
def admin_of_all(admin, sign_in):
    return sign_in(admin)


def cards(page: str) -> set[str]:
    return set(re.findall(r'id="card-([0-9a-f-]{36})"', page))


def options(page: str, name: str) -> list[str]:
    """The words of the options of one filter."""
    found = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    words = re.findall(r"<option[^>]*>\s*(.*?)\s*</option>", found[0], re.DOTALL) if found else []
    return [re.sub(r"\s+", " ", word).replace("\u2068", "").replace("\u2069", "") for word in words]


def some_calls(setup: Any) -> dict[str, Call]:
    return {
        "talking": make_call(setup, assistant_name="Recall NL", counterpart="+31610000001"),
        "other": make_call(setup, assistant_name="Front desk", family="openai_live", counterpart="+31610000002"),
        "ringing": make_call(setup, assistant_name="Recall NL", state="ringing", counterpart="+31610000003"),
        "unsure": make_call(setup, assistant_name="Recall NL", state="needs-person", alarm="not-certain"),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=in-progress", {"talking", "other"}),
        ("state=person", {"unsure"}),
        ("assistant=Front+desk", {"other"}),
        ("family=openai_live", {"other"}),
        ("assistant=Recall+NL&state=ringing", {"ringing"}),
        ("line=%2B31205550142", {"talking", "other", "ringing", "unsure"}),
        ("state=in-progress&family=openai_live&assistant=Recall+NL", set()),
    ],
)
def test_each_filter_is_in_the_address_and_holds(bloom, operator_browser, query, names):
    calls = some_calls(bloom)
    page = operator_browser.get(f"{BOARD}?{query}").content.decode()
    assert cards(page) == {str(calls[name].pk) for name in names}
    assert "Clear filters" in page
    if not names:
        assert "No live call fits these filters" in page and "4 calls are live." in page
    else:
        assert f"{len(names)} of 4 live" in page


def test_the_options_are_what_occurs_among_the_live_calls_with_their_counts(bloom, operator_browser):
    some_calls(bloom)
    make_call(bloom, state="ended", assistant_name="Over and out")
    page = operator_browser.get(BOARD).content.decode()
    assert options(page, "assistant") == ["Any", "Front desk (1)", "Recall NL (3)"]
    assert options(page, "state") == ["Any", "In progress (2)", "Needs a person (1)", "Ringing (1)"]
    assert options(page, "line") == [], "one line tells no calls apart"
    page = operator_browser.get(f"{BOARD}?state=in-progress").content.decode()
    assert options(page, "assistant") == ["Any", "Front desk (1)", "Recall NL (1)"]
    page = operator_browser.get(f"{BOARD}?assistant=Gone").content.decode()
    assert options(page, "assistant") == ["Any", "Front desk (1)", "Gone (0)", "Recall NL (3)"]


def test_a_client_is_offered_nothing_of_another(bloom, harbor, operator_browser, admin_of_all):
    some_calls(bloom)
    other = make_call(harbor, assistant_name="Dispatch NL", family="xai_realtime")
    page = operator_browser.get(BOARD).content.decode()
    for words in ("Dispatch NL", "xAI", harbor.number.e164, "Harbor"):
        assert words not in page
    for query in ("assistant=Dispatch+NL", f"rows={other.pk}"):
        assert cards(operator_browser.get(f"{BOARD}?{query}", headers=HTMX).content.decode()) == set()
    page = admin_of_all.get(STAFF_BOARD).content.decode()
    assert "Dispatch NL (1)" in " ".join(options(page, "assistant")) and len(options(page, "line")) == 3
    page = admin_of_all.get(f"{STAFF_BOARD}?client=harbor-logistics&assistant=Dispatch+NL").content.decode()
    assert cards(page) == {str(other.pk)} and 'name="client" value="harbor-logistics"' in page


def test_those_that_need_a_person_are_on_a_full_board(bloom, operator_browser, monkeypatch):
    monkeypatch.setattr(queries, "BOARD_SIZE", 3)
    for at in range(5):
        make_call(bloom, counterpart=f"+3161000{at:04}", ago=600)
    asking = make_call(bloom, state="needs-person", alarm="not-certain", ago=5)
    page = operator_browser.get(BOARD).content.decode()
    assert str(asking.pk) in cards(page) and len(cards(page)) == 3 and "3 or more live" in page


def test_columns_are_kept_for_one_person_in_one_browser(bloom, operator_browser, make_member, sign_in):
    call = make_call(bloom, assistant_name="Recall NL")
    make_receipt(bloom, call)
    assert "call-card__route" in operator_browser.get(BOARD).content.decode()
    page = operator_browser.get(f"{BOARD}?columns=1&column=last").content.decode()
    assert "call-card__route" not in page and "board--without-route board--without-viewers" in page
    assert "call-card__route" not in operator_browser.get(BOARD).content.decode()
    assert 'class="last"' in operator_browser.get(BOARD).content.decode()
    (cookie,) = [kept for name, kept in operator_browser.cookies.items() if name.startswith("live-columns-")]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie.value == "last"
    operator_browser.get(f"{BOARD}?columns=1")
    assert 'class="last"' not in operator_browser.get(BOARD).content.decode()


def test_changed_rows_are_asked_for_alone(bloom, operator_browser):
    calls = some_calls(bloom)
    ids = f"{calls['talking'].pk},{calls['ringing'].pk},{uuid.uuid4()},nonsense"
    part = operator_browser.get(f"{BOARD}?rows={ids}", headers=HTMX).content.decode()
    assert cards(part) == {str(calls["talking"].pk), str(calls["ringing"].pk)}
    assert "<b>4 live</b>" in part and 'data-column="live" data-total="2"' in part and "<h1>" not in part
    part = operator_browser.get(f"{BOARD}?state=ringing&rows={ids}", headers=HTMX).content.decode()
    assert cards(part) == {str(calls["ringing"].pk)}


def columns_of(calls: CallQuerySet) -> dict[str, int]:
    found = Counter(labels.board_column(call) for call in calls.live().with_end_age())
    return {"person": found["person"], "waiting": found["waiting"], "live": found["live"]}


def test_columns_are_counted_as_calls_are_put_into_them(bloom):
    for at, (state, alarm, asked) in enumerate(product(State, ("", "not-certain"), (None, 5, 30))):
        asked_at = timezone.now() - timedelta(seconds=asked) if asked else None
        make_call(bloom, state=state, alarm=alarm, end_asked_at=asked_at, counterpart=f"+3161000{at:04}")
    with scope.for_tenant(bloom.tenant):
        totals = queries.column_totals(bloom.tenant.calls.all())
        assert totals == columns_of(bloom.tenant.calls.all()) and all(totals.values())


def test_a_changed_row_is_read_without_the_others(bloom, operator_browser, admin_of_all, monkeypatch):
    calls = [make_call(bloom, counterpart=f"+3161000{at:04}") for at in range(30)]
    read: list[Call] = []
    from_db = Call.from_db.__func__
    monkeypatch.setattr(
        Call, "from_db", classmethod(lambda cls, *values: read.append(from_db(cls, *values)) or read[-1])
    )
    for browser, address in ((operator_browser, BOARD), (admin_of_all, STAFF_BOARD)):
        read.clear()
        part = browser.get(f"{address}?rows={calls[7].pk}", headers=HTMX).content.decode()
        assert cards(part) == {str(calls[7].pk)} and "<b>30 live</b>" in part and 'data-total="30"' in part
        assert {call.pk for call in read} == {calls[7].pk}


def test_a_row_that_a_full_board_leaves_out_is_not_drawn(bloom, operator_browser, monkeypatch):
    monkeypatch.setattr(queries, "BOARD_SIZE", 2)
    calls = [make_call(bloom, counterpart=f"+3161000{at:04}", ago=100 - at) for at in range(3)]
    part = operator_browser.get(f"{BOARD}?rows={calls[1].pk},{calls[2].pk}", headers=HTMX).content.decode()
    assert cards(part) == {str(calls[1].pk)} and "<b>2 or more live</b>" in part


def test_what_works_with_the_script_alone_is_hidden_without_it(bloom, operator_browser):
    make_call(bloom)
    page = operator_browser.get(BOARD).content.decode()
    for words in ("Select all shown", "move · "):
        (before,) = re.findall(rf"<(?:label|small)([^>]*)>(?:(?!</label>|</small>).)*?{words}", page, re.DOTALL)
        assert "hidden" in before.split()


@pytest.mark.parametrize("address", [BOARD, STAFF_BOARD])
def test_rows_cost_the_same_number_of_queries_for_any_number_of_calls(bloom, operator_browser, admin_of_all, address):
    browser, counts, ids = (operator_browser if address == BOARD else admin_of_all), [], []
    for more in (1, 25):
        for at in range(more):
            ids.append(str(make_call(bloom, counterpart=f"+3161{more:02}0{at:04}").pk))
            make_report(bloom, Call(pk=ids[-1]), messages=[{"role": "user", "content": "Yes."}])
        row = f"{address}?state=in-progress&rows={','.join(ids)}"
        browser.get(row, headers=HTMX)
        with captured_selects() as found:
            assert len(cards(browser.get(row, headers=HTMX).content.decode())) == len(ids)
        counts.append(len(found))
    assert counts[0] == counts[1]


def due(call: Call) -> bool:
    with scope.for_system("look"):
        return Call.objects.get(pk=call.pk).end_due_at is not None


def entries(setup: Any) -> list[str]:
    with scope.for_system("look"):
        found = AuditEntry.objects.filter(tenant=setup.tenant, action="tenant.calls-ended")
        return list(found.values_list("actor", flat=True))


def test_selected_calls_are_ended_after_a_page_that_names_them(bloom, harbor, operator_browser):
    calls, foreign = some_calls(bloom), make_call(harbor, counterpart="+31610000009")
    data = {"call": [str(call.pk) for call in (*calls.values(), foreign)], "next": f"{BOARD}?state=ringing"}
    answer = operator_browser.post(f"{BOARD}end/", data, follow=True)
    ((asked, status),) = answer.redirect_chain
    assert re.fullmatch(rf"{BOARD}end/\?of=\w{{12}}", asked) and status == 303
    page = answer.content.decode()
    assert f'href="{BOARD}?state=ringing"' in page
    assert "End these 3 calls?" in page and "2 of the selected calls cannot be ended here" in page
    for number in ("+31 6 1000 0001", "+31 6 1000 0002", "+31 6 1000 0003"):
        assert number in page
    assert "+31 6 1000 0009" not in page and not any(map(due, calls.values())) and entries(bloom) == []

    assert f'action="{asked}"' in page
    answer = operator_browser.post(asked, data | {"confirm": "1"}, follow=True)
    assert answer.redirect_chain == [(f"{BOARD}?state=ringing", 303)]
    assert "3 calls are being ended. Each shows its receipt on the board." in answer.content.decode()
    assert [name for name, call in calls.items() if due(call)] == ["talking", "other", "ringing"]
    assert not due(foreign) and entries(bloom) == ["Bloom Dental Operator"] and entries(harbor) == []
    assert set(bulk_end.due()) == {calls["talking"].pk, calls["other"].pk}, "one that rings is ended once answered"


def test_on_a_phone_the_filters_are_one_press_away_and_counted(bloom, operator_browser):
    make_call(bloom)
    assert 'popovertarget="board-filters"' not in operator_browser.get(BOARD).content.decode(), (
        "there is nothing to filter by"
    )
    some_calls(bloom)
    fold = r'<button class="chip[^"]*"[^>]*popovertarget="board-filters">(.*?)</button>'
    page = operator_browser.get(BOARD).content.decode()
    assert re.search(fold, page, re.S) and "active" not in re.search(fold, page, re.S)[1]
    page = operator_browser.get(f"{BOARD}?state=ringing").content.decode()
    assert re.search(r"<b>1</b>\s*<span class=\"hidden\">active", re.search(fold, page, re.S)[1])
    folded = page[page.index('id="board-filters"') :]
    assert "popover" in page and folded.index("board__filters") < folded.index("board__view")


def test_back_and_reload_show_the_page_that_asks_and_end_nothing(bloom, harbor, operator_browser, make_member, sign_in):
    calls = some_calls(bloom)
    data = {"call": [str(calls["talking"].pk), str(calls["ringing"].pk)], "next": f"{BOARD}?sort=newest"}
    asked = operator_browser.post(f"{BOARD}end/", data)["Location"]
    for _ in range(2):
        assert "End these 2 calls?" in operator_browser.get(asked).content.decode()
    assert not any(map(due, calls.values()))
    other = sign_in(make_member(harbor, Role.OPERATOR))
    assert other.get("/c/harbor-logistics/live/end/", follow=True).redirect_chain == [
        ("/c/harbor-logistics/live/", 302)
    ]

    assert operator_browser.post(asked, data | {"confirm": "1"}).status_code == 303
    answer = operator_browser.get(asked, follow=True)
    assert answer.redirect_chain == [(BOARD, 302)] and "2 calls are being ended" in answer.content.decode()


def test_two_tabs_each_ask_for_their_own_calls(bloom, operator_browser):
    calls = some_calls(bloom)
    first, second = (
        operator_browser.post(f"{BOARD}end/", {"call": str(calls[name].pk)})["Location"]
        for name in ("talking", "other")
    )
    named = [
        re.findall(r'name="call" value="([^"]+)"', operator_browser.get(one).content.decode())
        for one in (first, second)
    ]
    assert named == [[str(calls["talking"].pk)], [str(calls["other"].pk)]]
    operator_browser.post(second, {"call": named[1], "confirm": "1"})
    assert "End this call?" in operator_browser.get(first).content.decode(), "it still asks for its own"


def test_nothing_selected_ends_nothing_and_leads_back_to_the_board_alone(bloom, operator_browser):
    make_call(bloom)
    for data in ({}, {"confirm": "1"}, {"call": "nonsense", "next": "https://elsewhere.example/"}):
        answer = operator_browser.post(f"{BOARD}end/", data, follow=True)
        assert answer.redirect_chain == [(BOARD, 303)]
        assert "No call was ended" in answer.content.decode()


def test_who_may_end_selected_calls(bloom, harbor, make_member, make_staff, sign_in, admin_of_all):
    calls = [make_call(setup) for setup in (bloom, harbor)]
    data = {"call": [str(call.pk) for call in calls], "confirm": "1"}
    viewer, support = sign_in(make_member(bloom, Role.VIEWER)), sign_in(make_staff(StaffRole.SUPPORT))
    for browser, board in ((viewer, BOARD), (support, STAFF_BOARD)):
        assert browser.post(f"{board}end/", data).status_code == 403
        assert "call-card__select" not in browser.get(board).content.decode()
    assert not any(map(due, calls))
    page = admin_of_all.post(f"{STAFF_BOARD}end/", {"call": data["call"]}, follow=True).content.decode()
    assert re.search(rf'<a class="button" href="{STAFF_BOARD}">\s*Cancel\s*</a>', page)
    assert "call-card__select" in admin_of_all.get(STAFF_BOARD).content.decode()
    assert admin_of_all.post(f"{STAFF_BOARD}end/", data).status_code == 303
    assert all(map(due, calls)) and len(entries(bloom)) == len(entries(harbor)) == 1
