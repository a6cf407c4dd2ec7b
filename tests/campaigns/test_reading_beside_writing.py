"""A worker reads the file of a draft for a minute: its page answers meanwhile, and nobody of another file is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database

from dashboard.campaigns.drafts import readiness
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from dashboard.campaigns.sending import begin
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.draft_factories import make_draft

pytestmark = pytest.mark.django_db(transaction=True)
LONGEST_WAIT = 8.0  # seconds


@pytest.fixture
def draft(operator):
    draft = make_draft(operator.tenant, operator.assistant, operator.user)
    with scope.for_tenant(operator.tenant):
        CampaignFile.objects.filter(draft=draft).update(rows=9_000, read_at=None)
    return draft


def read_until(draft: CampaignDraft, started: Event, ended: Event) -> bool:
    """As a worker has it in the middle of a reading. Returns whether it was ended in time."""
    try:
        with scope.for_tenant(draft.tenant_id):
            CampaignFile.objects.select_for_update(of=("self",)).get(draft=draft)
            DraftLead.objects.create(tenant_id=draft.tenant_id, draft=draft, line=999, number="+31613009999")
            started.set()
            return ended.wait(LONGEST_WAIT)
    finally:
        database.close()


def test_a_draft_whose_file_is_being_read_is_saved_but_neither_replaced_deleted_nor_sent(
    operator, draft, make_member, sign_in
):
    browser = sign_in(make_member(operator.tenant, Role.MANAGER))
    address = f"/c/{operator.tenant.slug}/campaigns/drafts/{draft.pk}/"
    started, ended = Event(), Event()
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(read_until, draft, started, ended)
        assert started.wait(LONGEST_WAIT)
        saved = browser.post(address, {"basics-name": "Spring", "basics-assistant": operator.assistant.pk})
        given = browser.post(
            f"{address}people/", {"part": "file", "file": SimpleUploadedFile("b.csv", b"naam;telefoon\nJan;0612345678")}
        )
        browser.post(f"{address}delete/")
        with pytest.raises(begin.SendingRefused) as refused:
            begin.begin(draft, operator.user)
        ended.set()
        assert reading.result(), "a request waited for the worker"
    assert saved.status_code == 303 and given.status_code == 409 and b"is being read" in given.content
    assert refused.value.message == readiness.STILL_READ
    with scope.for_tenant(operator.tenant):
        assert CampaignDraft.objects.get(pk=draft.pk).name == "Spring"
