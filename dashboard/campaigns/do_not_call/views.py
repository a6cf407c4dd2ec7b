"""The do-not-call list of a campaign, and that of one that is being made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.campaigns import draft_rules, tasks
from dashboard.campaigns import queries as campaign_queries
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.do_not_call.entries import Owner
from dashboard.campaigns.drafts import queries as draft_queries
from dashboard.campaigns.models import Campaign, CampaignDoNotCallEntry, CampaignDraft
from dashboard.contact_rules import list_page
from dashboard.contact_rules.list_page import ListPage
from dashboard.contact_rules.models import DoNotCallEntry
from tenants import audit
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope

OF_CAMPAIGN, OF_DRAFT = "campaign-do-not-call", "campaign-draft-do-not-call"


class CampaignListPage(ListPage):
    kind = "campaign"

    def __init__(self, request: TenantRequest, owner: Owner) -> None:
        super().__init__(request, request.tenant, request.tenant.slug, owner.pk)
        self.owner, self.is_campaign = owner, isinstance(owner, Campaign)
        self.url_name = OF_CAMPAIGN if self.is_campaign else OF_DRAFT
        request.nav_page = "campaigns"  # type: ignore[attr-defined]

    def rows(self) -> QuerySet[CampaignDoNotCallEntry]:
        return do_not_call.of(self.owner)

    def add(self, notes: Mapping[str, str], source: DoNotCallEntry.Source) -> list[str]:
        return do_not_call.add(self.owner, list(notes), source=source, by=self.request.user, notes=notes)

    def remove(self, pk: int, reason: str) -> CampaignDoNotCallEntry | None:
        return do_not_call.remove(self.owner, pk, by=self.request.user, reason=reason)

    def record_export(self, file_kind: str) -> None:
        facts = {"name": str(self.owner), "file": file_kind}
        audit.record(self.request.user, self.tenant, "campaign.numbers-exported", self.owner, **facts)

    @property
    def up_url(self) -> str:
        return reverse("campaign" if self.is_campaign else "campaign-draft", args=self.url_args)

    @property
    def file_name(self) -> str:
        return f"do-not-call-{slugify(str(self.owner))[:40] or self.owner.pk}"

    def context(self) -> dict[str, Any]:
        return {"owner_name": str(self.owner)}

    def url(self, name: str = "", *args: Any) -> str:
        """An entry is removed by its id alone, whatever it is of."""
        if name == "-remove":
            return reverse("campaign-do-not-call-remove", args=[self.url_args[0], *args])
        return super().url(name, *args)

    def follow_up(self) -> None:
        """Ask the rules for the people of a draft that is still written."""
        if isinstance(self.owner, CampaignDraft):
            with self.scope():
                written = draft_queries.of_tenant(self.request.tenant).filter(state__in=CampaignDraft.WRITABLE)
                if draft := written.select_related("tenant").filter(pk=self.owner.pk).first():
                    draft_rules.refresh(draft, tasks.check_draft.delay_on_commit)  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def of_draft(request: TenantRequest, pk: int) -> HttpResponse:
    return _answer(request, _draft(request, pk))


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def export_of_draft(request: TenantRequest, pk: int) -> HttpResponseBase:
    return list_page.export(CampaignListPage(request, _draft(request, pk)))


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.RUN_CAMPAIGNS, open_scope=False)
def of_campaign(request: TenantRequest, pk: int) -> HttpResponse:
    return _answer(request, _campaign(request, pk))


@require_POST
@tenant_view(Permission.UNBLOCK_NUMBERS, open_scope=False)
def remove(request: TenantRequest, pk: int) -> HttpResponse:
    """A number of a draft, or of a campaign."""
    with scope.for_tenant(request.tenant):
        found = CampaignDoNotCallEntry.objects.select_related("draft__tenant", "campaign__tenant")
        entry = get_object_or_404(found, tenant=request.tenant, pk=pk)
    owner = entry.campaign or entry.draft
    assert owner is not None  # of one of both
    return list_page.remove(CampaignListPage(request, owner), pk)


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def export_of_campaign(request: TenantRequest, pk: int) -> HttpResponseBase:
    return list_page.export(CampaignListPage(request, _campaign(request, pk)))


def _answer(request: TenantRequest, owner: Owner) -> HttpResponse:
    """A draft that has become a campaign leads to the list of that one."""
    page = CampaignListPage(request, owner)
    is_read = request.method in ("GET", "HEAD")
    if is_read and page.is_campaign and page.url() != request.path:
        return HttpResponseRedirect(page.url(), status=303)
    return list_page.answer(page)


def _draft(request: TenantRequest, pk: int) -> Owner:
    """The draft, or its campaign where VoiceDock has it."""
    with scope.for_tenant(request.tenant):
        draft = get_object_or_404(draft_queries.of_tenant(request.tenant).select_related("campaign"), pk=pk)
    draft.tenant = request.tenant
    if draft.campaign:
        draft.campaign.tenant = request.tenant
    return draft.campaign or draft


def _campaign(request: TenantRequest, pk: int) -> Campaign:
    with scope.for_tenant(request.tenant):
        campaign = get_object_or_404(campaign_queries.listed(request.tenant), pk=pk)
    campaign.tenant = request.tenant
    return campaign
