"""The rows of one admin list as a file: read whole, written down in the audit trail, and only then sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.http import FileResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import strip_tags

from tenants import audit, spreadsheets
from tenants.isolation import scope
from tenants.models import Tenant

IN_MEMORY = 4 * 1024 * 1024  # bytes; what is longer waits on the disk


@scope.opens_scope
def export(shelf: Any, request: Any) -> HttpResponseBase:
    """Opens scopes of its own, one after the other: reading as the auditor, writing down as Patchbay."""
    with ExitStack() as whatever_fails:
        form = _chosen(request)
        file: IO[bytes] = whatever_fails.enter_context(SpooledTemporaryFile(IN_MEMORY))
        with scope.for_auditor(request.reader):
            try:
                found = shelf.get_changelist_instance(request).queryset
            except IncorrectLookupParameters:
                return HttpResponseRedirect("../?e=1")
            rows = _write(shelf, found, file, form)
            concerned = _concerned(request)
        what = str(shelf.opts.verbose_name_plural)
        for tenant in concerned:
            facts = {"what": what, "rows": rows, "file": form.kind, "query": request.GET.urlencode()}
            with scope.for_system("an export is written down"):
                audit.record(request.user, tenant, "shelf.exported", what, **facts)
        file.seek(0)
        name = f"{shelf.opts.model_name}-{timezone.now():%Y-%m-%d-%H%M}.{form.suffix}"
        whatever_fails.pop_all()  # the answer closes it
        return FileResponse(file, as_attachment=True, filename=name, content_type=form.content_type)


def _concerned(request: Any) -> list[Tenant | None]:
    """In whose trail it is told: the client asked for, each granted one, or else the reseller's own."""
    if (chosen := request.GET.get("client", "")).isdecimal():
        return list(Tenant.objects.filter(pk=chosen)) or [None]
    return [None] if request.reader.sees_all else [*Tenant.objects.all()] or [None]


def _chosen(request: Any) -> spreadsheets.Format:
    """Taken out of the address: the admin refuses filters that it does not know."""
    form, query = spreadsheets.chosen(request), request.GET.copy()
    query.pop(spreadsheets.PARAMETER, None)
    request.GET = query
    return form


def _write(shelf: Any, found: Any, file: IO[bytes], form: spreadsheets.Format) -> int:
    """How many rows there were."""
    columns, count = [*shelf.list_display, *shelf.also_exported], 0

    def rows() -> Iterator[list[object]]:
        nonlocal count
        for count, row in enumerate(found.iterator(chunk_size=500), start=1):  # noqa: B007  it is returned
            yield [_value(shelf, name, row) for name in columns]

    head = [str(label_for_field(name, shelf.model, shelf)) for name in columns]
    for chunk in spreadsheets.chunks(head, rows(), form):
        file.write(chunk)
    return count


def _value(shelf: Any, name: str, row: Any) -> object:
    field, _, value = lookup_field(name, row, shelf)
    if field is not None and field.choices:
        value = dict(field.flatchoices).get(value, value)
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return strip_tags(value) if hasattr(value, "__html__") else value
