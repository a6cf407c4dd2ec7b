"""The pages of a campaign draft: its sections, the review, the test call; and making, copying and deleting one."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.calls.placing import intents
from dashboard.campaigns import draft_rules, tasks
from dashboard.campaigns import queries as campaign_queries
from dashboard.campaigns.drafts import book, earlier_retries, queries, sections, trial_call
from dashboard.campaigns.drafts.sections import DraftPage
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending import progress
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.names import isolate

DELETED = "The draft {name} is deleted. Nobody was called."
STOPPED_DELETED = "{name} is deleted here. What VoiceDock has of it stays there."
LEAVE, PEOPLE, REVIEW = "leave", "people", "review"  # where a press goes on once everything is saved


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS)
def new(request: TenantRequest) -> HttpResponse:
    try:
        draft = book.create(request.tenant, by=request.user)
    except book.DraftRefused as error:
        messages.error(request, error.message)
        return _to("campaigns", request)
    return _to("campaign-draft", request, draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.RUN_CAMPAIGNS)
def page(request: TenantRequest, pk: int) -> HttpResponse:
    draft = _draft(request, pk)
    if draft.state not in CampaignDraft.WRITABLE:
        return _sent(request, draft)
    if request.GET.get("part") == PEOPLE and request.method != "POST":
        return _audience(request, draft)
    if request.method != "POST":
        return _render(request, sections.shown(draft, line=_line(request)))
    shown = sections.save(draft, request.POST, line=_line(request), by=request.user)
    if shown.has_errors:
        return _render(request, shown, status=422)
    return _go_on(request, draft)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS)
def preview(request: TenantRequest, pk: int) -> HttpResponse:
    """What is typed, as one person gets it; nothing is stored. htmx asks for the part, a browser gets the page."""
    draft = _draft(request, pk)
    shown = sections.shown(draft, request.POST, line=_line(request))
    if getattr(request, "htmx", False):
        return render(request, "campaigns/_draft_preview.html", shown.context())
    return _render(request, shown)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def test_call(request: TenantRequest, pk: int) -> HttpResponse:
    """Saves what is typed, since that is what is heard; then places a single call."""
    if not request.actor.may(Permission.PLACE_CALLS):
        raise PermissionDenied
    with scope.for_tenant(request.tenant):
        draft = _draft(request, pk)
        if draft.state not in CampaignDraft.WRITABLE:
            return _sent(request, draft)
        shown = sections.save(draft, request.POST, line=_line(request), by=request.user, tests=True)
        draft = shown.draft
        if not shown.trial.is_valid() or shown.has_errors:
            return _render(request, shown, status=422)
    wish = shown.trial.cleaned_data
    try:
        call = trial_call.place(
            draft, wish["line"], destination=wish["destination"], token=wish["token"], by=request.user
        )
    except intents.CallRefused as error:
        shown.trial.refuse(error.field, error.message)
        with scope.for_tenant(request.tenant):
            return _render(request, shown, status=422)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call.pk]), status=303)


@require_GET
@tenant_view(Permission.RUN_CAMPAIGNS)
def review(request: TenantRequest, pk: int) -> HttpResponse:
    """What will be sent, who will be called, and what is missing before that."""
    draft = _draft(request, pk)
    if draft.state not in CampaignDraft.WRITABLE:
        return _sent(request, draft)
    draft_rules.refresh(draft, tasks.check_draft.delay_on_commit)  # type: ignore[attr-defined]
    context = sections.shown(draft).context() | {"unchecked": draft_rules.unchecked(draft)}
    return render(request, "campaigns/draft_review.html", context)


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS)
def copy(request: TenantRequest, pk: int) -> HttpResponse:
    return _copied(request, lambda: book.copy(_draft(request, pk), by=request.user))


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS)
def copy_campaign(request: TenantRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(campaign_queries.listed(request.tenant), pk=pk)
    return _copied(request, lambda: book.copy_campaign(campaign, by=request.user))


@require_POST
@tenant_view(Permission.RUN_CAMPAIGNS)
def delete(request: TenantRequest, pk: int) -> HttpResponse:
    draft = _draft(request, pk)
    try:
        book.delete(draft, by=request.user)
    except book.DraftRefused as error:
        messages.error(request, error.message)
        return _to("campaign-draft", request, pk)
    words = STOPPED_DELETED if draft.state == CampaignDraft.State.STOPPED else DELETED
    messages.success(request, words.format(name=isolate(str(draft))))
    return _to("campaigns", request)


def _draft(request: TenantRequest, pk: int) -> CampaignDraft:
    """Locked when something may be written, so that two who save at once see each other's values.

    Not against rows that name it: while a worker reads its file, its people are such rows.
    """
    if request.method == "POST":
        rows = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).filter(tenant=request.tenant, pk=pk)
        if not rows.values_list("pk", flat=True).first():
            raise Http404
    draft = get_object_or_404(queries.of_tenant(request.tenant), pk=pk)
    draft.tenant = request.tenant
    return draft


def _line(request: TenantRequest) -> int:
    return sections.line_of(request.POST if request.method == "POST" else request.GET)


def _render(request: TenantRequest, shown: DraftPage, *, status: int = 200) -> HttpResponse:
    context = shown.context() | {
        "may_call": request.actor.may(Permission.PLACE_CALLS),
        "also_in": earlier_retries.also_in(shown.draft),
    }
    return render(request, "campaigns/draft.html", context, status=status)


def _audience(request: TenantRequest, draft: CampaignDraft) -> HttpResponse:
    """Who will be called, as the contact rules say now: asked for by the page once it is shown."""
    draft_rules.refresh(draft, tasks.check_draft.delay_on_commit)  # type: ignore[attr-defined]
    unchecked = draft_rules.unchecked(draft)
    context = {
        "draft": draft,
        "unchecked": unchecked,
        "file": queries.file_of(draft),
        "people": queries.people_of(draft),
        "has_form": True,
        "asks": "every 4s" if unchecked else "",
    }
    return render(request, "campaigns/_draft_audience.html", context)


def _sent(request: TenantRequest, draft: CampaignDraft) -> HttpResponse:
    """How far it is on its way to VoiceDock, also instead of what was to be saved."""
    status = 200 if request.method in ("GET", "HEAD") else 409
    may_run = request.actor.may(Permission.RUN_CAMPAIGNS)
    context = {"draft": draft, "sending": progress.of(draft), "may_run": may_run}
    return render(request, "campaigns/sending.html", context, status=status)


def _copied(request: TenantRequest, make: Callable[[], CampaignDraft]) -> HttpResponse:
    try:
        draft = make()
    except book.DraftRefused as error:
        messages.error(request, error.message)
        return _to("campaigns", request)
    messages.success(request, f"{isolate(str(draft))} is a new draft. It has no people yet.")
    return _to("campaign-draft", request, draft.pk)


def _go_on(request: TenantRequest, draft: CampaignDraft) -> HttpResponse:
    where = request.POST.get("go", "")
    if where == LEAVE:
        messages.success(request, f"The draft {isolate(str(draft))} is saved. Nobody is called before it is started.")
        return _to("campaigns", request)
    if where == PEOPLE:
        return _to("campaign-draft-people", request, draft.pk)
    if where == REVIEW:
        return _to("campaign-draft-review", request, draft.pk)
    messages.success(request, "The draft is saved.")
    return _to("campaign-draft", request, draft.pk, f"#{where}" if where in sections.SECTIONS else "")


def _to(name: str, request: TenantRequest, pk: int | None = None, fragment: str = "") -> HttpResponse:
    address = reverse(name, args=[request.tenant.slug, *([] if pk is None else [pk])])
    return HttpResponseRedirect(f"{address}{fragment}", status=303)
