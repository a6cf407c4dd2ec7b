"""Mails that people choose: each subject once, to those who may read of it, with nothing personal in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from dashboard.calls.models import Alarm, PlannedCall, State
from dashboard.campaigns import pauses
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.notifications import mails, subjects
from dashboard.notifications.models import SentNotification
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import MailKind, Membership, Tenant
from tests.fixtures.call_factories import make_call

NOTIFICATIONS = "/accounts/notifications/"
PERSON = "+31612349876"


@pytest.fixture
def member(bloom, make_member):
    """Somebody with a role who chose these kinds of mail."""

    def make(role: Role = Role.MANAGER, *kinds: MailKind):
        return make_member(bloom, role, mails=[kind.value for kind in kinds or MailKind])

    return make


def asking(setup, minutes: float = 5, alarm: Alarm = Alarm.NOT_CERTAIN):
    call = make_call(setup, counterpart=PERSON, state=State.NEEDS_PERSON)
    with scope.for_system("an alarm"):
        type(call).objects.filter(pk=call.pk).update(alarm=alarm, alarm_at=timezone.now() - timedelta(minutes=minutes))
    return call


def campaign(setup, **facts):
    facts = {"name": "Spring check-ups", "status": "scheduled", "total_leads": 40} | facts
    with scope.for_tenant(setup.tenant):
        return Campaign.objects.create(
            tenant=setup.tenant, connection=setup.connection, remote_id=facts["name"], **facts
        )


def test_a_call_that_needs_a_person_is_mailed_once(bloom, member, mailoutbox):
    someone, call = member(), asking(bloom)
    mails.send_due()
    mails.send_due()
    (mail,) = mailoutbox
    assert mail.to == [someone.email] and "A call needs a person" in mail.subject and bloom.tenant.name in mail.subject
    assert f"/c/{bloom.tenant.slug}/calls/{call.pk}/" in mail.body and "#notifications" in mail.body
    assert PERSON not in mail.body + mail.subject


def test_a_planned_call_that_was_not_placed_is_mailed_once(bloom, member, mailoutbox):
    someone, due_at = member(), timezone.now() - timedelta(hours=1)
    with scope.for_tenant(bloom.tenant):
        PlannedCall.objects.create(
            tenant=bloom.tenant,
            connection=bloom.connection,
            number_dedication=bloom.number,
            assistant_dedication=bloom.assistant,
            destination=PERSON,
            due_at=due_at,
            try_at=due_at,
            latest_at=due_at + timedelta(minutes=15),
            zone="Europe/Amsterdam",
            planned_by=someone,
            state=PlannedCall.State.MISSED,
            state_at=due_at + timedelta(minutes=15),
        )
    mails.send_due()
    mails.send_due()
    (mail,) = mailoutbox
    assert subjects.NOT_PLACED in mail.body and f"/c/{bloom.tenant.slug}/calls/planned/" in mail.body
    assert PERSON not in mail.body


def test_one_mail_holds_all_that_is_new(bloom, member, mailoutbox):
    member()
    calls = [asking(bloom), asking(bloom)]
    mails.send_due()
    (mail,) = mailoutbox
    assert all(str(call.pk) in mail.body for call in calls)
    later = asking(bloom)
    mails.send_due()
    assert len(mailoutbox) == 2 and str(later.pk) in mailoutbox[1].body and str(calls[0].pk) not in mailoutbox[1].body


@pytest.mark.parametrize(("minutes", "mailed"), [(0.5, 0), (2, 1), (60 * 25, 0)])
def test_whoever_watches_a_call_has_a_minute_and_old_ones_are_left(bloom, member, mailoutbox, minutes, mailed):
    member()
    asking(bloom, minutes)
    mails.send_due()
    assert len(mailoutbox) == mailed


def test_what_is_new_is_mailed_however_many_older_ones_stand(bloom, member, mailoutbox, monkeypatch):
    monkeypatch.setattr(subjects, "MOST", 2)
    member()
    asking(bloom, 9)
    asking(bloom, 8)
    mails.send_due()
    later = asking(bloom, 2)
    mails.send_due()
    assert len(mailoutbox) == 2 and str(later.pk) in mailoutbox[1].body


def test_somebody_who_is_removed_meanwhile_gets_nothing_and_stops_nobody(bloom, member, mailoutbox, monkeypatch):
    gone, stays = member(), member()
    asking(bloom)
    of_kind = subjects.OF_KIND[MailKind.NEEDS_PERSON]

    def removed_meanwhile(tenant):
        Membership.objects.filter(user=gone).delete()
        return of_kind(tenant)

    monkeypatch.setitem(subjects.OF_KIND, MailKind.NEEDS_PERSON, removed_meanwhile)
    mails.send_due()
    assert [mail.to for mail in mailoutbox] == [[stays.email]]


def test_only_those_who_chose_it_may_read_it_and_are_there_get_it(bloom, harbor, member, make_member, mailoutbox):
    member(Role.MANAGER, MailKind.CAMPAIGN)
    member(Role.VIEWER)  # may not settle it
    gone = member()
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    make_member(harbor, Role.OWNER, mails=[kind.value for kind in MailKind])
    asking(bloom)
    mails.send_due()
    assert not mailoutbox
    operator = member(Role.OPERATOR)
    mails.send_due()
    assert [mail.to for mail in mailoutbox] == [[operator.email]]


def test_a_client_that_is_suspended_mails_nobody(bloom, member, mailoutbox):
    member()
    asking(bloom)
    with scope.for_system("suspend"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(status=Tenant.Status.SUSPENDED)
    mails.send_due()
    assert not mailoutbox


@pytest.mark.django_db(transaction=True)
def test_two_workers_mail_it_once(bloom, member, mailoutbox):
    member()
    asking(bloom)

    def work(_: int) -> int:
        try:
            return mails.send_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 1
    assert len(mailoutbox) == 1


def test_call_backs_are_mailed_once_a_day_from_noon_on_the_clients_clock(bloom, member, mailoutbox, monkeypatch):
    member()
    call = make_call(bloom, counterpart=PERSON, state=State.ENDED)
    with scope.for_system("asked to be called back"):
        type(call).objects.filter(pk=call.pk).update(analysis_outcome="call_back")
    local = timezone.now().astimezone(bloom.tenant.zone)
    monkeypatch.setattr(timezone, "now", lambda: local.replace(hour=11, minute=59))
    mails.send_due()
    assert not mailoutbox
    monkeypatch.setattr(timezone, "now", lambda: local.replace(hour=12, minute=1))
    mails.send_due()
    mails.send_due()
    (mail,) = mailoutbox
    assert "1 person asked to be called back and was not called since" in mail.body and PERSON not in mail.body
    assert "outcome=call_back" in mail.body


def test_nobody_to_call_back_is_no_mail(bloom, member, mailoutbox, monkeypatch):
    member()
    monkeypatch.setattr(subjects, "AT", timezone.now().astimezone(bloom.tenant.zone).time().replace(hour=0, minute=0))
    mails.send_due()
    assert not mailoutbox


def test_a_campaign_that_completes_and_one_that_is_paused_are_mailed_with_the_reason(bloom, member, mailoutbox):
    member(Role.VIEWER)
    campaign(bloom, name="Done", status="completed", counted_at=timezone.now(), completed_leads=38, failed_leads=2)
    campaign(bloom, name="Old", status="completed", counted_at=timezone.now() - timedelta(days=3))
    campaign(bloom, name="Running")
    stops = campaign(bloom, name="Stops")
    assert pauses.require(stops, PauseCause.MOVED)
    with scope.for_system("VoiceDock shows it as paused before the mails are due"):
        Campaign.objects.filter(pk=stops.pk).update(status="paused")
    pauses.settle()
    mails.send_due()
    mails.send_due()
    (mail,) = mailoutbox
    assert "38 of 40 people done, 2 failed" in mail.body
    assert f"Stops was paused: {PauseCause.MOVED.label}." in mail.body
    assert "Old" not in mail.body and "Running" not in mail.body


def test_a_pause_that_is_over_is_not_mailed(bloom, member, mailoutbox):
    """It completed meanwhile, or went on at VoiceDock long ago."""
    member(Role.VIEWER)
    now, facts = timezone.now(), {"counted_at": timezone.now(), "pause_cause": PauseCause.MOVED}
    campaign(bloom, name="Done", status="completed", auto_paused_at=now, **facts)
    campaign(bloom, name="Went on", auto_paused_at=now - timedelta(days=9), **facts)
    mails.send_due()
    (mail,) = mailoutbox
    assert "Done is completed" in mail.body and "paused" not in mail.body and "Went on" not in mail.body


def test_what_was_mailed_is_forgotten_after_the_time_in_which_it_could_repeat(bloom, member):
    someone = member()
    with scope.for_tenant(bloom.tenant):
        for key, days in (("old", 91), ("young", 80)):
            sent = SentNotification.objects.create(tenant=bloom.tenant, user=someone, kind="campaign", subject=key)
            SentNotification.objects.filter(pk=sent.pk).update(at=timezone.now() - timedelta(days=days))
    assert mails.prune() == 1


def test_a_person_chooses_on_the_account_page(bloom, make_member, sign_in):
    owner = make_member(bloom, Role.OWNER)
    browser, name = sign_in(owner), f"{bloom.tenant.pk}-{MailKind.CALL_BACK}"
    assert f'name="{name}"' in browser.get("/account/").content.decode()
    answer = browser.post(NOTIFICATIONS, {name: "on"}, follow=True)
    assert answer.redirect_chain == [("/account/#notifications", 302)] and "Saved." in answer.content.decode()
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(user=owner).mails == [MailKind.CALL_BACK]
    assert "Nothing was different" in browser.post(NOTIFICATIONS, {name: "on"}, follow=True).content.decode()
    browser.post(NOTIFICATIONS, {})
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(user=owner).mails == []


def test_each_choice_is_a_row_with_its_own_words_and_what_always_comes_cannot_be_switched_off(
    bloom, make_member, sign_in
):
    page = sign_in(make_member(bloom, Role.OWNER)).get("/account/").content.decode()
    table = page.split('<table class="mail-choices">')[1].split("</table>")[0]
    for kind in MailKind:
        box = f"{bloom.tenant.pk}-{kind}"
        assert f'<label for="id_{box}">' in table and f'aria-describedby="id_{box}_helptext"' in table
        assert f'id="id_{box}_helptext"' in table
    assert table.count("disabled") == 1 and "rowgroup" not in table, "one client needs no heading"


def test_a_role_is_offered_what_it_may_read(bloom, make_member, sign_in):
    page = sign_in(make_member(bloom, Role.VIEWER)).get("/account/").content.decode()
    assert f"{bloom.tenant.pk}-{MailKind.CAMPAIGN}" in page and f"{bloom.tenant.pk}-{MailKind.NEEDS_PERSON}" not in page


def test_nobody_chooses_for_another_client(bloom, harbor, make_member, sign_in):
    owner = make_member(bloom, Role.OWNER)
    sign_in(owner).post(NOTIFICATIONS, {f"{harbor.tenant.pk}-{MailKind.CAMPAIGN}": "on"})
    with scope.for_system("look"):
        assert not Membership.objects.exclude(mails=[]).exists()
