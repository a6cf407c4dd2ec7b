"""When the retention of a closed client ends: what goes, what stays, and that it does not come back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from dashboard import voicedock
from dashboard.beat_schedule import SCHEDULE
from dashboard.calls.history import removal
from dashboard.calls.models import (
    Action,
    Call,
    CallPreset,
    CallReport,
    Phrase,
    PlannedCall,
    Receipt,
    SteeringLease,
    TransferTarget,
)
from dashboard.calls.transient import drafts
from dashboard.campaigns.models import Campaign, CampaignDoNotCallEntry, CampaignDraft, CampaignFile, DraftLead, Lead
from dashboard.clients import retention, suspension, tasks
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.webhooks import batches, deliveries
from dashboard.webhooks.models import Delivery
from tenants import slices, tenant_status
from tenants.access.permissions import Role, StaffRole
from tenants.audit import verification
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant, User
from tests.fixtures.call_factories import make_call, make_receipt, make_report

PERSON, WORDS = "+31612345678", "Marigold wants it on Tuesday"
REPORT = "end-of-call-report"
TABLES = (
    *("calls_call", "calls_callreport", "calls_receipt", "campaigns_lead", "webhooks_delivery"),
    *("calls_assistantdraft", "calls_assistantdraftversion", "calls_callpreset", "calls_plannedcall"),
    *("calls_phrase", "calls_action", "calls_transfertarget", "calls_callsearch", "contact_rules_donotcallentry"),
    *("campaigns_campaigndraft", "campaigns_campaignfile", "campaigns_draftlead", "campaigns_campaigndonotcallentry"),
)
STAYS = {  # tables of clients with texts of which nothing is removed
    "calls_alarmclearing": "why staff let a client call again after an alarm: part of the proof of the caller ID",
    "calls_calleridcorrection": "what VoiceDock reported of the caller ID: part of the proof",
    "calls_steeringlease": "a session's key, deleted with the personal data of its call",
    "campaigns_campaign": "a copy of what VoiceDock has; its people are leads",
    "campaigns_reportlink": "the hash of a link to figures, which works for some days and not for a closed client",
    "campaigns_campaignschedule": "on which days a campaign calls, and why not now: nothing of people",
    "connections_organizationrequest": "what staff ask of VoiceDock when they open a client",
    "connections_vendorrequest": "what staff ask of VoiceDock about connections",
    "live_updates_change": "kinds and ids of rows that changed",
    "notifications_sentnotification": "ids of what a mail was about",
    "tenants_auditentry": "entries of the audit trail cannot be changed",
    "tenants_invitation": "the people of the client, removed by accounts and not by this retention",
    "tenants_numberdedication": "the number and its name: part of the proof of the caller ID",
    "tenants_tenant": "the client itself",
    "tenants_visit": "why staff entered the client",
}


def with_old_calls(setup, calls=1):
    """Calls with everything personal in them, a lead, and what webhooks told."""
    made = []
    for nth in range(calls):
        call = make_call(
            setup,
            state="ended",
            ago=600 + nth,
            counterpart=PERSON,
            override_reason=WORDS,
            error=WORDS,
            overrides={"first_message": WORDS},
            preset_name=WORDS,
            assistant_override={"first_message": WORDS},
        )
        make_report(setup, call, summary=WORDS, messages=[{"role": "user", "content": WORDS}], analysis={"wish": WORDS},
                 recording_url=f"https://media.example/{WORDS.split()[0]}")  # fmt: skip
        make_receipt(setup, call, payload={"type": "say", "content": WORDS}, note=WORDS, remark=WORDS)
        with scope.for_system("a webhook was kept"):
            Delivery.objects.create(
                connection=setup.connection, body_hash=call.pk.bytes * 2, event=REPORT, call_id_sent=call.remote_id,
                payload={"customer": PERSON, "summary": WORDS}, outcome="applied",
            )  # fmt: skip
        made.append(call)
    with scope.for_tenant(setup.tenant):
        facts = {"configuration": {"first_message": WORDS}, "made_from": 0, "by": None}
        drafts.save(setup.tenant, None, name=WORDS, **facts)
        _save_texts(setup)
        campaign = Campaign.objects.create(
            tenant=setup.tenant,
            connection=setup.connection,
            remote_id=f"c-{setup.slug}",
            name="Recall",
            status="paused",
        )
        Lead.objects.create(tenant=setup.tenant, campaign=campaign, remote_id="lead-1", phone_number=PERSON,
                            variables={"name": WORDS}, status="completed")  # fmt: skip
        listed = {"number": PERSON, "source": "list", "note": WORDS}
        CampaignDoNotCallEntry.objects.create(tenant=setup.tenant, campaign=campaign, **listed)
    return made


def _save_texts(setup):
    """Everything that people of a client can save for its calls."""
    tenant, of_tenant = setup.tenant, {"tenant": setup.tenant, "name": WORDS}
    CallPreset.objects.create(
        **of_tenant, key="p", assistant_dedication=setup.assistant, changes={"first_message": WORDS}
    )
    Phrase.objects.create(tenant=tenant, text=WORDS)
    Action.objects.create(tenant=tenant, key=9, name="Say", command="say", text=WORDS)
    TransferTarget.objects.create(**of_tenant, destination=PERSON)
    DoNotCallEntry.objects.create(tenant=tenant, number=PERSON, source="by-hand", note=WORDS)
    planner = User.objects.create(name="Planner", email=f"planner-{setup.slug}@people.test")
    make_draft(setup, planner)
    at = timezone.now() - timedelta(days=60)
    PlannedCall.objects.create(
        tenant=tenant,
        connection=setup.connection,
        number_dedication=setup.number,
        assistant_dedication=setup.assistant,
        destination=PERSON,
        changes={"first_message": WORDS},
        due_at=at,
        latest_at=at + timedelta(hours=1),
        try_at=at,
        zone="Europe/Amsterdam",
        state=PlannedCall.State.CANCELLED,
        planned_by=planner,
    )


def make_draft(setup, by, **more):
    """A campaign draft with its file and a person. Inside a scope of the client."""
    tenant = setup.tenant
    draft = CampaignDraft.objects.create(tenant=tenant, name=WORDS, template=WORDS, created_by=by, **more)
    CampaignFile.objects.create(
        tenant=tenant, draft=draft, name=WORDS, size=9, content=b"name", headers=[WORDS], added_by=by
    )
    DraftLead.objects.create(tenant=tenant, draft=draft, line=2, number=PERSON, variables={"name": WORDS})
    return draft


def closed(setup, admin, days_ago, days=30):
    with scope.for_tenant(setup.tenant):
        tenant_status.change_retention(setup.tenant, days, by=admin)
    suspension.close(setup.tenant, by=admin, reason="Went elsewhere")
    with scope.for_system("time goes by"):
        Tenant.objects.filter(pk=setup.tenant.pk).update(closed_at=timezone.now() - timedelta(days=days_ago))


def personal():
    """In which tables the person can still be found."""
    found = []
    with scope.for_system("look"), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            text = str(cursor.fetchall()).lower()
            if PERSON.lstrip("+") in text or WORDS.split()[0].lower() in text:
                found.append(table)
    return found


def now(setup):
    with scope.for_system("look"):
        return Tenant.objects.get(pk=setup.tenant.pk)


def entries(setup, action):
    with scope.for_system("look"):
        return list(AuditEntry.objects.filter(tenant=setup.tenant, action=action))


def test_nothing_goes_before_its_time_or_of_a_client_that_is_not_closed(bloom, admin):
    with_old_calls(bloom)
    with scope.for_tenant(bloom.tenant):
        tenant_status.change_retention(bloom.tenant, 0, by=admin)
    assert retention.run() == 0 and personal() == list(TABLES)
    closed(bloom, admin, days_ago=29)
    assert retention.run() == 0 and personal() == list(TABLES)
    assert "remove_expired_data" in SCHEDULE["end retention"]["task"]


def test_the_personal_data_goes_and_what_proves_the_caller_id_stays(bloom, harbor, admin, capsys):
    (call,), (other,) = with_old_calls(bloom), with_old_calls(harbor)
    configuration = {"first_message": WORDS}
    more = {"mode": "transient", "assistant_dedication": None, "assistant_configuration": configuration}
    one_time = make_call(bloom, state="ended", ago=900, **more)
    closed(bloom, admin, days_ago=31)
    tasks.remove_expired_data()
    with scope.for_system("look"):
        kept = Call.objects.get(pk=call.pk)
        assert (kept.counterpart, kept.error, kept.overrides, kept.assistant_override) == ("", "", {}, {})
        assert not CallReport.objects.filter(call=call).exists()
        assert Receipt.objects.get(call=call).payload == {} and Receipt.objects.get(call=call).outcome == "accepted"
        assert not Delivery.objects.filter(call_id_sent=call.remote_id).exists()
        assert Lead.objects.filter(tenant=bloom.tenant, phone_number="", variables={}, status="completed").exists()
        kept_once = Call.objects.get(pk=one_time.pk)
        assert (kept_once.counterpart, kept_once.assistant_configuration, kept_once.mode) == ("", {}, "transient")
        same = ("line", "number_dedication_id", "assistant_dedication_id", "requested_by_id", "created_at", "remote_id")
        assert all(getattr(kept, name) == getattr(call, name) for name in same)
        assert Call.objects.get(pk=other.pk).counterpart == PERSON, "another client's is left alone"
        assert Delivery.objects.filter(call_id_sent=other.remote_id).exists()
        assert list(verification.verify()) == []
    assert now(bloom).data_is_removed and not now(harbor).data_removed_at
    (entry,) = entries(bloom, "tenant.data-removed")
    assert json.loads(entry.body)["details"] == {"name": "Bloom Dental", "days": 30, "calls": 2, "leads": 1}
    call_command("verify_audit")
    capsys.readouterr()


def test_every_table_of_a_client_with_typed_texts_is_removed_or_stays_for_a_reason():
    with_texts = set()
    for model in apps.get_models():
        columns = model._meta.concrete_fields
        is_of_client = model is Tenant or any(column.related_model is Tenant for column in columns)
        texts = (models.CharField, models.TextField, models.JSONField)
        if is_of_client and any(isinstance(column, texts) and not column.choices for column in columns):
            with_texts.add(model._meta.db_table)
    removed = set(TABLES) - {"webhooks_delivery"}  # of a connection, found by its call
    assert with_texts == removed | STAYS.keys() and not removed & STAYS.keys()


def test_who_steered_a_call_goes_with_its_personal_data(bloom, harbor, admin):
    calls = [*with_old_calls(bloom), *with_old_calls(harbor)]
    with scope.for_system("they were steered"):
        facts = {"holder": admin, "until": timezone.now()}
        SteeringLease.objects.bulk_create([SteeringLease(call=call, tenant=call.tenant, **facts) for call in calls])
    closed(bloom, admin, days_ago=31)
    assert retention.run() == 1
    with scope.for_system("look"):
        assert [lease.call for lease in SteeringLease.objects.all()] == calls[1:]


def test_a_second_time_changes_nothing(bloom, admin):
    with_old_calls(bloom)
    closed(bloom, admin, days_ago=31)
    assert (retention.run(), retention.run()) == (1, 0)
    assert personal() == [] and len(entries(bloom, "tenant.data-removed")) == 1


def test_it_goes_in_small_steps_and_on_where_it_stopped(bloom, admin, monkeypatch):
    with_old_calls(bloom, calls=7)
    closed(bloom, admin, days_ago=31)
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(slices, "AIM", 1000.0)  # however slow this machine is, a step takes as many
    steps = []
    real = removal.remove_personal_data

    def step(*args):
        if len(steps) == 2:
            raise InterruptedError
        steps.append(real(*args).count)
        return removal.Removed(steps[-1], [], set(), None)

    with monkeypatch.context() as patch:
        patch.setattr(removal, "remove_personal_data", step)
        with pytest.raises(InterruptedError):
            retention.run()
    with scope.for_system("look"):
        assert Call.objects.filter(data_removed_at=None).count() == 3
    assert not now(bloom).data_removed_at and not entries(bloom, "tenant.data-removed")
    assert retention.run() == 1
    with scope.for_system("look"):
        assert not Call.objects.filter(data_removed_at=None).exists()
    assert json.loads(entries(bloom, "tenant.data-removed")[0].body)["details"]["calls"] == 7


def test_a_call_that_is_not_over_is_waited_for(bloom, admin):
    live = make_call(bloom, counterpart=PERSON)
    closed(bloom, admin, days_ago=1, days=0)
    assert retention.run() == 0 and not now(bloom).data_removed_at
    with scope.for_tenant(bloom.tenant):
        Call.objects.filter(pk=live.pk).update(state="ended", finished=True)
    assert retention.run() == 1 and personal() == []


def test_reopened_in_time_it_keeps_everything_and_reopened_late_it_says_so(bloom, harbor, admin, sign_in, support):
    for setup in (bloom, harbor):
        with_old_calls(setup)
        closed(setup, admin, days_ago=31)
    suspension.reopen(bloom.tenant, by=admin, reason="Came back")
    assert retention.run() == 1 and personal() == list(TABLES)
    suspension.reopen(harbor.tenant, by=admin, reason="Came back")
    assert not now(harbor).data_is_removed
    page = sign_in(support).get("/clients/harbor-logistics/").content.decode()
    assert "Personal data of calls was removed on" in page and "It does not come back." in page
    assert "was removed on" not in sign_in(support).get("/clients/bloom-dental/").content.decode()


def test_every_page_still_opens_on_what_is_left(bloom, admin, make_member, sign_in, auditor):
    (call,) = with_old_calls(bloom)
    closed(bloom, admin, days_ago=31)
    retention.run()
    reader = sign_in(auditor)
    for admin_list in ("calls/call", "calls/receipt", "campaigns/lead", "tenants/tenant"):
        assert reader.get(f"/admin/{admin_list}/").status_code == 200
    assert reader.get(f"/admin/calls/call/{call.pk}/change/").status_code == 200
    suspension.reopen(bloom.tenant, by=admin, reason="Came back")
    with scope.for_tenant(bloom.tenant):
        campaign = Campaign.objects.get().pk
    owner = sign_in(make_member(bloom, Role.OWNER))
    pages = ("calls/", "caller-id/", "caller-id.csv", "calls/export.csv", f"calls/{call.pk}/", f"campaigns/{campaign}/")
    for page in ("", *pages):
        answer = owner.get(f"/c/bloom-dental/{page}")
        assert answer.status_code == 200, page
        assert PERSON.encode() not in answer.getvalue() and WORDS.encode() not in answer.getvalue(), page


def test_what_voicedock_tells_afterwards_is_not_taken_in(operator, admin):
    call = operator.place_answered()
    suspension.close(operator.tenant, by=admin, reason="Went elsewhere", end_calls=True)
    operator.run_due_work()
    operator.sandbox.advance(30)
    operator.read_calls()
    with scope.for_system("time goes by"):
        known = Call.objects.get(pk=call.pk)
        assert known.finished and known.counterpart
        Tenant.objects.filter(pk=operator.tenant.pk).update(closed_at=timezone.now() - timedelta(days=400))
    assert retention.run() == 1
    remote = operator.sandbox.state.calls[known.remote_id]
    remote.summary, remote.updated_at = WORDS, remote.updated_at + 60
    operator.read_calls()
    with scope.for_system("look"):
        assert (Call.objects.get(pk=call.pk).counterpart, CallReport.objects.count()) == ("", 0)
    operator.sandbox.state.calls["call-_late"] = replace(remote, id="call-_late")  # another one, found only now
    operator.read_calls()
    with scope.for_system("look"):
        late = Call.objects.get(remote_id="call-_late")
        assert (late.counterpart, late.tenant_id) == ("", operator.tenant.pk) and late.data_removed_at
        assert CallReport.objects.count() == 0


@pytest.mark.parametrize("apply", [deliveries.apply, lambda pk: batches.apply_next()], ids=["alone", "in a batch"])
def test_a_late_webhook_is_not_kept(bloom, admin, apply):
    (call,) = with_old_calls(bloom)
    closed(bloom, admin, days_ago=31)
    retention.run()
    payload = dict.fromkeys(voicedock.WebhookEvent.__dataclass_fields__) | {
        "messages": [["user", WORDS]],
        "summary": WORDS,
    }
    payload |= {"type": REPORT, "call_id": call.remote_id, "call_type": "outboundPhoneCall", "status": "ended"}
    with scope.for_system("a webhook comes late"):
        late = Delivery.objects.create(
            connection=bloom.connection, body_hash=b"l" * 32, event=REPORT, call_id_sent=call.remote_id,
            payload=payload | {"customer": PERSON},
        )  # fmt: skip
    apply(late.pk)
    assert personal() == []


def test_staff_say_how_long_on_the_clients_page(bloom, admin, sign_in, support, make_staff, make_member, settings):
    browser = sign_in(admin)
    page = browser.get("/clients/bloom-dental/").content.decode()
    assert sign_in(support).post("/clients/bloom-dental/retention/", {"retention_days": "1"}).status_code == 403
    assert re.search(r"Personal data is kept</small>\s*<b>365 days after closing</b>", page)
    assert browser.post("/clients/bloom-dental/retention/", {"retention_days": "90"}).status_code == 302
    assert now(bloom).retention_days == 90
    for wrong in ("-1", "3651", "", "many"):
        answer = browser.post("/clients/bloom-dental/retention/", {"retention_days": wrong})
        assert answer.status_code == 422 and 'id="setting-retention_days" open' in answer.content.decode()
    finance = sign_in(make_staff(StaffRole.FINANCE))
    assert finance.post("/clients/bloom-dental/retention/", {"retention_days": "1"}).status_code == 403
    story = sign_in(make_member(bloom, Role.OWNER)).get("/c/bloom-dental/activity/").content.decode()
    assert "set that personal data of calls is kept 90 days after closing." in story
    (call,) = with_old_calls(bloom)
    closed(bloom, admin, days_ago=91, days=90)
    assert "kept until its retention ends" in browser.get("/clients/bloom-dental/").content.decode()
    retention.run()
    page = browser.get("/clients/bloom-dental/").content.decode()
    assert "Personal data of calls was removed on" in page and 'id="retention"' not in page
    assert browser.post("/clients/bloom-dental/retention/", {"retention_days": "9"}).status_code == 409
    suspension.reopen(bloom.tenant, by=admin, reason="Came back")
    shown = sign_in(make_member(bloom, Role.OWNER)).get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    assert "The personal data of this call was removed" in shown and WORDS not in shown
