"""Campaign drafts with people are removed when nobody has changed them for the client's retention."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.campaigns.drafts import expiry
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignFile, DraftLead
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant

pytestmark = pytest.mark.django_db
SENDING, SENT = CampaignDraft.State.SENDING, CampaignDraft.State.SENT


@pytest.fixture
def make_draft(make_member):
    def make(setup, days, *, people=1, with_file=True, **more):
        by = make_member(setup, Role.MANAGER)
        then = timezone.now() - timedelta(days=days)
        facts = {"tenant": setup.tenant, "created_by": by, "assistant_dedication": setup.assistant}
        with scope.for_tenant(setup.tenant):
            draft = CampaignDraft.objects.create(name="Recall", changed_at=then, **facts, **more)
            if with_file:
                CampaignFile.objects.create(
                    tenant=setup.tenant, draft=draft, name="people.csv", size=1, content=b"x", added_by=by
                )
                CampaignFile.objects.filter(draft=draft).update(added_at=then)
            for nth in range(people):
                DraftLead.objects.create(tenant=setup.tenant, draft=draft, line=nth + 2, number=f"+3161234567{nth}")
        return draft

    return make


def keep_for(setup, days):
    with scope.for_system("a setting"):
        Tenant.objects.filter(pk=setup.tenant.pk).update(retention_days=days)


def left():
    with scope.for_system("look"):
        return set(CampaignDraft.objects.values_list("pk", flat=True))


def test_a_draft_with_people_goes_once_nobody_changed_it_for_the_retention(bloom, harbor, make_draft):
    keep_for(bloom, 90)
    old, young = make_draft(bloom, 91, people=2), make_draft(bloom, 89)
    other = make_draft(harbor, 91)  # of a client that keeps it for a year
    empty = make_draft(bloom, 400, people=0, with_file=False)
    assert expiry.run() == 1
    assert left() == {young.pk, other.pk, empty.pk}
    with scope.for_system("look"):
        assert not DraftLead.objects.filter(draft=old.pk).exists()
        assert not CampaignFile.objects.filter(draft=old.pk).exists()
        entry = AuditEntry.objects.get(action="campaign.draft-expired")
        assert sentence(entry) == (
            "The campaign draft Recall with 2 people was removed: nobody has changed it for 90 days."
        )
    assert expiry.run() == 0


def test_a_retention_of_nothing_does_not_take_the_work_of_yesterday(bloom, make_draft):
    keep_for(bloom, 0)
    young, old = make_draft(bloom, 29), make_draft(bloom, 31)
    assert expiry.run() == 1
    assert left() == {young.pk} and old.pk not in left()


def test_what_is_being_sent_or_called_stays_and_a_new_file_counts_as_a_change(bloom, make_draft):
    keep_for(bloom, 30)
    sending, sent = make_draft(bloom, 99, state=SENDING), make_draft(bloom, 99, state=SENT)
    renewed, over = make_draft(bloom, 99), make_draft(bloom, 99, state=SENT)
    with scope.for_tenant(bloom.tenant):
        CampaignFile.objects.filter(draft=renewed).update(added_at=timezone.now())
        for draft, status in ((sent, "scheduled"), (over, "completed")):
            facts = {"tenant": bloom.tenant, "connection": bloom.connection, "name": "Recall"}
            campaign = Campaign.objects.create(remote_id=f"c-{draft.pk}", status=status, **facts)
            CampaignDraft.objects.filter(pk=draft.pk).update(campaign=campaign)
    assert expiry.run() == 1
    assert left() == {sending.pk, sent.pk, renewed.pk}
