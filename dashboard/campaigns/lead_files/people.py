"""The rows of a draft's file become its leads: all of them, in one transaction, in place of those before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from django.core.cache import cache
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from dashboard.campaigns.batches import batched
from dashboard.campaigns.lead_files import columns, table
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.lead_rows import Reader
from dashboard.campaigns.lead_files.table import Options, Table
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants import audit
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import User

SLICE = 1_000
PROGRESS_KEPT = 600  # seconds
ALREADY_SENT = "This campaign is being sent, so its people stay as they are."
NO_NUMBER = "Choose which column holds the numbers to call."
State = DraftLead.State
COLUMNS = ("line", "number", "name", "variables", "values", "consent", "state", "rule", "reason")
INSERT = """
    INSERT INTO campaigns_draftlead (tenant_id, draft_id, line, number, name, variables, "values", consent, state, rule,
      reason, rules_version, remote_id)
    SELECT %s, %s, (row->>0)::int, row->>1, row->>2, row->3, row->4, row->5, row->>6, row->>7, row->>8, '', ''
    FROM jsonb_array_elements(%s::jsonb) row
"""


class FileNotReplaced(ActionRefused):
    """The people of a draft that is sent stay as they are."""


@scope.requires_scope
def read(draft: CampaignDraft, *, by: User | None = None) -> None:
    """Rows in = ready + not read + duplicate. The leads before stay where the file is refused, or the draft sent.

    Raises `FileRefused` and `FileNotReplaced`. Running it twice changes nothing more.
    """
    file = CampaignFile.objects.select_for_update(of=("self",)).select_related("tenant").get(draft=draft)
    opened = of(file)
    found = _columns(file, opened)
    reader = Reader(
        file.tenant, draft.pk, opened.headers, found, file.country, file.repairs, corrections=file.corrections
    )
    DraftLead.objects.filter(draft=draft).delete()
    states, wrong = Counter[str](), Counter[str]()
    for leads in batched(reader.leads(opened.rows()), SLICE):
        insert(leads)
        states.update(str(lead.state) for lead in leads)
        wrong.update(lead.rule for lead in leads if lead.rule)
        cache.set(_key(file.pk), states.total(), PROGRESS_KEPT)
    file.rows, file.counts = states.total(), {"states": dict(states), "wrong": dict(wrong)}
    _keep(file, draft, states, by)


@scope.requires_scope
def insert(leads: Sequence[DraftLead]) -> None:
    """As one text of JSON: arrays of so many texts are most of the time in the driver. All are of one draft."""
    rows = [[getattr(lead, name) for name in COLUMNS] for lead in leads]
    with database.cursor() as cursor:
        cursor.execute(INSERT, [leads[0].tenant_id, leads[0].draft_id, json.dumps(rows, separators=(",", ":"))])


def of(file: CampaignFile) -> Table:
    """Its table, as the settings of the file say. Raises `FileRefused`."""
    options = Options(file.sheet, file.encoding, file.delimiter, file.header_rows)
    return table.opened(bytes(file.content), options)


def rows_read(file: CampaignFile) -> int:
    """How many rows of a reading that is under way are done; 0 where that is not known."""
    return int(cache.get(_key(file.pk)) or 0)


def _columns(file: CampaignFile, opened: Table) -> list[columns.Column]:
    if not columns.has_number(file.columns):
        raise FileRefused(NO_NUMBER, "columns")
    return columns.read(file.columns, len(opened.headers))


@scope.requires_scope
def changed(draft: CampaignDraft) -> None:
    """Note that its people are others than those whom its review shows, and of whom the rules were asked."""
    CampaignDraft.objects.filter(pk=draft.pk).update(version=F("version") + 1, checked_at=None)


def _keep(file: CampaignFile, draft: CampaignDraft, counts: Counter[str], by: User | None) -> None:
    """Written last: a draft that went to sending meanwhile keeps the leads that it had."""
    now = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.pk)
    if now.state not in CampaignDraft.WRITABLE:
        raise FileNotReplaced(ALREADY_SENT)
    file.read_at, file.problem = timezone.now(), ""
    file.save(update_fields=["rows", "counts", "read_at", "problem"])
    changed(now)
    cache.delete(_key(file.pk))
    audit.record(
        by,
        file.tenant,
        "campaign.file-read",
        draft,
        name=str(now),
        file=file.name,
        rows=file.rows,
        ready=counts[State.READY],
        not_read=counts[State.NOT_READ],
        duplicates=counts[State.DUPLICATE],
    )


def _key(file_id: int) -> str:
    return f"rows-of-campaign-file-{file_id}"
