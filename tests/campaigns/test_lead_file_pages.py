"""The page of a draft's people: a file is given, read another way, its columns named, its rows corrected."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dashboard.campaigns import tasks
from dashboard.campaigns.lead_files import refused_rows, table, uploads
from dashboard.campaigns.lead_files.people import FileNotReplaced
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.call_factories import captured_selects

FILE = (
    "naam;telefoon;dag\r\nZoë;0612345601;ma\r\nEls;612345602;di\r\nAns;612345603;di\r\nPiet;06 1234 5601;wo\r\n"
    "=Bo;onbekend;do;\r\n"
).encode("cp1252")


@pytest.fixture
def writer(bloom, make_member):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(country="NL", allowed_countries=["NL"])
    return make_member(bloom, Role.MANAGER)


@pytest.fixture
def draft(bloom, writer):
    with scope.for_tenant(bloom.tenant):
        return CampaignDraft.objects.create(tenant=bloom.tenant, name="Winter", created_by=writer)


@pytest.fixture
def browser(writer, sign_in):
    return sign_in(writer)


@pytest.fixture
def address(bloom, draft):
    return f"/c/{bloom.slug}/campaigns/drafts/{draft.pk}/people/"


def file_of(draft):
    with scope.for_tenant(draft.tenant_id):
        return CampaignFile.objects.get(draft=draft)


def numbers(draft):
    with scope.for_tenant(draft.tenant_id):
        return list(DraftLead.objects.filter(draft=draft, state="ready").values_list("number", flat=True))


def give(browser, address, content=FILE, name="people.csv", how="replace", **more):
    return browser.post(address, {"part": "file", "file": SimpleUploadedFile(name, content), "how": how} | more)


def seen_in(answer):
    return answer.context["seen"]


def columns_of(answer, **changes):
    """What the form of the columns sends."""
    form = answer.context["columns"]
    sent = {form.add_prefix(name): form[name].value() for name in form.fields}
    return (
        sent
        | {"part": "columns", "seen": seen_in(answer)}
        | {f"columns-{key}": value for key, value in changes.items()}
    )


def test_a_file_is_read_and_shown_with_its_rows_to_correct(browser, address, draft):
    answer = give(browser, address)
    assert (answer.status_code, answer["Location"]) == (303, f"{address}#file")

    page = browser.get(address).content.decode()
    assert "people.csv" in page and "Zoë" in page and "4 of 5" not in page
    assert (
        "3 of 5" in page and "The first 0 is missing. Meant: 06 1234 5602?" in page and "Read all 2 like this" in page
    )
    assert "This is not a number." in page and "Twice in the file 1" in page
    assert numbers(draft) == ["+31612345601"]


def test_one_press_reads_all_numbers_that_miss_their_zero(browser, address, draft):
    give(browser, address)
    answer = browser.post(address, {"part": "repair", "repair": "zero", "seen": seen_in(browser.get(address))})
    assert answer.status_code == 303 and len(numbers(draft)) == 3


def test_each_cell_of_the_first_rows_is_labelled_so_that_a_card_of_a_phone_says_what_it_is(browser, address):
    give(browser, address)
    page = browser.get(address).content.decode()
    assert re.search(r'<td class="wide" data-label="telefoon">\s*(<bdi>)?0612345601', page)
    assert re.search(r'<div class="lead-sample"[^>]*>\s*<table class="cards">', page)


def test_staff_read_who_of_them_can_allow_a_country(bloom, browser, address, draft, admin, support, visit_client):
    give(browser, address, b"naam,telefoon\nZo,0612345601\nMo,+212650123456\n")
    team, mine, others = (f"{who} can allow it" for who in ("Your account team", "You", "An admin"))
    page = words_of(browser.get(address))
    assert f"may not call Morocco. {team}." in page and "Ask your account team to allow it." in page
    page = words_of(visit_client(admin, bloom).get(address))
    assert f"may not call Morocco. {mine} among the settings of this client." in page and team not in page
    assert "your account team" not in page
    page = words_of(visit_client(support, bloom).get(address))
    assert f"may not call Morocco. {others} among the settings of this client." in page
    assert "Ask an admin to allow it among the settings of this client." in page and team not in page


def test_rows_are_pasted_instead_of_a_file(browser, address, draft):
    assert "CSV, Excel or pasted rows" in browser.get(address).content.decode()
    assert "CSV, Excel or pasted rows" in browser.get(address.removesuffix("people/")).content.decode()
    answer = browser.post(address, {"part": "file", "text": "naam\ttelefoon\nJan\t0612345678\n"})
    assert answer.status_code == 303
    assert file_of(draft).name == "Pasted rows" and numbers(draft) == ["+31612345678"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose a file, or paste the rows of one."),
        ({"file": SimpleUploadedFile("people.csv", b"")}, "This file is empty."),
        ({"file": SimpleUploadedFile("people.csv", b"%PDF-1")}, "This is a PDF, not a table."),
        ({"text": "{}"}, "This is JSON"),
    ],
)
def test_a_file_that_is_refused_leaves_the_one_before(browser, address, draft, sent, words):
    give(browser, address)
    for file in sent.values():
        if not isinstance(file, str):
            file.seek(0)
    answer = browser.post(address, {"part": "file", "how": "add"} | sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and "people.csv" in page
    assert file_of(draft).name == "people.csv" and numbers(draft) == ["+31612345601"]


def test_another_way_to_read_it_is_chosen_and_a_wrong_one_refused_beside_its_field(browser, address, draft):
    give(browser, address)
    now = browser.get(address)
    wish = {"part": "settings", "read-encoding": "cp1252", "read-delimiter": ";", "read-header_rows": "0"}
    wrong = browser.post(address, wish | {"read-encoding": "utf-8", "seen": seen_in(now)})
    assert wrong.status_code == 422 and "Not every letter of this file is UTF-8" in wrong.content.decode()
    assert wrong.context["settings"].errors.keys() == {"encoding"} and file_of(draft).encoding == "cp1252"

    assert browser.post(address, wish | {"seen": seen_in(now)}).status_code == 303
    assert file_of(draft).headers == ["Column 1", "Column 2", "Column 3"] and file_of(draft).rows == 6


def test_columns_are_named_and_a_wrong_name_is_kept_and_refused_beside_its_field(browser, address, draft):
    give(browser, address)
    now = browser.get(address)
    wrong = browser.post(address, columns_of(now, variable_2="day of week"))
    assert wrong.status_code == 422 and 'value="day of week"' in wrong.content.decode()
    assert wrong.context["columns"].errors.keys() == {"variable_2"}
    twice = browser.post(address, columns_of(now, role_2="number"))
    assert twice.status_code == 422 and "Only one column can be this. telefoon is it already." in twice.content.decode()
    taken = browser.post(address, columns_of(now, variable_2="name"))
    assert taken.status_code == 422 and "naam has this name already." in taken.content.decode()
    none = browser.post(address, columns_of(now, role_1=""))
    assert none.status_code == 422 and "Choose which column holds the numbers to call." in none.content.decode()

    assert browser.post(address, columns_of(now, variable_2="day")).status_code == 303
    with scope.for_tenant(draft.tenant_id):
        assert DraftLead.objects.get(draft=draft, line=2).variables == {"name": "Zoë", "day": "ma"}


def test_a_form_of_another_file_changes_nothing(browser, address, draft):
    give(browser, address)
    old = browser.get(address)
    give(browser, address, b"telefoon;naam;dag\n0612345699;Jan;ma\n", "other.csv")
    for wish in (columns_of(old), {"part": "repair", "repair": "zero", "seen": seen_in(old)}, {"part": "settings"}):
        answer = browser.post(address, wish)
        assert answer.status_code == 409 and uploads.CHANGED in answer.content.decode()
    assert numbers(draft) == ["+31612345699"] and file_of(draft).repairs == []


def test_a_file_without_numbers_asks_for_their_column(browser, address, draft):
    give(browser, address, b"naam;plaats\nJan;Diemen\n")
    page = browser.get(address).content.decode()
    assert "Choose which column holds the numbers to call." in page and "Rows to correct" not in page


def test_rows_to_correct_come_as_the_same_file_with_one_more_column(browser, address, draft, monkeypatch):
    give(browser, address)
    monkeypatch.setattr(refused_rows, "CHUNK", 1)
    answer = browser.get(address + "to-correct/?format=semicolon")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert head == ["naam", "telefoon", "dag", "Why not read"]
    assert [row[:3] for row in rows] == [
        ["Els", "612345602", "di"],
        ["Ans", "612345603", "di"],
        ["'=Bo", "onbekend", "do"],
    ]
    assert rows[2][3] == "This is not a number." and "people-to-correct" in answer["Content-Disposition"]

    again = give(browser, address, text.replace("onbekend", "0612345604").encode())
    assert again.status_code == 303 and numbers(draft) == ["+31612345604"]


def correct(browser, address, page="", **typed):
    sent = {f"number-{line.removeprefix('line')}": text for line, text in typed.items()}
    return browser.post(address + page, {"part": "correct", "seen": seen_in(browser.get(address))} | sent)


def words_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_a_number_is_corrected_in_its_row_and_the_others_stay(browser, address, draft):
    give(browser, address)
    with scope.for_tenant(draft.tenant_id):
        before = dict(DraftLead.objects.filter(draft=draft).values_list("line", "pk"))

    answer = correct(browser, address, line3="06 1234 5602", line4="612345603", line6="onbekend")

    assert answer.status_code == 303 and "1 row was read with what was typed." in words_of(browser.get(address))
    assert numbers(draft) == ["+31612345601", "+31612345602"]
    file = file_of(draft)
    assert file.corrections == {"3": "06 1234 5602"}
    assert file.counts == {
        "states": {"ready": 2, "not-read": 2, "duplicate": 1},
        "wrong": {"zero": 1, "unreadable": 1},
    }
    with scope.for_tenant(draft.tenant_id):
        assert dict(DraftLead.objects.filter(draft=draft).values_list("line", "pk")) == before, "in place"
        lead = DraftLead.objects.get(draft=draft, line=3)
        assert (lead.name, lead.variables["dag"], lead.reason) == ("Els", "di", "")
        entry = AuditEntry.objects.get(action="campaign.rows-corrected")
    assert "corrected the number of 1 row of people.csv for the campaign Winter" in sentence(entry)


def test_what_is_no_number_is_refused_beside_its_row_and_stays_as_typed(browser, address, draft):
    give(browser, address)
    answer = correct(browser, address, line3="0612345602", line4="06 12", line6="112")
    assert answer.status_code == 422 and numbers(draft) == ["+31612345601", "+31612345602"], "the right one is read"
    page = answer.content.decode()
    assert 'value="06 12"' in page and 'value="112"' in page and page.count('aria-invalid="true"') == 2
    errors = {row.line: row.error for row in answer.context["refused"] if row.error}
    assert errors.keys() == {4, 6} and "Emergency" in errors[6]
    assert file_of(draft).corrections == {"3": "0612345602"}


def test_a_corrected_number_that_another_row_has_is_twice_in_the_file(browser, address, draft):
    give(browser, address)
    assert correct(browser, address, line3="+31612345601", line4="0612345603", line6="0612345603").status_code == 303
    with scope.for_tenant(draft.tenant_id):
        found = DraftLead.objects.filter(draft=draft).order_by("line").values_list("line", "state", "reason")
        assert list(found)[1:] == [
            (3, "duplicate", "The same number is in line 2."),
            (4, "ready", ""),
            (5, "duplicate", "The same number is in line 2."),
            (6, "duplicate", "The same number is in line 4."),
        ]


def test_a_row_that_was_corrected_into_a_duplicate_can_be_corrected_again(browser, address, draft):
    give(browser, address)
    correct(browser, address, line6="0612345601")
    assert "1 row was read with what was typed. Of these, 1 is twice in the file." in words_of(browser.get(address))
    twice = browser.get(f"{address}?show=twice")
    assert {row.line: row.can_be_corrected for row in twice.context["refused"]} == {5: False, 6: True}
    page = twice.content.decode()
    assert 'name="number-6"' in page and 'id="read-typed"' in page and 'name="number-5"' not in page
    answer = correct(browser, address, "?show=twice", line6="nobody")
    assert answer.status_code == 422 and 'value="nobody"' in answer.content.decode()
    assert correct(browser, address, "?show=twice", line6="0612345609").status_code == 303
    assert "+31612345609" in numbers(draft)
    assert file_of(draft).counts["states"]["duplicate"] == 1


def test_a_correction_is_kept_when_the_file_is_read_anew_and_dropped_with_its_column(browser, address, draft):
    give(browser, address)
    correct(browser, address, line6="0612345609")
    now = browser.get(address)
    assert browser.post(address, {"part": "repair", "repair": "zero", "seen": seen_in(now)}).status_code == 303
    assert "+31612345609" in numbers(draft) and len(numbers(draft)) == 4
    now = browser.get(address)
    assert browser.post(address, columns_of(now, role_0="number", role_1="variable")).status_code == 303
    assert file_of(draft).corrections == {} and numbers(draft) == []


def test_only_rows_with_a_wrong_number_are_corrected(browser, address, draft):
    give(browser, address)
    give(browser, address, b"telefoon;dag\n0612345678;{{x}}\n0612345679;ma\n")
    page = browser.get(address)
    assert [row.can_be_corrected for row in page.context["refused"]] == [False]
    for typed in ({"line2": "0612345670"}, {"line3": "0612345670"}, {"line99": "0612345670"}, {"linex": "1"}):
        assert correct(browser, address, **typed).status_code == 303
    assert numbers(draft) == ["+31612345679"] and file_of(draft).corrections == {}


def test_a_correction_on_a_later_page_leads_back_to_it(browser, address, monkeypatch):
    monkeypatch.setattr(refused_rows, "PAGE", 2)
    give(browser, address)
    answer = correct(browser, address, "?after=4", line6="0612345609")
    assert answer["Location"] == f"{address}?after=4#rows"


def test_rows_to_correct_come_before_the_columns_and_are_named(browser, address):
    give(browser, address, b"naam;telefoon;dag\nEls;onbekend;di\n;onbekend;wo\n")
    page = browser.get(address)
    text = page.content.decode()
    assert text.index('href="#rows"') < text.index('id="rows"') < text.index('id="columns"')
    assert [row.who for row in page.context["refused"]] == ["Els", "wo"]
    assert "Number of Els, in line 2" in words_of(page)


def test_a_correction_keeps_its_place_with_and_without_htmx(browser, address):
    give(browser, address)
    answer = correct(browser, address, line6="0612345609")
    assert answer["Location"] == f"{address}#rows"
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "1 row was read with what was typed." in part and 'id="draft-people"' in part and "<h1" not in part
    form = re.search(r'<form id="correct".*?>', part, re.DOTALL)[0]
    assert 'hx-target="#draft-people"' in form and f'action="{address}#rows"' in form.replace("?#", "#")


def test_each_kind_of_fault_is_offered_once_with_its_first_row(browser, address, draft):
    rows = "".join(f"612345{nth:03};\n" for nth in range(100, 140)) + "31612345678;\n020 555 0173 tst 12;\n"
    give(browser, address, f"telefoon;dag\n0612345699;ma\n{rows}".encode())
    page = words_of(browser.get(address))
    assert page.count("Read all 40 like this") == 1 and page.count("Read it like this") == 2
    assert "So in line 3, which has 612345100 , and in 39 more" in page


def test_new_rows_are_not_taken_before_it_is_chosen_what_becomes_of_those_that_are_there(browser, address, draft):
    give(browser, address)
    answer = browser.post(address, {"part": "file", "text": "naam;telefoon\nJan;0612345677\n"})
    page = answer.content.decode()
    assert answer.status_code == 422 and answer.context["upload"].errors.keys() == {"how"}
    assert "There are 5 rows of" in page and "Nothing is changed yet." in page and "Jan;0612345677" in page
    assert numbers(draft) == ["+31612345601"] and file_of(draft).name == "people.csv"


def test_new_rows_are_added_by_the_names_of_their_columns(browser, address, draft):
    give(browser, address)
    correct(browser, address, line3="0612345602")
    more = b'stad,Telefoon,Naam\nDiemen,+31 6 12345677,"Jan; de Vries"\nBreda,0612345601,Piet\n,x,Y\n'

    answer = give(browser, address, more, "more.csv", how="add", seen=seen_in(browser.get(address)))

    assert answer.status_code == 303, answer.context["upload"].errors
    assert "3 rows are added to those of" in words_of(browser.get(address))
    file = file_of(draft)
    assert (file.name, file.rows) == ("people.csv and more.csv", 8)
    assert file.headers == ["naam", "telefoon", "dag", "stad"] and file.columns["3"] == "variable:stad"
    with scope.for_tenant(draft.tenant_id):
        found = list(DraftLead.objects.filter(draft=draft).order_by("line"))
    states = ["ready", "ready", "not-read", "duplicate", "not-read", "ready", "duplicate", "not-read"]
    assert [lead.state for lead in found] == states
    assert found[0].variables == {"name": "Zoë", "dag": "ma", "stad": ""}
    assert found[5].variables == {"name": "Jan; de Vries", "dag": "", "stad": "Diemen"}


def test_rows_to_correct_that_come_back_corrected_take_the_place_of_those_that_were_not_read(browser, address, draft):
    give(browser, address)
    export = browser.get(address + "to-correct/?format=semicolon")
    text = b"".join(export.streaming_content).decode("utf-8-sig").replace("onbekend", "0612345604")
    answer = give(browser, address, text.replace('"6123', '"06123').encode(), "fixed.csv", how="add")
    assert answer.status_code == 303
    assert "They take the place of 3 rows that were not read." in words_of(browser.get(address))
    assert numbers(draft) == ["+31612345601", "+31612345602", "+31612345603", "+31612345604"]
    assert file_of(draft).headers == ["naam", "telefoon", "dag"] and file_of(draft).rows == 5


def test_rows_to_correct_that_do_not_come_back_stay(browser, address, draft):
    give(browser, address)
    export = browser.get(address + "to-correct/?format=semicolon")
    head, *rows = b"".join(export.streaming_content).decode("utf-8-sig").splitlines()
    corrected = next(row for row in rows if "onbekend" in row).replace("onbekend", "0612345604")
    give(browser, address, f"{head}\n{corrected}\n".encode(), "fixed.csv", how="add")
    assert file_of(draft).rows == 5
    with scope.for_tenant(draft.tenant_id):
        assert DraftLead.objects.filter(draft=draft, state="not-read").count() == 2


def test_a_file_that_was_corrected_meanwhile_is_not_the_one_that_was_seen(draft, browser, address):
    give(browser, address)
    seen = file_of(draft)
    with scope.for_tenant(draft.tenant_id):
        CampaignFile.objects.filter(pk=seen.pk).update(corrections={"3": "0612345604"})
        with pytest.raises(FileNotReplaced):
            uploads.locked(draft, seen)
        assert uploads.locked(draft, CampaignFile.objects.get(pk=seen.pk)).pk == draft.pk


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (b"0612345677;Jan\n0612345678;Els\n", "It is not clear which column of these rows holds the numbers."),
        (b"naam;plaats\nJan;Diemen\n", "It is not clear which column of these rows holds the numbers."),
        (b"%PDF", "This is a PDF"),
    ],
)
def test_rows_that_cannot_be_added_leave_those_that_are_there(browser, address, draft, more, words):
    give(browser, address)
    answer = give(browser, address, more, how="add")
    assert answer.status_code == 422 and words in answer.content.decode()
    assert numbers(draft) == ["+31612345601"] and file_of(draft).name == "people.csv"


def test_rows_without_names_of_columns_are_added_in_the_same_order(browser, address, draft):
    give(browser, address)
    assert give(browser, address, b"Jan;0612345677;vr;meer\nEls;0612345678;za;ook\n", how="add").status_code == 303
    assert file_of(draft).headers == ["naam", "telefoon", "dag", "Column 4"]
    with scope.for_tenant(draft.tenant_id):
        lead = DraftLead.objects.get(draft=draft, number="+31612345677")
    assert lead.variables == {"name": "Jan", "dag": "vr", "column_4": "meer"}


def test_both_together_keep_to_the_most_rows(browser, address, draft, monkeypatch):
    give(browser, address)
    monkeypatch.setattr(table, "MOST_ROWS", 6)
    answer = give(browser, address, b"telefoon\n0612345677\n0612345678\n", how="add")
    assert answer.status_code == 422 and "more than" in answer.content.decode()
    assert file_of(draft).rows == 5


def test_a_file_that_somebody_else_gave_meanwhile_is_not_lost(browser, address, draft):
    give(browser, address)
    old = seen_in(browser.get(address))
    give(browser, address, b"telefoon\n0612345699\n", "theirs.csv")
    for how in ("add", "replace"):
        answer = browser.post(address, {"part": "file", "text": "telefoon\n0612345677\n", "how": how, "seen": old})
        page = answer.content.decode()
        assert answer.status_code == 422 and uploads.CHANGED in page and "0612345677" in page
    assert numbers(draft) == ["+31612345699"]


def test_rows_to_correct_are_paged_in_the_order_of_the_file(browser, address, monkeypatch):
    monkeypatch.setattr(refused_rows, "PAGE", 2)
    give(browser, address)
    first = browser.get(address)
    assert [row.line for row in first.context["refused"]] == [3, 4] and first.context["next_after"] == 4
    second = browser.get(f"{address}?after=4")
    assert [row.line for row in second.context["refused"]] == [6] and second.context["next_after"] is None
    assert [row.line for row in browser.get(f"{address}?show=twice&after=x").context["refused"]] == [5]


def test_a_large_file_shows_how_far_its_reading_is(browser, address, draft, monkeypatch):
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    give(browser, address)
    page = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "The rows are being read: 0 of 5." in page and 'hx-trigger="every 2s"' in page
    tasks.read_files()
    page = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "being read" not in page and "hx-trigger" not in page and "Rows to correct" in page


def test_a_draft_that_is_sent_shows_its_file_and_takes_no_other(browser, address, draft, bloom):
    give(browser, address)
    with scope.for_tenant(bloom.tenant):
        CampaignDraft.objects.filter(pk=draft.pk).update(state="sending", assistant_dedication=bloom.assistant)
    answer = give(browser, address, b"telefoon\n0612345678\n")
    assert answer.status_code == 409 and "its people stay as they are" in answer.content.decode()
    page = browser.get(address).content.decode()
    assert "Use another file" not in page and "Save the columns" not in page and numbers(draft) == ["+31612345601"]


def test_the_page_asks_the_database_as_often_for_many_rows_as_for_few(browser, address):
    counts = []
    for rows in (2, 60):
        give(browser, address, b"telefoon;dag\n0612345678;ma\n" + b"onbekend;di\n" * rows)
        browser.get(address)
        with captured_selects() as queries:
            browser.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24
