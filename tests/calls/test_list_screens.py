"""The list of calls, its filters, pages and export; the live boards."""

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from dashboard.calls.history import export
from dashboard.calls.models import Alarm, Call
from dashboard.clients import figures
from dashboard.contact_rules import entries
from tenants import time_zones
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AuditEntry, StaffMember, Tenant
from tests.fixtures.call_factories import (
    captured_selects,
    make_call,
    make_campaign,
    make_lead,
    make_receipt,
    make_report,
)

LIST, BOARD = "/c/bloom-dental/calls/", "/c/bloom-dental/live/"


@pytest.fixture
def manager(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.MANAGER))


def numbers_in(response: Any) -> set[str]:
    return {row["call"].counterpart for row in response.context["rows"]}


def test_an_empty_list_says_what_to_do(bloom, manager, make_member, sign_in):
    page = manager.get(LIST).content.decode()
    looked = sign_in(make_member(bloom, Role.VIEWER)).get(LIST).content.decode()

    assert "Nobody has called from here yet" in page
    assert "Make the first call" in page
    assert "Make the first call" not in looked


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"+31611111111", "+31622222222", "+31633333333"}),
        ("q=2222", {"+31622222222"}),
        ("q=%2B31 6 3333", {"+31633333333"}),
        ("q=06 1111", {"+31611111111"}),
        ("q=dentures", {"+31611111111"}),
        ("q=no such words", set()),
        ("state=live", {"+31633333333"}),
        ("state=missed", {"+31622222222"}),
        ("state=talked", {"+31611111111"}),
        ("state=over", {"+31611111111", "+31622222222"}),
        ("direction=inbound", set()),
        ("line=%2B31205550142&assistant=Bloom Dental assistant", {"+31611111111", "+31622222222", "+31633333333"}),
        ("until=2020-01-01", set()),
        ("since=2020-01-01", {"+31611111111", "+31622222222", "+31633333333"}),
    ],
)
def test_the_list_is_narrowed_by_its_address(bloom, harbor, manager, query, found):
    talked = make_call(bloom, state="ended", counterpart="+31611111111")
    make_report(bloom, talked, messages=[{"role": "user", "content": "About my dentures"}])
    make_call(bloom, state="failed", counterpart="+31622222222")
    make_call(bloom, counterpart="+31633333333")
    make_call(harbor, counterpart="+31644444444")

    assert numbers_in(manager.get(f"{LIST}?{query}")) == found


def test_each_filter_comes_off_alone(bloom, manager):
    make_call(bloom)

    chips = manager.get(f"{LIST}?q=12&state=live&before=x").context["filters"].chips

    assert [(chip.words, chip.url) for chip in chips] == [("“12”", f"{LIST}?state=live"), ("Live now", f"{LIST}?q=12")]


def test_a_filter_that_does_not_exist_finds_nothing_and_breaks_nothing(bloom, manager):
    make_call(bloom)

    for query in ("state=nonsense", "since=yesterday", "line=%2B310", "client=harbor-logistics"):
        assert manager.get(f"{LIST}?{query}").status_code == 200
    assert numbers_in(manager.get(f"{LIST}?state=nonsense")) == set()


def test_words_are_searched_only_by_those_who_may_read_them(bloom, make_member, sign_in):
    call = make_call(bloom, state="ended")
    make_report(bloom, call, messages=[{"role": "user", "content": "About my dentures"}])

    assert numbers_in(sign_in(make_member(bloom, Role.VIEWER)).get(f"{LIST}?q=dentures")) == set()


def test_pages_go_there_and_back_without_losing_a_call(bloom, manager, monkeypatch):
    monkeypatch.setattr("dashboard.ui.pagination.SIZE", 4)
    moment = timezone.now() - timedelta(hours=1)
    for at in range(10):
        make_call(bloom, state="ended", counterpart=f"+3161000{at:04}", created_at=moment - timedelta(minutes=at // 2))

    first = manager.get(LIST)
    second = manager.get(LIST + first.context["page"].older_url)
    third = manager.get(LIST + second.context["page"].older_url)
    back = manager.get(LIST + third.context["page"].newer_url)

    assert [len(page.context["rows"]) for page in (first, second, third)] == [4, 4, 2]
    assert len(numbers_in(first) | numbers_in(second) | numbers_in(third)) == 10
    assert numbers_in(back) == numbers_in(second)
    assert third.context["page"].older_url == first.context["page"].newer_url == ""
    assert manager.get(f"{LIST}?before=nonsense").status_code == 200


def test_the_list_reads_as_much_for_fifty_calls_as_for_one(bloom, manager):
    with scope.for_tenant(bloom.tenant):
        bloom.tenant.refresh_from_db()
    counts = []
    for more in (1, 49):
        for at in range(more):
            make_call(bloom, state="ended", ago=at, remote_id=f"call-{more}-{at}")
        with captured_selects() as found:
            manager.get(LIST)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8, found


def test_the_staff_list_reads_as_much_for_fifty_calls_as_for_one(bloom, admin, sign_in):
    browser, counts = sign_in(admin), []
    for more in (1, 49):
        for at in range(more):
            make_call(bloom, state="ended", ago=at, remote_id=f"call-{more}-{at}")
        with captured_selects() as found:
            assert browser.get("/calls/").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1] <= 9, found


def test_the_live_boards_read_as_much_for_fifty_calls_as_for_one(bloom, admin, sign_in, manager):
    for browser, address in ((manager, BOARD), (sign_in(admin), "/live/")):
        counts = []
        for more in (1, 49):
            for at in range(more):
                make_receipt(bloom, make_call(bloom, counterpart=f"+3161000{at:04}"))
            with captured_selects() as found:
                assert browser.get(address).status_code == 200
            counts.append(len(found))
        assert counts[0] == counts[1] <= 10, found  # one of them: who steers


def test_the_live_board_puts_calls_that_need_a_person_first(bloom, manager):
    make_call(bloom, counterpart="+31611111111", state="ringing")
    make_call(bloom, counterpart="+31622222222")
    make_call(bloom, counterpart="+31633333333", alarm="end-not-confirmed")

    response = manager.get(BOARD)

    assert [(key, total, len(cards)) for key, _, total, cards in response.context["columns"]] == [
        ("person", 1, 1),
        ("live", 1, 1),
        ("waiting", 1, 1),
    ]
    assert "1 needs</b>" not in response.content.decode()
    assert "1 needs you" in response.content.decode()


def test_an_empty_live_board_says_so(bloom, manager, admin, sign_in):
    assert "Nobody is on the phone" in manager.get(BOARD).content.decode()
    assert "Nobody is on the phone" in sign_in(admin).get("/live/").content.decode()


def test_staff_see_every_client_and_narrow_it_to_one(bloom, harbor, admin, sign_in):
    make_call(bloom, counterpart="+31611111111")
    make_call(harbor, counterpart="+31622222222")
    browser = sign_in(admin)

    assert browser.get("/live/").context["count"] == 2
    assert browser.get("/live/?client=harbor-logistics").context["count"] == 1
    assert numbers_in(browser.get("/calls/")) == {"+31611111111", "+31622222222"}
    assert numbers_in(browser.get("/calls/?client=bloom-dental")) == {"+31611111111"}


def test_a_call_of_nobody_is_seen_by_staff_alone(bloom, manager, admin, sign_in):
    with scope.for_system("a call that no dedication covers"):
        Call.objects.create(
            connection=bloom.connection, origin="adopted", counterpart="+31699999999", state="in-progress"
        )

    assert manager.get(BOARD).context["count"] == 0
    page = sign_in(admin).get("/live/?client=none").content.decode()
    assert "Unassigned" in page
    assert sign_in(admin).get("/calls/").status_code == 200


def test_the_live_boards_hide_words_from_those_who_may_not_read_them(bloom, make_member, sign_in, manager):
    make_receipt(bloom, make_call(bloom), payload={"type": "say", "content": "our secret"})

    assert "our secret" in manager.get(BOARD).content.decode()
    assert "our secret" not in sign_in(make_member(bloom, Role.VIEWER)).get(BOARD).content.decode()


def test_who_may_open_the_staff_pages(bloom, manager):
    assert manager.get("/live/").status_code == manager.get("/calls/").status_code == 404


def cells(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_export_brings_all_that_match_in_pages(bloom, harbor, manager, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 3)
    for at in range(8):
        make_call(bloom, state="ended", counterpart=f"+3161000{at:04}", ago=100 + at)
    make_call(bloom, state="failed", counterpart="+31620000000")
    make_call(harbor, state="ended", counterpart="+31699999999")

    head, *rows = cells(manager.get(f"{LIST}export.csv?state=talked"))

    assert [row[2] for row in rows] == [f"'+3161000{at:04}" for at in range(8)]
    assert rows[0][head.index("Began")].endswith(("+01:00", "+02:00"))
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.filter(action="calls.exported").count() == 1


def test_the_export_tells_which_calls_a_machine_took(bloom, manager):
    make_call(bloom, state="ended", ago=90)
    make_call(bloom, state="ended", ago=60, machine_source="summary")

    head, *rows = cells(manager.get(f"{LIST}export.csv"))

    assert [row[head.index("Voicemail")] for row in rows] == ["Yes, the summary says so", ""]


def test_nothing_in_the_export_is_a_formula(bloom, manager):
    make_call(bloom, state="ended", assistant_name='=HYPERLINK("http://evil")', error="@SUM(1)", end_reason="-1")

    _, row = cells(manager.get(f"{LIST}export.csv"))

    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_export_follows_the_readers_language_and_choice(bloom, manager):
    make_call(bloom, state="ended", assistant_name="=1+1", error="a;=1+1")
    page = manager.get(LIST).content.decode()
    assert "export.csv?format=xlsx" in page and "export.csv?format=semicolon" in page
    dutch = manager.get(f"{LIST}export.csv", headers={"Accept-Language": "nl-NL,nl;q=0.9"})
    text = b"".join(dutch.streaming_content)
    assert text.startswith(b'\xef\xbb\xbf"Call";"Direction"') and b"a;'=1+1" in text
    excel = manager.get(f"{LIST}export.csv?format=xlsx")
    assert ".xlsx" in excel.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(b"".join(excel.streaming_content))).active
    assert "=1+1" in [cell.value for cell in sheet[2]] and all(cell.data_type != "f" for cell in sheet[2])


def test_who_may_export(bloom, harbor, make_member, sign_in):
    address = f"{LIST}export.csv"

    assert sign_in(make_member(bloom, Role.OPERATOR)).get(address).status_code == 403
    assert sign_in(make_member(harbor, Role.OWNER)).get(address).status_code == 404


def test_a_row_tells_what_came_of_the_call(bloom, manager, make_member, sign_in):
    booked = make_call(bloom, state="ended", analysis_outcome="booked", end_reason="user_hangup", ago=300)
    make_report(bloom, booked, summary="Yearly check on Thursday <26 November>.")
    make_call(bloom, state="failed", counterpart="+31622222222", started_at=None, ago=200)
    live = make_call(bloom, counterpart="+31633333333", ago=100)
    make_receipt(bloom, live, asked_by=make_member(bloom, Role.OPERATOR, name="Mara Jansen"))

    response = manager.get(LIST)
    page = response.content.decode()

    assert "Booked" in page and "person hung up" in page and "Not reached" in page
    assert "Yearly check on Thursday &lt;26 November&gt;." in page
    assert "Mara Jansen steers" in page and "data-since=" in page
    assert [row["call"] for row in response.context["live"]] == [live]
    assert live not in [row["call"] for day in response.context["days"] for row in day["rows"]]
    assert page.index("+31633333333") < page.index("+31622222222")
    looked = sign_in(make_member(bloom, Role.VIEWER)).get(LIST).content.decode()
    assert "Booked" in looked and "Yearly check" not in looked


def test_reading_summaries_is_recorded_once_for_each_client(bloom, harbor, manager, admin, sign_in):
    for setup in (bloom, harbor):
        make_report(setup, make_call(setup, state="ended"), summary="About a crown.")

    def readers(setup: Any) -> int:
        with scope.for_tenant(setup.tenant):
            return AuditEntry.objects.filter(action="calls.summaries-read", tenant=setup.tenant).count()

    for _ in range(2):
        manager.get(LIST)
    assert (readers(bloom), readers(harbor)) == (1, 0)
    browser = sign_in(admin)
    for _ in range(2):
        browser.get("/calls/")
    assert (readers(bloom), readers(harbor)) == (2, 1)


def test_days_of_one_chosen_client_are_its_own(bloom, admin, sign_in):
    """In Auckland a day begins half a day before the one of the staff's pages."""
    zone = ZoneInfo("Pacific/Auckland")
    with scope.for_system("it moves"):
        bloom.tenant.timezone = zone.key
        bloom.tenant.save()
    midnight = time_zones.midnight(zone)
    make_call(bloom, state="ended", counterpart="+31611111111", created_at=midnight + timedelta(seconds=1))
    make_call(bloom, state="ended", counterpart="+31622222222", created_at=midnight - timedelta(seconds=1))
    today = midnight.astimezone(zone).date().isoformat()

    browser = sign_in(admin)
    response = browser.get(f"/calls/?client=bloom-dental&since={today}&until={today}")

    assert numbers_in(response) == {"+31611111111"}
    assert "Auckland time" in response.content.decode() and ">00:00</time>" in response.content.decode()
    assert "Auckland time" not in browser.get("/calls/").content.decode()


def test_the_calls_that_need_a_person_are_those_with_an_alarm(bloom, manager):
    """The rows, the figure of the client and what each call says of itself."""
    for at, alarm in enumerate(Alarm):
        for state in ("in-progress", "ended"):
            make_call(bloom, state=state, alarm=alarm, counterpart=f"+3161111{at}{len(state):03}")
    late = make_call(bloom, counterpart="+31622222222", end_asked_at=timezone.now() - timedelta(minutes=1))

    with scope.for_tenant(bloom.tenant):
        wanted = {call.counterpart for call in Call.objects.with_end_age() if call.current_alarm}
        assert figures.of(bloom.tenant).open_alarms == len(wanted)
    assert late.counterpart in wanted and len(wanted) == 2 * (len(Alarm) - 1)
    assert numbers_in(manager.get(f"{LIST}?state=person")) == wanted


@pytest.mark.parametrize("shown", ["overview", "campaign", "panel", "earlier", "report"])
def test_wherever_summaries_are_shown_it_is_recorded_once(bloom, make_member, sign_in, shown):
    before = make_call(bloom, state="ended", ago=600)
    make_report(bloom, before, summary="About a crown.", messages=[])
    live, later = make_call(bloom, ago=60), make_call(bloom, state="ended", ago=30)
    campaign = make_campaign(bloom)
    make_lead(campaign, "completed", call_remote_id=before.remote_id)
    address = {
        "overview": "/c/bloom-dental/",
        "campaign": f"/c/bloom-dental/campaigns/{campaign.pk}/",
        "panel": f"{LIST}{live.pk}/",
        "earlier": f"{LIST}{live.pk}/?part=earlier",
        "report": f"{LIST}{later.pk}/",
    }[shown]

    def readers() -> list[tuple[str, str]]:
        with scope.for_tenant(bloom.tenant):
            found = AuditEntry.objects.filter(action="calls.summaries-read", tenant=bloom.tenant)
            return list(found.values_list("actor", "subject"))

    assert "About a crown" not in sign_in(make_member(bloom, Role.VIEWER)).get(address).content.decode()
    assert readers() == []
    manager = make_member(bloom, Role.MANAGER, name="Mara Jansen")
    for _ in range(2):
        assert "About a crown" in sign_in(manager).get(address).content.decode()
    assert readers() == [("Mara Jansen", f"tenant:{bloom.tenant.pk}")]


def test_days_have_headings_with_figures_that_lead_to_their_rows(bloom, manager):
    noon = timezone.now().astimezone(bloom.tenant.zone).replace(hour=0, minute=0, second=1) - timedelta(hours=12)
    for at in range(3):
        make_call(bloom, state="ended", counterpart=f"+3161111111{at}", created_at=noon, analysis_outcome="booked")
    make_call(bloom, state="ended", counterpart="+31622222222", created_at=noon, machine_source="summary")
    long_ago = noon - timedelta(days=400)
    make_call(bloom, state="ended", counterpart="+31633333333", created_at=long_ago)

    days = manager.get(LIST).context["days"]

    assert [day["words"].partition(", ")[0] for day in days] == ["Yesterday", days[1]["words"]]
    assert str(long_ago.year) in days[1]["words"]
    assert (days[0]["count"], days[0]["best"][1], days[1]["count"]) == (4, 3, 0)  # what is not counted is left out
    assert len(manager.get(days[0]["url"]).context["rows"]) == 4
    assert len(manager.get(days[0]["best_url"]).context["rows"]) == 3
    reached = manager.get(f"{LIST}?state=talked&outcome=booked").context["days"]
    assert [day["count"] for day in reached] == [3]


def test_outcomes_of_the_period_are_one_press_away(bloom, manager):
    for outcome, more in (("booked", 2), ("call_back", 1), ("", 3)):
        for _ in range(more):
            make_call(bloom, state="ended", analysis_outcome=outcome, ago=100)
    make_call(bloom, state="ended", analysis_outcome="booked", ago=86400 * 30)

    offered = manager.get(LIST).context["filters"].suggestions

    assert [(one.words, one.count) for one in offered] == [("Booked", 2), ("Call back", 1)]
    booked = manager.get(offered[0].url)
    assert len(booked.context["rows"]) == 2
    assert [one.words for one in booked.context["filters"].suggestions] == ["Call back"]
    assert "Booked" in [chip.words for chip in booked.context["filters"].chips]
    assert [row["call"].outcome for row in manager.get(f"{LIST}?outcome=booked").context["rows"]] == ["booked"] * 3


def test_of_more_calls_than_are_counted_no_figure_is_shown(bloom, manager, monkeypatch):
    monkeypatch.setattr("dashboard.calls.history.day_counts.MOST", 2)
    for _ in range(3):
        make_call(bloom, state="ended", analysis_outcome="booked", ago=100)

    page = manager.get(LIST)

    assert page.context["filters"].suggestions == () and [day["count"] for day in page.context["days"]] == [0]
    assert len(page.context["rows"]) == 3


@pytest.mark.parametrize("outcome", ["sold_a_boat", "booked", "nonsense!", "x" * 41, "<script>"])
def test_any_outcome_can_be_asked_for(bloom, manager, outcome):
    make_call(bloom, state="ended", analysis_outcome="sold_a_boat")

    page = manager.get(LIST, {"outcome": outcome})

    assert page.status_code == 200 and len(page.context["rows"]) == (outcome == "sold_a_boat")
    assert "<script>" not in page.content.decode().partition('id="calls"')[2]
    if outcome == "sold_a_boat":
        assert "Sold a boat" in page.content.decode()


def test_reached_leaves_out_voicemail_and_live_calls(bloom, manager):
    make_call(bloom, state="ended", counterpart="+31611111111", ago=0)
    make_call(bloom, state="ended", counterpart="+31622222222", machine_source="summary", ago=0)
    make_call(bloom, state="failed", counterpart="+31633333333", started_at=None, ago=0)
    make_call(bloom, counterpart="+31644444444", ago=0)

    page = manager.get(LIST)

    assert numbers_in(manager.get(f"{LIST}?state=talked")) == {"+31611111111"}
    assert page.context["today"]["reached"] == 1
    assert numbers_in(manager.get(page.context["today"]["reached_url"])) == {"+31611111111"}


def test_a_search_shows_the_sentence_with_the_words_marked(bloom, manager, make_member, sign_in):
    messages = [
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "While I wait: I take <b>blood thinners</b>, is that a problem?"},
    ]
    spoken = make_call(bloom, state="ended", counterpart="+31611111111")
    make_report(bloom, spoken, messages=messages, summary="Asks about medication.")
    summed = make_call(bloom, state="ended", counterpart="+31622222222")
    make_report(bloom, summed, summary="Takes blood thinners and asks for a call.")

    page = manager.get(f"{LIST}?q=blood thinner").content.decode()

    assert "Person: <q>…I take &lt;b&gt;<mark>blood thinners</mark>&lt;/b&gt;, is that" in page
    assert "Summary: Takes <mark>blood thinners</mark> and asks" in page
    viewer = sign_in(make_member(bloom, Role.VIEWER)).get(f"{LIST}?q=%2B316").content.decode()
    assert "blood" not in viewer and "medication" not in viewer


def test_the_export_says_the_outcome_in_words(bloom, manager):
    make_call(bloom, state="ended", analysis_outcome="call_back", end_reason="assistant_ended")

    head, row = cells(manager.get(f"{LIST}export.csv"))

    assert row[head.index("Outcome")] == "Call back"
    assert row[head.index("How it ended")] == "assistant hung up"
    assert row[head.index("Direction")] == "Out"


def test_the_list_opens_for_support_without_a_client(bloom, make_user, sign_in):
    """There is no client to choose from, so the filters have no field for it."""
    colleague = make_user("Colleague")
    StaffMember.objects.create(user=colleague, role=StaffRole.SUPPORT, sees_all=False)
    assert sign_in(colleague).get("/calls/").status_code == 200


def test_who_asked_to_be_called_back_is_one_press_away_for_those_who_may_call(bloom, manager, make_member, sign_in):
    asked = make_call(bloom, counterpart="+31611111111", analysis_outcome="call_back", state="ended")
    make_call(bloom, counterpart="+31622222222", analysis_outcome="booked", state="ended")
    make_call(bloom, counterpart="112", analysis_outcome="call_back", state="ended")
    viewer = sign_in(make_member(bloom, Role.VIEWER))

    offered = [row["call"].pk for row in manager.get(LIST).context["rows"] if row.get("call_words")]

    assert offered == [asked.pk]
    assert "Call back<span" in manager.get(LIST).content.decode()
    assert "Call back<span" not in viewer.get(LIST).content.decode()


def test_why_nobody_can_be_called_back_stands_in_the_row_and_on_the_page(bloom, manager, admin, visit_client):
    with scope.for_system("the countries of a client"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_countries=["NL"])
    there = make_call(bloom, counterpart="+12125550142", analysis_outcome="call_back", state="ended")
    words = "may not call the United States. Your account team can allow it."

    row = manager.get(LIST).content.decode()
    assert "Not allowed: United States</small>" in row and words in row
    assert words in manager.get(f"{LIST}{there.pk}/").content.decode()
    browser = visit_client(admin, bloom)
    for address in (LIST, f"{LIST}{there.pk}/"):
        page = browser.get(address).content.decode()
        assert "You can allow it among the settings of this client." in page and "account team can" not in page


def test_the_call_back_of_a_row_fills_in_the_form_as_call_again_does(bloom, manager):
    asked = make_call(bloom, counterpart="+31611111111", analysis_outcome="call_back", state="ended")
    filled = r'href="([^"]+/call/\?to=[^"]+)"'
    row = re.search(filled, manager.get(LIST).content.decode())
    again = re.search(filled, manager.get(f"{LIST}{asked.pk}/").content.decode())

    assert row and again and row[1] == again[1]
    assert manager.get(html.unescape(row[1])).context["form"].initial["destination"].replace(" ", "") == "+31611111111"


def test_who_was_not_reached_is_called_again_from_the_row_as_from_the_page(bloom, manager, make_member, sign_in):
    missed = make_call(bloom, counterpart="+31611111111", state="failed", started_at=None)
    make_call(bloom, counterpart="+31622222222", analysis_outcome="booked", state="ended")
    erased = make_call(bloom, counterpart="", state="failed", started_at=None)
    filled = r'href="([^"]+/call/\?to=[^"]+)"'
    answer = manager.get(LIST)
    page = answer.content.decode()
    assert [row["call"].pk for row in answer.context["rows"] if row.get("call_words")] == [missed.pk]
    assert page.count("Call again<span") == 1 and "Call back<span" not in page
    assert not any(row.get("no_call") for row in answer.context["rows"]), "a removed number is no reason"
    row, again = (re.findall(filled, text) for text in (page, manager.get(f"{LIST}{missed.pk}/").content.decode()))
    assert len(row) == 1 and row == again
    assert manager.get(html.unescape(row[0])).context["form"].initial["destination"].replace(" ", "") == "+31611111111"
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    assert "Call again<span" not in viewer.get(LIST).content.decode()
    assert "Call again" not in manager.get(f"{LIST}{erased.pk}/").content.decode()


@pytest.mark.parametrize(
    ("facts", "in_list", "on_page"),
    [
        ({"end_reason": "no_answer"}, "No answer", "Nobody was reached: no answer."),
        ({"end_reason": "user_busy"}, "User busy", "Nobody was reached: user busy."),
        ({"error": "the network is down"}, "The network is down", "the network is down"),
        ({}, "VoiceDock gives no reason", "Nobody was reached. VoiceDock gives no reason."),
    ],
)
def test_the_list_and_the_page_give_one_reason_why_nobody_was_reached(bloom, manager, facts, in_list, on_page):
    call = make_call(bloom, state="failed", started_at=None, **facts)
    row = manager.get(LIST).content.decode()
    page = manager.get(f"{LIST}{call.pk}/").content.decode()
    assert f'<span class="call-row__summary">{in_list}</span>' in row and on_page in page
    gives_none = "VoiceDock gives no reason" in in_list
    assert ("gives no reason" in row, "gives no reason" in page) == (gives_none, gives_none)


@pytest.mark.parametrize("facts", [{"state": "failed"}, {"state": "ended", "analysis_outcome": "call_back"}])
def test_a_row_offers_no_call_to_who_is_on_the_do_not_call_list(bloom, manager, make_member, facts):
    call = make_call(bloom, counterpart="+31611111111", **facts)
    owner = make_member(bloom, Role.OWNER)
    with scope.for_tenant(bloom.tenant):
        entries.add(bloom.tenant, ["+31611111111"], source=entries.Source.BY_HAND, by=owner)
    page = manager.get(LIST).content.decode()
    assert "call/?to=" not in page and "Asked not to be called</small>" in page
    assert "This number is on your do-not-call list" in page
    assert "call/?to=" not in manager.get(f"{LIST}{call.pk}/").content.decode()


def test_today_and_yesterday_are_one_press_and_keep_the_other_filters(bloom, manager):
    """By the clock of the client."""
    zone = bloom.tenant.zone
    noon = timezone.now().astimezone(zone).replace(hour=12, minute=0)
    made = {
        day: make_call(bloom, state="ended", created_at=noon - timedelta(days=day), direction=direction)
        for day, direction in ((0, "outbound"), (1, "outbound"), (2, "outbound"))
    }
    make_call(bloom, state="ended", created_at=noon - timedelta(days=1), direction="inbound", origin="adopted")
    bar = manager.get(f"{LIST}?direction=outbound").context["filters"]
    assert [day.words for day in bar.days] == ["Today", "Yesterday"]
    for chip, call in zip(bar.days, (made[0], made[1]), strict=True):
        answer = manager.get(chip.url)
        assert [row["call"].pk for row in answer.context["rows"]] == [call.pk], chip.words
        assert "direction=outbound" in chip.url and chip.url.count("since=") == 1
        assert [day.words for day in answer.context["filters"].days if day.is_current] == [chip.words]
        (current,) = re.findall(r'aria-current="true">(\w+)</a>', answer.content.decode())
        assert current == chip.words
    page = manager.get(LIST).content.decode()
    assert re.search(r'<a class="chip"\s+href="[^"]+"\s*>Yesterday</a>', page)
    assert 'aria-current="true"' not in page


def test_staff_read_whose_calls_the_chips_count(bloom, admin, sign_in):
    browser = sign_in(admin)
    make_call(bloom, state="transferred", ended_at=timezone.now())
    page = browser.get("/calls/?client=bloom-dental").content.decode()
    assert "Bloom Dental, last 7 days" in page
    assert "last 7 days" not in browser.get("/calls/").content.decode().lower()


def test_staff_read_the_figures_of_today_of_all_clients_each_with_its_rows(bloom, harbor, admin, sign_in):
    now = timezone.now()
    for setup, outcome, more in ((bloom, "booked", 2), (harbor, "booked", 1), (harbor, "call_back", 1)):
        for _ in range(more):
            make_call(setup, state="ended", analysis_outcome=outcome, created_at=now)
    make_call(bloom, state="failed", started_at=None, created_at=now)
    make_call(bloom, state="ended", analysis_outcome="booked", ago=86400 * 2)
    browser = sign_in(admin)

    page = browser.get("/calls/")

    today = page.context["today"]
    assert (today["count"], today["best"][1], today["reached"]) == (5, 3, 4)
    for name, count in (("url", 5), ("best_url", 3), ("reached_url", 4)):
        assert len(browser.get(today[name]).context["rows"]) == count, name
    bar = page.context["filters"]
    assert bar.suggested_within == "Today"
    assert [(one.words, one.count) for one in bar.suggestions][:2] == [("Booked", 3), ("Call back", 1)]
    for one in bar.suggestions:
        assert len(browser.get(one.url).context["rows"]) == one.count
    assert [day["count"] for day in page.context["days"]] == [5, 0], "what is not counted is left out"


def test_staff_read_that_there_are_more_calls_today_than_are_counted(bloom, admin, sign_in, monkeypatch):
    monkeypatch.setattr("dashboard.calls.history.day_counts.MOST", 2)
    for _ in range(3):
        make_call(bloom, state="ended", analysis_outcome="booked", created_at=timezone.now())
    page = sign_in(admin).get("/calls/")
    text = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())
    assert "more than 2 today" in text and "reached" not in text.partition("more than 2 today")[2][:20]
    assert [one.count for one in page.context["filters"].suggestions] == [None] * 4
