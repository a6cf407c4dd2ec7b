"""The rows of a draft's file become its leads: all of them, in one transaction, in place of those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

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


class FileNotReplaced(ActionRefused):
    """The people of a draft that is sent stay as they are."""


@scope.requires_scope
def read(draft: CampaignDraft, *, by: User | None = None) -> None:
    """Rows in = ready + not read + duplicate. The leads before stay where the file is refused, or the draft sent.

    Raises `FileRefused` and `FileNotReplaced`. Running it twice changes nothing more.
    """
    file = CampaignFile.objects.select_for_update(of=("self",)).select_related("tenant").get(draft=draft)
    opened = of(file)
    reader = Reader(file.tenant, draft.pk, opened.headers, _columns(file, opened), file.country, file.repairs)
    DraftLead.objects.filter(draft=draft).delete()
    states, wrong = Counter[str](), Counter[str]()
    for leads in _slices(reader.leads(opened.rows())):
        DraftLead.objects.bulk_create(leads)
        states.update(str(lead.state) for lead in leads)
        wrong.update(lead.rule for lead in leads if lead.rule)
        cache.set(_key(file.pk), states.total(), PROGRESS_KEPT)
    file.rows, file.counts = states.total(), {"states": dict(states), "wrong": dict(wrong)}
    _keep(file, draft, states, by)


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


def _slices(leads: Iterator[DraftLead]) -> Iterable[list[DraftLead]]:
    while part := list(islice(leads, SLICE)):
        yield part


def _keep(file: CampaignFile, draft: CampaignDraft, counts: Counter[str], by: User | None) -> None:
    """Written last: a draft that went to sending meanwhile keeps the leads that it had."""
    now = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.pk)
    if now.state not in CampaignDraft.WRITABLE:
        raise FileNotReplaced(ALREADY_SENT)
    file.read_at, file.problem = timezone.now(), ""
    file.save(update_fields=["rows", "counts", "read_at", "problem"])
    CampaignDraft.objects.filter(pk=now.pk).update(version=F("version") + 1)  # who reads its review has seen others
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
