"""The pages of one-time assistants: the list of drafts, and the editor of one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.calls.models import AssistantDraft
from dashboard.calls.transient import drafts, editor, sources, transfers
from dashboard.calls.transient.configuration import Configuration
from tenants import names
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission


@require_GET
@tenant_view(Permission.PLACE_TRANSIENT_CALLS)
def listing(request: TenantRequest) -> HttpResponse:
    context = {"drafts": drafts.shown(request.tenant), "sources": sources.choices(request.tenant)}
    return render(request, "calls/drafts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.PLACE_TRANSIENT_CALLS)
def new(request: TenantRequest) -> HttpResponse:
    """A draft that is not saved yet; `from` says with what it begins."""
    url = reverse("draft-new", args=[request.tenant.slug])
    if request.method == "POST":
        return _answer(request, _sent(request, url), None, url)
    source = sources.read(request.tenant, request.GET.get("from", ""))
    opened = editor.opened(
        source.configuration, name=source.name, made_from=0, side=_side(request), url=url, notes=source.notes
    )
    return _page(request, opened, None, url)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.PLACE_TRANSIENT_CALLS)
def draft(request: TenantRequest, pk: int) -> HttpResponse:
    """A draft; `version` opens an older one, and saving makes it the newest."""
    found = drafts.listed(request.tenant).select_related("tenant").filter(pk=pk).first()
    if found is None:
        if request.method != "POST":
            raise Http404
        return _gone(request)
    url = reverse("draft", args=[request.tenant.slug, pk])
    if request.method == "POST":
        return _answer(request, _sent(request, url), found, url)
    version = drafts.version_of(found, request.GET.get("version", ""))
    configuration: Configuration = version.blocks if version else {}
    newest = getattr(found, "number", 0) or 0
    opened = editor.opened(configuration, name=found.name, made_from=newest, side=_side(request), url=url)
    return _page(request, opened, found, url, shown=version)


@require_POST
@tenant_view(Permission.PLACE_TRANSIENT_CALLS)
def delete(request: TenantRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(AssistantDraft.objects.filter(tenant=request.tenant).select_related("tenant"), pk=pk)
    drafts.delete(found, by=request.user)
    messages.success(request, f"{names.isolate(found)} is deleted. Calls that were placed with it keep what was sent.")
    return HttpResponseRedirect(reverse("drafts", args=[request.tenant.slug]))


def _side(request: TenantRequest) -> str:
    return editor.JSON if request.GET.get("side") == editor.JSON else editor.FORM


def _sent(request: TenantRequest, url: str) -> editor.Editor:
    return editor.sent(request.POST.dict(), url=url, check=partial(transfers.all_errors, request.tenant))


def _answer(request: TenantRequest, sent: editor.Editor, found: AssistantDraft | None, url: str) -> HttpResponse:
    if not sent.is_saving:
        return _page(request, sent, found, url)
    if not sent.is_valid():
        return _page(request, sent, found, url, status=422)
    try:
        saved, changed = drafts.save(
            request.tenant,
            found,
            name=sent.about.cleaned_data["name"],
            configuration=sent.configuration(),
            made_from=sent.made_from,
            by=request.user,
        )
    except drafts.DraftDeleted:
        return _gone(request)
    except drafts.DraftRefused as error:
        sent.about.add_error(error.field or None, error.message)
        sent.made_from = error.newest or sent.made_from
        return _page(request, sent, found, url, status=409)
    messages.success(request, f"{names.isolate(saved)} is saved." if changed else "Nothing was different.")
    return HttpResponseRedirect(reverse("draft", args=[request.tenant.slug, saved.pk]))


def _gone(request: TenantRequest) -> HttpResponse:
    """The draft that was open has been deleted: what was typed becomes a new one by the next saving."""
    url = reverse("draft-new", args=[request.tenant.slug])
    sent = _sent(request, url)
    sent.made_from, sent.gone = 0, drafts.DELETED
    if sent.is_saving:
        sent.is_valid()
    return _page(request, sent, None, url, status=404 if sent.is_saving else 200)


def _page(
    request: TenantRequest,
    shown_editor: editor.Editor,
    found: AssistantDraft | None,
    url: str,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """htmx gets the form alone."""
    is_part = getattr(request, "htmx", False) and not shown_editor.is_saving
    context = {"editor": shown_editor, "draft": found, "url": url} | more
    if found is not None and not is_part:
        context["versions"] = list(drafts.versions(found)[: drafts.LISTED])
    return render(request, "calls/_draft_form.html" if is_part else "calls/draft.html", context, status=status)
