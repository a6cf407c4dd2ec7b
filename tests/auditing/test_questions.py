"""The auditors' questions: each answered for one client and period, and the evidence as an archive."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import sys
import uuid
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dashboard.auditing import access, caller_id, reading, trail
from dashboard.auditing.forms import PeriodForm
from dashboard.auditing.periods import Period
from tenants import audit, tasks
from tenants.access.permissions import Role
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import AuditEntry, AuditorGrant, Membership
from tests.fixtures.call_factories import captured_selects, make_call, make_report

PAGES = ["", "questions/caller-id/", "questions/reading/", "questions/trail/", "questions/access/", "evidence/"]


def today(setup) -> Period:
    day = timezone.now().astimezone(setup.tenant.zone).date()
    return Period(setup.tenant, day, day)


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("page", PAGES)
def test_every_question_has_a_page(bloom, harbor, auditor, sign_in, page):
    make_call(bloom, state="ended", reported_line=bloom.number.e164)
    answer = sign_in(auditor).get(f"/admin/{page}?client={bloom.tenant.pk}")
    assert answer.status_code == 200 and "Bloom Dental" in text(answer)


@pytest.mark.parametrize("page", PAGES)
def test_an_error_stands_beside_its_field_and_what_was_typed_stays(bloom, auditor, sign_in, page):
    browser = sign_in(auditor)
    address = f"/admin/{page}?client={bloom.tenant.pk}"
    found = browser.get(f"{address}&since=2026-05-02&until=2026-05-01")
    assert "The first day is after the last." in text(found) and 'value="2026-05-02"' in found.content.decode()
    assert "Choose at most 366 days." in text(browser.get(f"{address}&since=2020-01-01&until=2026-01-01"))
    assert "Choose a client of this list." in text(browser.get(f"/admin/{page}?client=999999"))
    for odd in ("client=²", "since=yesterday", "until=9999-12-31", "call=x"):
        assert browser.get(f"{address}&{odd}").status_code == 200


def test_an_auditor_asks_about_granted_clients_only(bloom, harbor, auditor, sign_in):
    auditor.auditor.sees_all = False
    auditor.auditor.save()
    with scope.for_system("grant"):
        AuditorGrant.objects.create(auditor=auditor.auditor, tenant=harbor.tenant)
    browser = sign_in(auditor)
    for page in PAGES:
        assert "Harbor" in text(browser.get(f"/admin/{page}"))
        asked = browser.get(f"/admin/{page}?client={bloom.tenant.pk}")
        assert "Choose a client of this list." in text(asked) and "Bloom" not in text(asked)
    assert browser.get(f"/admin/evidence/download/?client={bloom.tenant.pk}").status_code == 302


def test_whether_every_call_left_from_an_own_number(bloom, auditor):
    period = today(bloom)
    with scope.for_auditor(auditor.auditor):
        assert caller_id.short(period).verdict == "No call left."
    for _ in range(3):
        make_call(bloom, state="ended", reported_line=bloom.number.e164)
    make_call(bloom, state="refused", counterpart="+31612345679", remote_id="", claimed_at=None, sent_at=None,
              placed_at=None)  # fmt: skip
    with scope.for_auditor(auditor.auditor):
        answer = caller_id.answer(period)
    assert (answer.short.verdict, answer.short.figure) == ("Yes.", "3 of 3")
    assert "1 call was not dialed" in answer.short.sentence
    assert [(line.count, line.share) for line in answer.lines] == [(3, 100.0)]
    make_call(bloom, state="ended", reported_line="")
    with scope.for_auditor(auditor.auditor):
        assert caller_id.short(period).verdict == "As far as is known."
    make_call(bloom, state="ended", reported_line="+31999999999")
    with scope.for_auditor(auditor.auditor):
        answer = caller_id.answer(period)
    assert answer.short.verdict == "No." and answer.short.mark == "person"
    assert [line.call.reported_line for line in answer.differences] == ["+31999999999"]


def test_who_read_or_heard_this(bloom, auditor, sign_in, make_member):
    sanne = make_member(bloom, Role.OPERATOR, name="Sanne Visser")
    call = make_call(bloom, state="ended")
    make_report(bloom, call, messages=[{"role": "user", "content": "Hello"}])
    with scope.for_tenant(bloom.tenant):
        audit.record(sanne, bloom.tenant, "call.transcript-read", call, counterpart=call.counterpart)
        audit.record(sanne, bloom.tenant, "call.recording-opened", call, counterpart=call.counterpart)
    browser = sign_in(auditor)
    browser.get(f"/admin/calls/callreport/{call.pk}/change/")
    with scope.for_auditor(auditor.auditor):
        answer = reading.answer(today(bloom))
        of_call = reading.answer(today(bloom), call.pk)
        of_another = reading.answer(today(bloom), uuid.uuid4())
    assert answer.short.figure == "2 people"
    assert {(row.name, row.transcripts, row.recordings) for row in answer.readers} == {
        ("Sanne Visser", 1, 1), (str(auditor), 1, 0),
    }  # fmt: skip
    assert len(of_call.readings) == 3 and of_another.readings == []
    page = text(browser.get(f"/admin/calls/call/{call.pk}/change/"))
    assert "Read the answer" in page


@pytest.mark.django_db(transaction=True)
def test_whether_the_trail_was_changed(bloom, auditor, superuser, checkpoint_folder):
    with scope.for_auditor(auditor.auditor):
        assert trail.short(today(bloom)).verdict == "As far as is known, no."
    tasks.publish_checkpoints()
    with scope.for_auditor(auditor.auditor):
        answer = trail.answer(today(bloom))
        last_entries = trail.answer(today(bloom), most=1)
    assert (answer.short.verdict, answer.first, answer.broken) == ("No.", 1, None)
    assert last_entries.short.verdict == "No." and last_entries.first == last_entries.last
    superuser(
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
        f"UPDATE tenants_auditentry SET body = replace(body, 'Bloom', 'Doom') WHERE chain = 'tenant-{bloom.tenant.pk}'",
        "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    )
    with scope.for_auditor(auditor.auditor):
        answer = trail.answer(today(bloom))
    assert answer.short.verdict == "It was." and answer.short.figure == "Changed"


def test_who_had_access_on_a_day_is_answered_from_history(bloom, auditor, make_member, admin):
    """One joins, changes the role and is removed; each day in between has its own answer."""
    start = timezone.now() - timedelta(days=20)
    owner = make_member(bloom, Role.OWNER, name="Dora Bloom")

    def at(days):
        return time_machine.travel(start + timedelta(days=days), tick=False)

    with at(1), scope.for_tenant(bloom.tenant):
        _, token = members.invite(bloom.tenant, email="piet@people.test", name="Piet", role=Role.VIEWER, by=owner)
    with at(2):
        piet = members.accept(members.mailed_token(token), name="Piet", password="a long password here")
    with at(5), scope.for_tenant(bloom.tenant):
        members.change_role(Membership.objects.get(user=piet), Role.MANAGER, by=owner)
    with at(9), scope.for_tenant(bloom.tenant):
        members.remove(Membership.objects.get(user=piet), by=owner)

    def on(day):
        date = (start + timedelta(days=day)).astimezone(bloom.tenant.zone).date()
        with scope.for_auditor(auditor.auditor):
            found = access.answer(Period(bloom.tenant, date, date), sees_all=True)
        return {(one.person, one.role) for one in found.team if one.person != "Dora Bloom"}

    assert on(1) == set()
    assert on(3) == {("Piet", "Viewer")}
    assert on(5) == {("Piet", "Viewer"), ("Piet", "Manager")}
    assert on(7) == {("Piet", "Manager")}
    assert on(12) == set()


def test_staff_are_named_to_auditors_of_every_client_only(bloom, auditor, admin, sign_in):
    with scope.for_system("staff"):
        audit.record(None, None, "staff.invited", admin, person="Idris Cole", email="i@patchbay.test", role="Admin")
    with scope.for_auditor(auditor.auditor):
        found = access.answer(today(bloom), sees_all=True)
        other = access.answer(today(bloom), sees_all=False)
    assert [(one.person, one.role, one.until) for one in found.staff or []] == [("Idris Cole", "Admin", None)]
    assert other.staff is None


@pytest.mark.parametrize(
    ("role", "sees_all", "granted", "shown"),
    [
        ("Admin", True, False, "Admin"),
        ("Support", True, False, "Support"),
        ("Support", False, False, ""),
        ("Support", False, True, "Support, this client"),
        ("Finance", True, False, ""),
    ],
)
def test_staff_who_could_not_enter_are_not_named(bloom, auditor, admin, role, sees_all, granted, shown):
    with scope.for_system("staff"):
        facts = {"person": "Wren", "email": "w@patchbay.test", "role": role, "sees_all": sees_all}
        audit.record(None, None, "staff.invited", admin, **facts)
    if granted:
        with scope.for_tenant(bloom.tenant):
            audit.record(None, bloom.tenant, "support.let-in", admin, person="Wren")
    with scope.for_auditor(auditor.auditor):
        found = access.staff_of(today(bloom))
    assert [one.role for one in found if one.person == "Wren"] == ([shown] if shown else [])


def test_support_that_is_let_in_and_kept_out_had_access_in_between(bloom, auditor, admin):
    with scope.for_system("staff"):
        audit.record(None, None, "staff.invited", admin, person="Wren", email="w", role="Support", sees_all=False)
    for action in ("support.let-in", "support.kept-out"):
        with scope.for_tenant(bloom.tenant):
            audit.record(None, bloom.tenant, action, admin, person="Wren")
    with scope.for_system("staff"):
        change = {"before": "Support, granted clients", "after": "Support, every client", "sees_all": True}
        audit.record(None, None, "staff.changed", admin, person="Wren", **change)
    with scope.for_auditor(auditor.auditor):
        found = [one for one in access.staff_of(today(bloom)) if one.person == "Wren"]
    assert [(one.role, one.until is None) for one in found] == [("Support, this client", False), ("Support", True)]


def test_a_list_with_summaries_was_read_too_and_namesakes_are_two(bloom, auditor, make_member):
    for _ in range(2):
        somebody = make_member(bloom, Role.VIEWER, name="Jan de Vries")
        with scope.for_tenant(bloom.tenant):
            audit.record(somebody, bloom.tenant, "calls.summaries-read", bloom.tenant)
    with scope.for_auditor(auditor.auditor):
        answer = reading.answer(today(bloom))
    assert answer.short.figure == "2 people" and answer.short.sentence == "They opened 2 lists."
    assert [row.lists for row in answer.readers] == [1, 1]


def test_a_day_that_has_not_begun_is_refused_and_today_is_the_clients_own(bloom, harbor, auditor, sign_in):
    with scope.for_system("zones"):
        type(bloom.tenant).objects.filter(pk=bloom.tenant.pk).update(timezone="Pacific/Auckland")
        type(harbor.tenant).objects.filter(pk=harbor.tenant.pk).update(timezone="Pacific/Honolulu")
    browser = sign_in(auditor)
    assert "Download the archive" in text(browser.get(f"/admin/evidence/?client={harbor.tenant.pk}"))
    archive = browser.get(f"/admin/evidence/download/?client={harbor.tenant.pk}")
    assert archive.status_code == 200 and b"".join(archive.streaming_content)
    later = f"client={harbor.tenant.pk}&since=2099-01-01&until=2099-01-01"
    assert "This day has not begun yet." in text(browser.get(f"/admin/evidence/?{later}"))
    assert browser.get(f"/admin/evidence/download/?{later}").status_code == 302


def test_the_archive_of_an_auditor_of_one_client_names_no_other_chain(
    bloom, harbor, auditor, sign_in, checkpoint_folder
):
    tasks.publish_checkpoints()
    auditor.auditor.sees_all = False
    auditor.auditor.save()
    with scope.for_system("grant"):
        AuditorGrant.objects.create(auditor=auditor.auditor, tenant=bloom.tenant)
    answer = sign_in(auditor).get(f"/admin/evidence/download/?client={bloom.tenant.pk}")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        signed = archive.read("checkpoints.jsonl").decode()
    assert f"tenant-{bloom.tenant.pk}" in signed and f"tenant-{harbor.tenant.pk}" not in signed
    assert "reseller" not in signed


def test_the_pages_cost_the_same_with_ten_times_the_rows(bloom, auditor, sign_in):
    browser, counts = sign_in(auditor), []
    for rows in (1, 9):
        for at in range(rows):
            call = make_call(bloom, counterpart=f"+3161234{rows}{at:03}", state="ended", reported_line="+31205550142")
            with scope.for_tenant(bloom.tenant):
                audit.record(auditor, bloom.tenant, "call.transcript-read", call, counterpart=call.counterpart)
        counts.append([])
        for page in PAGES:
            with captured_selects() as queries:
                assert browser.get(f"/admin/{page}?client={bloom.tenant.pk}").status_code == 200
            counts[-1].append(len(queries))
    assert counts[0] == counts[1] and max(counts[0]) <= 30, counts


def test_the_evidence_can_be_verified_without_patchbay(bloom, auditor, sign_in, checkpoint_folder, tmp_path):
    call = make_call(bloom, state="ended", reported_line=bloom.number.e164, counterpart="+31612340099")
    with scope.for_tenant(bloom.tenant):
        for _ in range(3):
            audit.record(auditor, bloom.tenant, "call.transcript-read", call, counterpart="=HYPERLINK(1)")
    tasks.publish_checkpoints()
    answer = sign_in(auditor).get(f"/admin/evidence/download/?client={bloom.tenant.pk}")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    rows = list(csv.reader((tmp_path / "calls.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 2 and "'+31612340099" in rows[1]
    assert "Bloom Dental" in (tmp_path / "summary.html").read_text()
    run(tmp_path, "sha256sum", "-c", "SHA256SUMS")
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public_key.pem", "-rawin"]
    run(tmp_path, *verify, "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig")
    assert "follow from one another; 1 signed" in run(tmp_path, sys.executable, "verify_trail.py")
    with scope.for_system("look"):
        entry = AuditEntry.objects.get(action="evidence.exported")
    assert entry.tenant_id == bloom.tenant.pk and entry.actor == str(auditor)

    lines = (tmp_path / "trail.jsonl").read_text()
    (tmp_path / "trail.jsonl").write_text(lines.replace("HYPERLINK", "HYPERLINX", 1))
    changed = subprocess.run([sys.executable, "verify_trail.py"], cwd=tmp_path, capture_output=True, text=True)
    assert changed.returncode != 0 and "does not follow" in changed.stderr


def test_an_archive_of_a_server_without_the_key_says_what_holds_it_instead(bloom, auditor, sign_in, settings):
    settings.AUDIT_KEY = ""
    answer = sign_in(auditor).get(f"/admin/evidence/download/?client={bloom.tenant.pk}")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        readme, hashes = archive.read("README.txt").decode(), archive.read("SHA256SUMS")
        assert not {"SHA256SUMS.sig", "public_key.pem"} & {*archive.namelist()}
    assert "openssl" not in readme and "the next signed checkpoint" in readme
    with scope.for_system("look"):
        entry = AuditEntry.objects.get(action="evidence.exported")
    assert hashlib.sha256(hashes).hexdigest() in entry.body


def run(folder, *command) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_an_archive_that_would_be_too_large_is_not_begun(bloom, auditor, sign_in, monkeypatch):
    from dashboard.auditing import archive

    monkeypatch.setattr(archive, "MOST_CALLS", 1)
    for at in range(2):
        make_call(bloom, state="ended", counterpart=f"+3161234000{at}")
    browser = sign_in(auditor)
    page = browser.get(f"/admin/evidence/?client={bloom.tenant.pk}")
    assert "Choose fewer days" in text(page) and "Download the archive" not in text(page)
    assert browser.get(f"/admin/evidence/download/?client={bloom.tenant.pk}").status_code == 302


def test_without_a_choice_it_is_today_and_the_first_client(bloom, harbor, auditor):
    with scope.for_auditor(auditor.auditor):
        period = PeriodForm({}).period()
    assert period and period.client == bloom.tenant and period.since == period.until
    assert ", until " in period.words


def test_periods_until_today_take_one_press(bloom, auditor, sign_in):
    period = today(bloom)
    assert [one.label for one in period.presets if one.is_chosen] == ["Today"]
    browser = sign_in(auditor)
    week = next(one for one in period.presets if one.label == "Last 7 days")
    page = browser.get(f"/admin/?{week.query}")
    assert (page.context["period"].until - page.context["period"].since).days == 6
    assert [one.label for one in page.context["period"].presets if one.is_chosen] == ["Last 7 days"]
    older = browser.get(f"/admin/?client={bloom.tenant.pk}&since=2026-01-01&until=2026-01-07").context["period"]
    assert not any(one.is_chosen for one in older.presets)


def test_the_answer_says_of_no_other_number_too(bloom, auditor, sign_in):
    make_call(bloom, state="ended", reported_line=bloom.number.e164)
    page = text(sign_in(auditor).get(f"/admin/questions/caller-id/?client={bloom.tenant.pk}"))
    assert "Left from another number 0" in page and "Not reported by VoiceDock yet 0" in page
    assert "The 1 call all of them" in page and "Evidence archive" in page
