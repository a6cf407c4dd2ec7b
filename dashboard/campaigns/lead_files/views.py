"""The people of a draft: its file, how it is read, its columns, and the rows to correct; and these rows as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.campaigns.drafts import queries as draft_queries
from dashboard.campaigns.drafts import readiness, steps, template_check, trial_call
from dashboard.campaigns.lead_files import additions, corrections, people, refused_rows, uploads
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.forms import ColumnsForm, SettingsForm, UploadForm
from dashboard.campaigns.lead_files.numbers import Repair
from dashboard.campaigns.lead_files.refused_rows import Typed
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.lead_files.uploads import Columns
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from dashboard.contact_rules import contact_settings
from dashboard.ui.fragments import page_or_part
from tenants import audit, spreadsheets
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.names import isolate

SEEN = "seen"  # of a form: which reading of the file it was made from
CORRECT, REPAIR = "correct", "repair"
ROWS = "rows"
PLACES = {CORRECT: ROWS, REPAIR: ROWS, "file": "file", "settings": "file"}  # where the page goes on
NUMBER = re.compile(r"number-[0-9]{1,9}", re.ASCII)  # of a form, with the line: what is typed there
Form = UploadForm | SettingsForm | ColumnsForm


@dataclass
class Forms:
    """What was typed, where it was refused; `notice` is said above the page."""

    upload: UploadForm | None = None
    settings: SettingsForm | None = None
    columns: ColumnsForm | None = None
    notice: str = ""
    numbers: dict[int, Typed] = field(default_factory=dict)  # by line


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def people_page(request: TenantRequest, pk: int) -> HttpResponse:
    """Files are read with no scope open, since that may take a while."""
    with scope.for_tenant(request.tenant):
        draft = _draft(request, pk)
        files = CampaignFile.objects.filter(draft=draft).select_related("tenant")
        file = files.first() if request.method == "POST" else None
    if request.method != "POST":
        return _page(request, draft, Forms())
    if draft.state not in CampaignDraft.WRITABLE:
        return _page(request, draft, Forms(notice=people.ALREADY_SENT), status=409)
    wish = request.POST.get("part", "file")
    if wish != "file" and (file is None or request.POST.get(SEEN) != seen(file)):
        return _page(request, draft, Forms(notice=uploads.CHANGED), status=409)
    try:
        refused = _take(request, draft, file) if wish == "file" or file is None else _change(request, draft, file, wish)
    except people.FileNotReplaced as error:
        return _page(request, draft, Forms(notice=error.message), status=409)
    if refused:
        return _page(request, draft, refused, status=422)
    where = f"?{request.GET.urlencode()}" if wish == CORRECT and request.GET else ""
    address = reverse("campaign-draft-people", args=[request.tenant.slug, pk])
    return HttpResponseRedirect(f"{address}{where}#{PLACES.get(wish, 'columns')}", status=303)


@require_GET
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def refused_export(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The rows that were not read, as they stand in the file, with why."""
    form = spreadsheets.chosen(request)
    with scope.for_tenant(request.tenant):
        draft = _draft(request, pk)
        file = get_object_or_404(CampaignFile.objects.defer("content"), draft=draft)
        facts = {"name": str(draft), "file": form.kind}
        audit.record(request.user, request.tenant, "campaign.refused-rows-exported", draft, **facts)
    name = f"{slugify(file.name.rpartition('.')[0])[:40] or 'people'}-to-correct"
    return spreadsheets.response(name, refused_rows.head(file), _lines(request, draft, len(file.headers)), form)


def seen(file: CampaignFile) -> str:
    return f"{file.pk}-{file.asked_at.timestamp()}"


def _draft(request: TenantRequest, pk: int) -> CampaignDraft:
    draft = get_object_or_404(draft_queries.of_tenant(request.tenant), pk=pk)
    draft.tenant = request.tenant
    return draft


def _take(request: TenantRequest, draft: CampaignDraft, before: CampaignFile | None) -> Forms | None:
    """Rows beside those of the file before, or in their place; these stay where the new ones are refused."""
    form = UploadForm(request.POST, request.FILES, before=before)
    if before and request.POST.get(SEEN, seen(before)) != seen(before):
        form.add_error(None, uploads.CHANGED)
    if not form.is_valid():
        return Forms(upload=form)
    name, content = form.content()
    try:
        prepared = uploads.prepare(name, content, Options(country=request.tenant.country))
        if before and form.adds:
            _add(request, draft, before, prepared)
        else:
            _keep(request, draft, prepared, changes=before)
    except FileRefused as error:
        form.add_error("file" if form.cleaned_data["file"] else "text", error.message)
        return Forms(upload=form)
    return None


def _add(request: TenantRequest, draft: CampaignDraft, before: CampaignFile, more: uploads.Prepared) -> None:
    with scope.for_tenant(request.tenant):
        known = uploads.remembered(draft, more.table.headers)
        not_read = set(refused_rows.lines(draft))
    added = additions.add(before, more, known=known, not_read=not_read)
    _keep(request, draft, added.prepared, chosen=added.columns, changes=before)
    rows = "1 row is" if more.rows == 1 else f"{more.rows:,} rows are"
    again = "1 row that was" if added.left_out == 1 else f"{added.left_out:,} rows that were"
    left_out = f" They take the place of {again} not read." if added.left_out else ""
    messages.success(request, f"{rows} added to those of {isolate(before.name)}.{left_out}")


def _keep(request: TenantRequest, draft: CampaignDraft, prepared: uploads.Prepared, **more: Any) -> None:
    with scope.for_tenant(request.tenant):
        kept = uploads.keep(draft, prepared, by=request.user, **more)
        uploads.read_or_wait(draft, kept, by=request.user)


def _change(request: TenantRequest, draft: CampaignDraft, file: CampaignFile, wish: str) -> Forms | None:
    """Another way to read the file that is there."""
    if wish == "settings":
        return _change_settings(request, draft, file)
    if wish == CORRECT:
        return _correct(request, draft, file)
    form = ColumnsForm(request.POST if wish == "columns" else None, file)
    if wish == "columns":
        if not form.is_valid():
            return Forms(columns=form)
        chosen = Columns(form.chosen(), form.cleaned_data["country"], file.repairs)
    else:
        repairs = {*file.repairs, request.POST.get("repair", "")} & set(Repair)
        chosen = Columns(form.found, file.country, sorted(repairs))
    with scope.for_tenant(request.tenant):
        uploads.change_columns(draft, file, chosen)
        uploads.read_or_wait(draft, file, by=request.user)
    return None


def _change_settings(request: TenantRequest, draft: CampaignDraft, file: CampaignFile) -> Forms | None:
    form = SettingsForm(request.POST, file)
    if not form.is_valid():
        return Forms(settings=form)
    try:
        prepared = uploads.prepare(file.name, bytes(file.content), form.options())
    except FileRefused as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return Forms(settings=form)
    _keep(request, draft, prepared, chosen=uploads.kept_columns(file, prepared.table), changes=file)
    return None


def _correct(request: TenantRequest, draft: CampaignDraft, file: CampaignFile) -> Forms | None:
    """The numbers that are typed in place of those of some rows."""
    names = [name for name in request.POST if NUMBER.fullmatch(name)][: refused_rows.PAGE]
    typed = {int(name.removeprefix("number-")): corrections.one_line(request.POST[name]) for name in names}
    with scope.for_tenant(request.tenant):
        found = corrections.correct(draft, file, typed, by=request.user)
    if found.rows:
        rows = "1 row was" if found.rows == 1 else f"{found.rows} rows were"
        twice = (
            f" Of these, {found.twice} {'is' if found.twice == 1 else 'are'} twice in the file." if found.twice else ""
        )
        messages.success(request, f"{rows} read with what was typed.{twice}", extra_tags=ROWS)
    return Forms(numbers={line: Typed(typed[line], why) for line, why in found.wrong.items()}) if found.wrong else None


def _page(request: TenantRequest, draft: CampaignDraft, typed: Forms, *, status: int = 200) -> HttpResponse:
    with scope.for_tenant(request.tenant):
        context = _context(request, draft, typed)
        if request.method == "POST":
            return render(request, "campaigns/draft_people.html", context, status=status)
        return page_or_part(request, "campaigns/draft_people.html", "campaigns/_draft_people.html", context)


def _context(request: TenantRequest, draft: CampaignDraft, typed: Forms) -> dict[str, Any]:
    file = draft_queries.file_of(draft)
    context: dict[str, Any] = {
        "draft": draft,
        "steps": _steps(draft, file),
        "file": file,
        "upload": typed.upload or UploadForm(before=file),
        "notice": typed.notice,
        "needs_consent": contact_settings.of(request.tenant).needs_consent,
        "may_write": draft.state in CampaignDraft.WRITABLE,
    }
    if file is None:
        return context
    is_reading = file.read_at is None and not file.problem
    return context | {
        "seen": seen(file),
        "sample": [(line, list(zip_longest(file.headers, cells, fillvalue=""))) for line, cells in file.sample],
        "settings": typed.settings or SettingsForm(None, file),
        "columns": typed.columns or ColumnsForm(None, file),
        "is_reading": is_reading,
        "rows_read": people.rows_read(file) if is_reading else file.rows,
        **refused_rows.context(draft, file, request.GET.get("after", ""), request.GET.get("show", ""), typed.numbers),
    }


def _steps(draft: CampaignDraft, file: CampaignFile | None) -> list[steps.Step]:
    audience = draft_queries.people_of(draft)
    uses = template_check.uses(draft, file, draft.template, audience.ready)
    missing = readiness.of(draft, file, audience, uses)
    return steps.of(draft, file, audience, uses, missing, trial_call.last(draft))


def _lines(request: TenantRequest, draft: CampaignDraft, width: int) -> Iterator[list[str]]:
    """Each part is read in a scope of its own: whoever takes the file may be slow."""
    after = 0
    while True:
        with scope.for_tenant(request.tenant):
            rows = refused_rows.after(draft, after)
        yield from (refused_rows.line(row, width) for row in rows)
        if not rows:
            return
        after = rows[-1].line
