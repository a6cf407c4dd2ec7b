"""What was measured of commands: by family and command, bounded, and of one's own receipts alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.calls.control import measured
from dashboard.calls.control.measured import Figures
from dashboard.calls.models import Receipt
from dashboard.voicedock.capabilities import Family
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_receipt


def send(setup: Any, command: str, count: int, *, family: str = "pipeline", **facts: Any) -> None:
    call = make_call(setup, family=family, state="ended")
    for _ in range(count):
        make_receipt(setup, call, command, **facts)


def of(setup: Any, command: str, family: str = "pipeline") -> Figures:
    with scope.for_tenant(setup.tenant):
        return measured.of_client(setup.tenant, [family])[family][command]


def test_confirmed_of_those_whose_effect_is_known(bloom):
    send(bloom, "say", 17, effect="confirmed")
    send(bloom, "say", 2, effect="not-confirmed")
    send(bloom, "say", 1, outcome="unknown")
    send(bloom, "say", 4, outcome="refused")
    assert of(bloom, "say").words == "confirmed 17 of 20 in 30 days"
    send(bloom, "say", 3)
    assert of(bloom, "say").words == "confirmed 17 of 20 in 30 days, 3 more not known"
    assert of(bloom, "say").tone == "works"


def test_without_an_answer_but_seen_to_work_it_is_confirmed(bloom):
    send(bloom, "transfer", 2, outcome="unknown", effect="confirmed")
    assert of(bloom, "transfer").words == "confirmed 2 of 2 in 30 days"


def test_of_context_only_the_answers_are_known(bloom):
    send(bloom, "inject-context", 18)
    send(bloom, "inject-context", 2, outcome="unknown")
    assert of(bloom, "inject-context").words == "accepted 18 of 20 in 30 days"


def test_nothing_sent_and_nothing_known_are_in_words(bloom):
    assert of(bloom, "say").words == "not sent in 30 days"
    send(bloom, "say", 2)
    assert of(bloom, "say").words == "none confirmed yet of 2 in 30 days"


def test_each_family_and_command_by_itself_and_only_of_30_days(bloom):
    send(bloom, "say", 3, effect="confirmed")
    send(bloom, "say", 6, family="xai_realtime", outcome="unknown")
    send(bloom, "say", 9, effect="confirmed", asked_at=timezone.now() - timedelta(days=31))
    assert of(bloom, "say").words == "confirmed 3 of 3 in 30 days"
    assert of(bloom, "say", "xai_realtime").words == "confirmed 0 of 6 in 30 days"
    assert of(bloom, "say", "xai_realtime").tone == "poor"


def test_at_most_the_newest_hundred_count(bloom, monkeypatch):
    monkeypatch.setattr(measured, "MOST", 5)
    send(bloom, "say", 5, effect="confirmed", asked_at=timezone.now() - timedelta(days=2))
    send(bloom, "say", 3, effect="not-confirmed")
    assert of(bloom, "say").words == "confirmed 2 of the last 5"


def test_a_client_counts_its_own_and_staff_the_whole(bloom, harbor):
    send(bloom, "say", 2, effect="confirmed")
    send(harbor, "say", 1, effect="not-confirmed")
    assert of(bloom, "say").words == "confirmed 2 of 2 in 30 days"
    assert of(harbor, "say").words == "confirmed 0 of 1 in 30 days"
    with scope.for_system("the whole"):
        assert measured.of_all_clients()["pipeline"]["say"].words == "confirmed 2 of 3 in 30 days"


@pytest.mark.parametrize("whole", [False, True])
def test_it_reads_as_much_in_a_table_of_any_size(bloom, whole):
    """Each part is an index scan that stops at its limit: no part reads or sorts the table."""
    send(bloom, "say", 200, effect="confirmed")
    with scope.for_system("look at the plan"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # the table of a test is small
        receipts = Receipt.objects.all() if whole else Receipt.objects.filter(tenant=bloom.tenant)
        plan = measured.rows(receipts, ["pipeline", "xai_realtime"]).explain()
    assert plan.count("Index Scan using") == plan.count("Limit") == 8, plan
    found = plan.count("receipts_measured") + plan.count("receipts_newest_first")  # either holds few rows in a test
    assert found >= 6 and "Seq Scan" not in plan and "Sort" not in plan, plan


def test_one_query_for_all_families(bloom):
    with scope.for_system("the whole"), CaptureQueriesContext(connection) as queries:
        measured.of_all_clients()
    (query,) = [one["sql"] for one in queries if "calls_receipt" in one["sql"]]
    assert query.count("LIMIT 100") == 4 * len(Family)


def test_the_panel_shows_both(bloom, make_member, sign_in):
    send(bloom, "say", 6, family="xai_realtime", outcome="unknown")
    send(bloom, "say", 1, family="xai_realtime", effect="confirmed")
    call = make_call(bloom, family="xai_realtime")
    page = sign_in(make_member(bloom, Role.OPERATOR)).get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    form = re.search(r'<div class="command-form command-form--say">.*?</p>', page, re.S)
    assert form and "VoiceDock:" in form[0] and "unreliable here" in form[0]
    assert "confirmed 1 of 7 in 30 days" in form[0]


def test_assistants_show_it_in_their_rows(bloom, make_member, sign_in):
    send(bloom, "say", 4, effect="confirmed", family=bloom.assistant.assistant.family)
    line = "Pipeline here in 30 days: Say confirmed 4 of 4"
    assert line in sign_in(make_member(bloom, Role.OPERATOR)).get("/c/bloom-dental/call/").content.decode()


def test_staff_see_for_each_assistant_of_a_client_how_often_commands_were_confirmed(bloom, make_staff, sign_in):
    send(bloom, "say", 4, effect="confirmed")
    send(bloom, "end-call", 1, outcome="unknown")  # nothing shows that it worked
    send(bloom, "say", 1)  # not known yet
    send(bloom, "inject-context", 9)
    send(bloom, "say", 3, effect="confirmed", asked_at=timezone.now() - timedelta(days=31))
    with scope.for_tenant(bloom.tenant), CaptureQueriesContext(connection) as queries:
        assert measured.confirmed_by_assistant(bloom.tenant) == {bloom.assistant.pk: "4 of 5"}
    assert len([one for one in queries if "calls_receipt" in one["sql"]]) == 1
    page = sign_in(make_staff(StaffRole.ADMIN)).get("/clients/bloom-dental/").content.decode()
    assert re.search(r'data-label="Confirmed">\s*4 of 5\s*<', page)


def test_the_page_of_staff_shows_the_whole(bloom, harbor, make_member, make_staff, sign_in):
    send(bloom, "transfer", 2, effect="confirmed")
    send(harbor, "transfer", 3, effect="not-confirmed")
    page = sign_in(make_staff(StaffRole.ADMIN)).get("/live/commands/").content.decode()
    assert "confirmed 2 of 5 in 30 days" in page and "xAI Realtime" in page
    assert sign_in(make_member(bloom, Role.OWNER)).get("/live/commands/").status_code == 404
