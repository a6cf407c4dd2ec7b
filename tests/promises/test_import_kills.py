"""A worker that reads the file of a draft dies at any of its steps, as by kill -9: no row is lost, none is there twice.

Each worker is a process of its own, which ends itself before or after a statement or a commit.
"""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import Any

import pytest
from django.db import connection, connections

from dashboard.campaigns.lead_files import people, uploads, waiting
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.promises import scale

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, SLICE = 24, 4  # of each file, and how many are written at once
Rows = list[tuple[int, str, str]]


@pytest.fixture
def draft(bloom: Any, make_member: Any, monkeypatch: pytest.MonkeyPatch) -> CampaignDraft:
    monkeypatch.setattr(people, "SLICE", SLICE)
    monkeypatch.setattr(uploads, "AT_ONCE", 0)
    writer = make_member(bloom, Role.MANAGER)
    with scope.for_tenant(bloom.tenant):
        return CampaignDraft.objects.create(tenant=bloom.tenant, created_by=writer)


def give(draft: CampaignDraft, nth: int) -> Rows:
    """Another file with other numbers, which waits to be read; what its rows have to become."""
    numbers = [f"+3161234{nth % 100:02}{row:02}" for row in range(ROWS)]
    prepared = uploads.prepare("x.csv", "\n".join(["telefoon", *numbers, "onbekend", numbers[0]]).encode(), Options())
    with scope.for_tenant(draft.tenant_id):
        draft = CampaignDraft.objects.select_related("tenant", "created_by").get(pk=draft.pk)
        uploads.read_or_wait(draft, uploads.keep(draft, prepared, by=draft.created_by), by=draft.created_by)
    rows = [(line, number, "ready") for line, number in enumerate(numbers, 2)]
    return [*rows, (ROWS + 2, "", "not-read"), (ROWS + 3, numbers[0], "duplicate")]


def rows_of(draft: CampaignDraft) -> tuple[Rows, bool]:
    """The leads as they are, and whether the file is read."""
    with scope.for_tenant(draft.tenant_id):
        found = DraftLead.objects.filter(draft=draft).order_by("line").values_list("line", "number", "state")
        return list(found), not CampaignFile.objects.filter(draft=draft, read_at=None).exists()


def dies(at: int) -> bool:
    """A worker reads what waits, and is killed at this step, if it comes so far."""
    connections.close_all()  # or its end would end the session of this process
    worker = os.fork()
    if worker == 0:
        try:
            _work(at)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(worker, 0)[1])


def _work(at: int) -> None:
    steps = count(1)

    def step() -> None:
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        step()
        answer = execute(sql, params, many, context)
        step()
        return answer

    commit = connection._commit

    def committed() -> None:
        step()
        commit()
        step()

    connection._commit = committed  # type: ignore[method-assign]
    with connection.execute_wrapper(around):
        waiting.read_next()


@pytest.mark.smoke
def test_a_reading_that_is_killed_anywhere_leaves_all_rows_of_one_file_and_begins_again(draft):
    kills, files, at = 0, 1, 0
    before: Rows = []
    after = give(draft, files)
    while kills < scale.IMPORT_KILLS:
        at += 1
        kills += (was_killed := dies(at))
        found, is_read = rows_of(draft)
        assert found == (after if is_read else before), f"killed at step {at}"
        if not was_killed or is_read:
            assert is_read and at > 2 * ROWS // SLICE, "all of its statements are steps"
            files, at = files + 1, 0
            before, after = after, give(draft, files)
    waiting.read_next()
    assert rows_of(draft) == (after, True)
    with scope.for_tenant(draft.tenant_id):
        assert AuditEntry.objects.filter(action="campaign.file-read").count() == files, "each reading is told once"
