"""A draft gets a file, or another way to read the one that it has: looked through first, then kept and read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from dashboard.campaigns.lead_files import columns, people, table
from dashboard.campaigns.lead_files.columns import Column
from dashboard.campaigns.lead_files.table import Options, Table
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

AT_ONCE = 5_000  # rows that are read while the person waits
SAMPLE = 5  # rows that are shown
LONGEST_SHOWN = 200  # characters of a cell that is shown
LONGEST_NAME = 200
STILL_READ = "The file of this draft is being read. Wait until that is done, then choose again."
CHANGED = "Somebody changed the file of this draft meanwhile. This is how it is now."


@dataclass(frozen=True)
class Prepared:
    """A file that was read once from its first row to its last, so that nothing of it is refused later."""

    name: str
    table: Table
    rows: int


@dataclass(frozen=True)
class Columns:
    """How the columns of a file are read, and the draft from which that is known."""

    found: list[Column]
    country: str
    repairs: Collection[str] = ()
    known_from: str = ""
    corrections: Mapping[str, str] = field(default_factory=dict)


def prepare(name: str, content: bytes, options: Options) -> Prepared:
    """Raises `FileRefused`. Takes as long as reading the file does; no scope is needed."""
    opened = table.opened(content, options)
    return Prepared(name, opened, sum(1 for _ in opened.rows()))


@scope.requires_scope
def keep(
    draft: CampaignDraft,
    prepared: Prepared,
    *,
    by: User,
    chosen: Columns | None = None,
    changes: CampaignFile | None = None,
) -> CampaignFile:
    """The file of the draft from now on, not read yet. Its columns as `chosen`, as in an earlier file, or guessed.

    `changes` is the file that is read in another way. Raises `people.FileNotReplaced`.
    """
    now = locked(draft, changes)
    chosen = chosen or remembered(now, prepared.table.headers) or guessed(now.tenant, prepared.table)
    options = prepared.table.options
    file, _ = CampaignFile.objects.update_or_create(
        draft=now,
        defaults={
            "tenant_id": now.tenant_id,
            "name": prepared.name[:LONGEST_NAME],
            "size": len(prepared.table.content),
            "content": prepared.table.content,
            "sheet": options.sheet,
            "sheets": prepared.table.sheets,
            "encoding": options.encoding,
            "delimiter": options.delimiter or "",
            "header_rows": options.header_rows or 0,
            "headers": prepared.table.headers,
            "columns": columns.stored(chosen.found),
            "columns_from": chosen.known_from,
            "country": chosen.country,
            "repairs": list(chosen.repairs),
            "corrections": chosen.corrections,
            "sample": [
                [row.line, [cell[:LONGEST_SHOWN] for cell in row.cells]] for row in prepared.table.head[:SAMPLE]
            ],
            "rows": prepared.rows,
            "asked_at": timezone.now(),
            "read_at": None,
            "problem": "",
            "added_by": by,
            "added_at": timezone.now(),
        },
    )
    return file


@scope.requires_scope
def change_columns(draft: CampaignDraft, file: CampaignFile, chosen: Columns) -> None:
    """The columns of a file that stays; it is read anew after this. Raises `people.FileNotReplaced`.

    Numbers that were typed stay as long as the numbers are in the same column.
    """
    locked(draft, file)
    if columns.place_of_number(columns.read(file.columns, len(file.headers))) != columns.place_of_number(chosen.found):
        file.corrections = {}
    file.columns, file.country, file.repairs = columns.stored(chosen.found), chosen.country, list(chosen.repairs)
    file.columns_from, file.asked_at, file.read_at, file.problem = "", timezone.now(), None, ""
    changed = ["columns", "columns_from", "country", "repairs", "corrections", "asked_at", "read_at", "problem"]
    file.save(update_fields=changed)


@scope.requires_scope
def read_or_wait(draft: CampaignDraft, file: CampaignFile, *, by: User) -> None:
    """Read at once where that is quick; else a worker does it (`waiting.py`). Without a column of numbers it waits."""
    if not columns.has_number(file.columns):
        file.problem = people.NO_NUMBER
        file.save(update_fields=["problem"])
        return
    if file.rows <= AT_ONCE:
        people.read(draft, by=by)
        return
    details = {"name": str(draft), "file": file.name, "rows": file.rows}
    audit.record(by, file.tenant, "campaign.file-given", draft, **details)


@scope.requires_scope
def remembered(draft: CampaignDraft, headers: list[str]) -> Columns | None:
    """How the columns with these names were read last, in a file of another draft of this client."""
    earlier = CampaignFile.objects.filter(tenant=draft.tenant, headers=headers).exclude(read_at=None)
    earlier = earlier.exclude(draft=draft).select_related("draft").defer("content", "sample").order_by("-read_at")
    found = earlier.first()
    if found is None:
        return None
    return Columns(columns.read(found.columns, len(headers)), found.country, known_from=str(found.draft))


def kept_columns(file: CampaignFile, opened: Table) -> Columns | None:
    """Those of the file as they are, where another way to read it leaves their names as they are.

    What was typed for a line stays as long as the lines are those of the same sheet.
    """
    headers = opened.headers
    if headers != file.headers:
        return None
    corrections = file.corrections if opened.options.sheet == file.sheet else {}
    found = columns.read(file.columns, len(headers))
    return Columns(found, file.country, file.repairs, file.columns_from, corrections)


def guessed(tenant: Tenant, opened: Table) -> Columns:
    return Columns(columns.guessed(opened.headers, opened.head), tenant.country)


@scope.requires_scope
def is_being_read(draft: CampaignDraft) -> bool:
    """Whether a worker has its file now, which may take minutes; else nobody has it before this transaction ends."""
    file = CampaignFile.objects.filter(draft=draft).order_by().values_list("pk", flat=True)
    return file.exists() and not list(file.select_for_update(skip_locked=True))


@scope.requires_scope
def locked(draft: CampaignDraft, changes: CampaignFile | None) -> CampaignDraft:
    """The draft as it is now, with the file that its reader saw. Raises `people.FileNotReplaced`."""
    if is_being_read(draft):
        raise people.FileNotReplaced(STILL_READ)
    now = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=draft.pk)
    if now.state not in CampaignDraft.WRITABLE:
        raise people.FileNotReplaced(people.ALREADY_SENT)
    same = CampaignFile.objects.filter(pk=changes.pk, asked_at=changes.asked_at) if changes else None
    if changes and same is not None and not same.filter(corrections=changes.corrections).exists():
        raise people.FileNotReplaced(CHANGED)
    return now
