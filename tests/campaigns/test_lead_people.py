"""The rows of a file become the leads of its draft: each of them, once, and the ones before only in exchange."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.campaigns import tasks
from dashboard.campaigns.lead_files import columns, people, uploads, waiting
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant

FILES = Path(__file__).with_name("files")
FILE = (
    b"naam;telefoon;dag\r\nJan;0612345601;ma\r\nEls;612345602;di\r\n\r\nPiet;06 1234 5601;wo\r\nBo;onbekend;\r\n"
    b"Ans;+44 7400 123456;do\r\n"
)


@pytest.fixture
def writer(bloom, make_member):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(country="NL", allowed_countries=["NL"])
        bloom.tenant.refresh_from_db()
    return make_member(bloom, Role.MANAGER)


@pytest.fixture
def draft(bloom, writer):
    return make_draft(bloom, writer)


def make_draft(setup, by, name="Hygienist, winter", **more):
    with scope.for_tenant(setup.tenant):
        return CampaignDraft.objects.create(tenant=setup.tenant, name=name, created_by=by, **more)


def give(draft, content, by, name="people.csv", **options):
    prepared = uploads.prepare(name, content, Options(**options))
    with scope.for_tenant(draft.tenant_id):
        file = uploads.keep(draft, prepared, by=by)
        uploads.read_or_wait(draft, file, by=by)
    return file


def leads(draft):
    with scope.for_tenant(draft.tenant_id):
        return list(DraftLead.objects.filter(draft=draft))


def actions(draft):
    with scope.for_tenant(draft.tenant_id):
        return list(AuditEntry.objects.filter(action__startswith="campaign.").values_list("action", flat=True))


def test_each_row_is_a_lead_with_its_state_and_its_reason(draft, writer):
    file = give(draft, FILE, writer)

    found = leads(draft)
    assert [(lead.line, lead.number, lead.state, lead.rule) for lead in found] == [
        (2, "+31612345601", "ready", ""),
        (3, "", "not-read", "zero"),
        (5, "+31612345601", "duplicate", ""),
        (6, "", "not-read", "unreadable"),
        (7, "", "not-read", "country"),
    ]
    assert found[0].variables == {"name": "Jan", "dag": "ma"} and found[0].name == "Jan"
    assert found[2].reason == "The same number is in line 2." and found[4].values == ["Ans", "+44 7400 123456", "do"]
    with scope.for_tenant(draft.tenant_id):
        file.refresh_from_db()
        entry = AuditEntry.objects.get(action="campaign.file-read")
    assert file.rows == 5 and file.read_at and file.problem == ""
    assert file.counts["states"] == {"ready": 1, "not-read": 3, "duplicate": 1} and file.counts["wrong"]["zero"] == 1
    assert entry.actor == str(writer) and '"rows": 5' in entry.body


def test_a_repair_reads_all_rows_that_miss_their_zero(draft, writer):
    file = give(draft, FILE, writer)
    with scope.for_tenant(draft.tenant_id):
        kept = columns.read(file.columns, 3)
        uploads.change_columns(draft, file, uploads.Columns(kept, "NL", ["zero"]))
        people.read(draft, by=writer)
    assert [lead.number for lead in leads(draft)][:2] == ["+31612345601", "+31612345602"]


def test_reading_twice_gives_the_same_leads_once(draft, writer):
    give(draft, FILE, writer)
    before = [(lead.line, lead.number, lead.state) for lead in leads(draft)]
    with scope.for_tenant(draft.tenant_id):
        people.read(draft, by=writer)
    assert [(lead.line, lead.number, lead.state) for lead in leads(draft)] == before


def test_the_leads_before_stay_where_the_reading_fails(draft, writer):
    file = give(draft, FILE, writer)
    before = [lead.pk for lead in leads(draft)]
    with scope.for_tenant(draft.tenant_id):
        CampaignFile.objects.filter(pk=file.pk).update(content=b"%PDF", read_at=None)

    waiting.read_next()

    with scope.for_tenant(draft.tenant_id):
        file.refresh_from_db()
    assert file.problem.startswith("This is a PDF") and file.read_at is None
    assert [lead.pk for lead in leads(draft)] == before


def test_a_draft_that_is_sent_meanwhile_keeps_the_people_it_had(bloom, draft, writer):
    give(draft, FILE, writer)
    before = [lead.pk for lead in leads(draft)]
    with scope.for_tenant(draft.tenant_id):
        CampaignDraft.objects.filter(pk=draft.pk).update(state="sending", assistant_dedication=bloom.assistant)
    with pytest.raises(people.FileNotReplaced):
        give(draft, b"telefoon\n0612345677\n", writer)
    with pytest.raises(people.FileNotReplaced), scope.for_tenant(draft.tenant_id):
        people.read(draft)
    assert [lead.pk for lead in leads(draft)] == before


def test_a_large_file_is_read_by_a_worker_and_by_another_one_where_the_first_was_ended(draft, writer, monkeypatch):
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    give(draft, FILE, writer)
    assert leads(draft) == [] and actions(draft) == ["campaign.file-given"]

    tasks.read_files()
    tasks.read_files()

    assert len(leads(draft)) == 5 and sorted(actions(draft)) == ["campaign.file-given", "campaign.file-read"]


def test_columns_are_remembered_by_their_names_for_the_client(bloom, draft, writer, harbor, make_member):
    file = give(draft, FILE, writer)
    with scope.for_tenant(draft.tenant_id):
        found = [
            *columns.read(file.columns, 3)[:2],
            uploads.columns.Column(uploads.columns.Role.VARIABLE, "day"),
        ]
        uploads.change_columns(draft, file, uploads.Columns(found, "BE"))
        people.read(draft, by=writer)

    again = give(make_draft(bloom, writer, "Spring"), b"naam;telefoon;dag\nA;0612345678;ma\n", writer)
    assert again.columns["2"] == "variable:day" and (again.country, again.columns_from) == ("BE", "Hygienist, winter")
    others = make_member(harbor, Role.MANAGER)
    theirs = give(make_draft(harbor, others), b"naam;telefoon;dag\nA;0612345678;ma\n", others)
    assert theirs.columns["2"] == "variable:dag" and theirs.columns_from == ""


def test_consent_comes_with_its_kind_its_source_and_its_time(draft, writer):
    give(
        draft,
        b"telefoon;toestemming;toestemming bron;toestemming datum\n0612345678;opt-in;website;14-5-2026 9:30\n"
        b"0612345679;opt-in;website;mei\n0612345680;;;\n",
        writer,
    )
    first, second, third = leads(draft)
    assert first.consent == {"kind": "opt-in", "source": "website", "time": "2026-05-14T09:30"}
    assert (second.state, second.rule) == ("not-read", "consent-time") and "“mei”" in second.reason
    assert third.state == "ready" and third.consent == {}


def test_a_row_with_more_cells_or_a_text_too_long_is_not_read(draft, writer):
    long = b"x" * 2_001
    give(draft, b"naam;tel;dag\nA;0612345678;ma;x\nB;0612345679;" + long + b"\nC;0612345670;di\n", writer)
    assert [lead.rule for lead in leads(draft)] == ["width", "long", ""]


def test_a_file_without_a_column_of_numbers_says_so(draft, writer):
    file = give(draft, b"naam;plaats\nJan;Diemen\n", writer)
    assert file.problem == people.NO_NUMBER and file.read_at is None and leads(draft) == []


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["0612345678", "612345678", "3.16E+10", "112", "+44 7400 123456", "Jan", "", "\x00", "\u202e0612345678"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=12))
def test_every_row_of_any_table_is_accounted_for(draft, writer, rows):
    content = "naam;telefoon;dag\nJan;0612345699;ma\n" + "".join(";".join(row) + "\n" for row in rows)
    try:
        prepared = uploads.prepare("x.csv", content.encode(), Options(encoding="utf-8", delimiter=";", header_rows=1))
    except FileRefused:  # for its many control characters
        return
    read = list(prepared.table.rows())
    with scope.for_tenant(draft.tenant_id):
        uploads.keep(draft, prepared, by=writer)
        people.read(draft, by=writer)
    found = leads(draft)
    assert [lead.line for lead in found] == [row.line for row in read]
    assert {lead.state for lead in found} <= {"ready", "not-read", "duplicate"}
    numbers = [lead.number for lead in found if lead.state == "ready"]
    assert len(numbers) == len(set(numbers))


def test_a_reading_that_is_ended_in_the_middle_leaves_the_leads_before_and_begins_again(draft, writer, monkeypatch):
    give(draft, FILE, writer)
    before = [lead.pk for lead in leads(draft)]
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    monkeypatch.setattr(people, "SLICE", 2)
    give(draft, b"telefoon\n" + b"".join(b"06123457%02d\n" % nth for nth in range(9)), writer)
    whole = people.insert
    with monkeypatch.context() as broken:
        broken.setattr(people, "insert", lambda made: whole(made) if made[0].line < 5 else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            waiting.read_next()
    assert [lead.pk for lead in leads(draft)] == before

    waiting.read_next()

    assert [lead.state for lead in leads(draft)] == ["ready"] * 9


def test_a_value_with_braces_is_refused_as_in_a_single_call(draft, writer):
    give(draft, b"naam;telefoon;dag\nJan;0612345601;{{naam}}\nEls;0612345602;di\n", writer)
    assert [(lead.line, lead.state, lead.rule) for lead in leads(draft)] == [
        (2, "not-read", "braces"),
        (3, "ready", ""),
    ]
