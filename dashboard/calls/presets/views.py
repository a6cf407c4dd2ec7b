"""The settings pages of presets: the list with the call link of each, and the form of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.calls import queries
from dashboard.calls.models import CallPreset
from dashboard.calls.placing import overrides
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import UNREAD, saved_assistants
from dashboard.calls.placing.value_fields import VARIABLE_FIELD
from dashboard.calls.placing.variables import labels, names_in
from dashboard.calls.presets import book, filling, forms, usage
from tenants import tenant_status
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.names import isolate

PARTS = {"changes": "calls/_call_changes.html", "values": "calls/_call_values.html"}
FROM_CALL = "from_call"


@require_GET
@tenant_view(Permission.MANAGE_PRESETS)
def presets(request: TenantRequest) -> HttpResponse:
    lines, assistants = queries.lines(request.tenant), queries.assistants(request.tenant)
    saved = saved_assistants(assistants)
    used = usage.of_client(request.tenant)
    rows = [
        _row(request, filling.in_use(preset, lines, assistants), saved) | {"usage": used[preset.pk]}
        for preset in book.named(request.tenant)
    ]
    return render(request, "calls/presets.html", {"presets": rows, "most": book.MOST, "days": usage.DAYS})


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.MANAGE_PRESETS)
def new(request: TenantRequest) -> HttpResponse:
    """Made from nothing, or from what stands in the form of *Call now*."""
    if request.method == "POST":
        tenant_status.lock_tenant(request.tenant)
    form = _form(request, None)
    if part := _part(request, form):
        return part
    if FROM_CALL in request.GET or request.method != "POST":
        return _page(request, form, None)
    if len(form.others) >= book.MOST:
        form.add_error(None, forms.TOO_MANY)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    made = book.create(request.tenant, form.stored(), by=request.user)
    messages.success(request, f"The preset {isolate(made.name)} is saved.")
    return _to_list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.MANAGE_PRESETS)
def edit(request: TenantRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        tenant_status.lock_tenant(request.tenant)
    preset = book.of_tenant(request.tenant).filter(pk=pk).first()
    if preset is None and request.method != "POST":
        raise Http404
    form = _form(request, preset)
    if part := _part(request, form):
        return part
    if preset is None:
        return _page(request, form, None, status=404, gone=forms.GONE)
    if request.method != "POST":
        return _page(request, form, preset)
    if not form.is_valid():
        return _page(request, form, preset, status=422)
    changed = book.change(preset, form.stored(), by=request.user)
    messages.success(request, "The preset is saved." if changed else "Nothing was different.")
    return _to_list(request)


@require_POST
@tenant_view(Permission.MANAGE_PRESETS)
def delete(request: TenantRequest, pk: int) -> HttpResponse:
    tenant_status.lock_tenant(request.tenant)
    preset = get_object_or_404(book.of_tenant(request.tenant), pk=pk)
    book.delete(preset, by=request.user)
    messages.success(request, f"The preset {isolate(preset.name)} is deleted.")
    return _to_list(request)


def _form(request: TenantRequest, preset: CallPreset | None) -> forms.PresetForm:
    lines, assistants = queries.lines(request.tenant), queries.assistants(request.tenant)
    named = book.named(request.tenant)
    offered: dict[str, Any] = {
        "others": [one for one in named if preset is None or one.pk != preset.pk],
        "lines": lines,
        "assistants": assistants,
        "saved": saved_assistants(assistants),
    }
    first = forms.initial(preset, lines, assistants) if preset else {"position": len(named) + 1}
    if request.method != "POST":
        return forms.PresetForm(initial=first, **offered)
    if FROM_CALL in request.GET:
        return forms.PresetForm(initial=request.POST.dict() | first, **offered)
    return forms.PresetForm(request.POST, initial=first, **offered)


def _part(request: TenantRequest, form: forms.PresetForm) -> HttpResponse | None:
    """A part of the form drawn anew for what is typed; nothing is stored."""
    part = PARTS.get(request.GET.get("part", "")) if request.method == "POST" else None
    if part is None:
        return None
    form.is_valid()
    return render(request, part, {"form": form, "preview_url": request.path, "form_id": "preset-form"})


def _page(
    request: TenantRequest, form: forms.PresetForm, preset: CallPreset | None, *, status: int = 200, gone: str = ""
) -> HttpResponse:
    address = (
        reverse("call-preset", args=[request.tenant.slug, preset.pk])
        if preset
        else reverse("call-preset-new", args=[request.tenant.slug])
    )
    note = filling.in_use(preset, [*form.lines.values()], [*form.assistants.values()]).note if preset else ""
    context = {
        "form": form,
        "preset": preset,
        "address": address,
        "preview_url": address,
        "form_id": "preset-form",
        "note": gone or note,
        "is_gone": bool(gone),
    }
    return render(request, "calls/preset.html", context, status=status)


def _to_list(request: TenantRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("call-presets", args=[request.tenant.slug]))


def _row(request: TenantRequest, used: filling.PresetInUse, saved: dict[int, Any]) -> dict[str, Any]:
    preset = used.preset
    known = saved.get(used.assistant.pk, UNREAD) if used.assistant else UNREAD
    asked = names_in(overrides.texts_with_variables(Changes.from_json(preset.changes), known))
    return {
        "preset": preset,
        "words": book.in_words(preset),
        "asked": ", ".join(labels(asked).values()),
        "link": _link(request, preset.key, asked),
        "assistant_left": used.assistant is None,
        "line_left": preset.number_dedication is not None and used.line is None,
    }


def _link(request: TenantRequest, key: str, asked: list[str]) -> str:
    """The address that another program opens, with words in capitals in the places of what it fills in."""
    address = request.build_absolute_uri(reverse("call-now", args=[request.tenant.slug]))
    names = [f"{VARIABLE_FIELD}{name}" if name in filling.RESERVED else name for name in asked]
    values = [(parameter, name.upper()) for parameter, name in zip(names, asked, strict=True)]
    return f"{address}?{urlencode([('preset', key), ('to', 'NUMBER'), *values])}"
