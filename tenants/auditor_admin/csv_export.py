"""The rows of one admin list as a file: read completely, recorded in the audit trail, and only then sent."""

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

IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger file is kept on disk


@scope.opens_scope
def export(model_admin: Any, request: Any) -> HttpResponseBase:
    """Reads the rows in a scope of the auditor, and records the export in a scope of the system for each trail."""
    with ExitStack() as stack:
        file_format = _take_format(request)
        file: IO[bytes] = stack.enter_context(SpooledTemporaryFile(IN_MEMORY))
        with scope.for_auditor(request.auditor):
            try:
                queryset = model_admin.get_changelist_instance(request).queryset
            except IncorrectLookupParameters:
                return HttpResponseRedirect("../?e=1")
            rows = _write(model_admin, queryset, file, file_format)
            tenants = _tenants_to_record(request)
        what = str(model_admin.opts.verbose_name_plural)
        for tenant in tenants:
            details = {"what": what, "rows": rows, "file": file_format.kind, "query": request.GET.urlencode()}
            with scope.for_system("record an export"):
                audit.record(request.user, tenant, "list.exported", what, **details)
        file.seek(0)
        name = f"{model_admin.opts.model_name}-{timezone.now():%Y-%m-%d-%H%M}.{file_format.suffix}"
        stack.pop_all()  # the response closes the file
        return FileResponse(file, as_attachment=True, filename=name, content_type=file_format.content_type)


def _tenants_to_record(request: Any) -> list[Tenant | None]:
    """The clients whose trails get an entry: the one filtered by, or each granted one; None is the reseller's trail."""
    if (chosen := request.GET.get("client", "")).isdecimal():
        return list(Tenant.objects.filter(pk=chosen)) or [None]
    return [None] if request.auditor.sees_all else [*Tenant.objects.all()] or [None]


def _take_format(request: Any) -> spreadsheets.Format:
    """The requested format; its parameter is removed, because the admin refuses filters that it does not know."""
    file_format, query = spreadsheets.chosen(request), request.GET.copy()
    query.pop(spreadsheets.PARAMETER, None)
    request.GET = query
    return file_format


def _write(model_admin: Any, queryset: Any, file: IO[bytes], file_format: spreadsheets.Format) -> int:
    """Write the file; returns the number of rows."""
    columns, count = [*model_admin.list_display, *model_admin.extra_export_columns], 0

    def rows() -> Iterator[list[object]]:
        nonlocal count
        for count, row in enumerate(queryset.iterator(chunk_size=500), start=1):  # noqa: B007  used after the loop
            yield [_value(model_admin, name, row) for name in columns]

    head = [str(label_for_field(name, model_admin.model, model_admin)) for name in columns]
    for chunk in spreadsheets.chunks(head, rows(), file_format):
        file.write(chunk)
    return count


def _value(model_admin: Any, name: str, row: Any) -> object:
    field, _, value = lookup_field(name, row, model_admin)
    if field is not None and field.choices:
        value = dict(field.flatchoices).get(value, value)
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return strip_tags(value) if hasattr(value, "__html__") else value
