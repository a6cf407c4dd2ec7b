"""Links to the report of a campaign: made, listed, opened by whoever has one, and taken back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.campaigns.models import Campaign, ReportLink
from tenants import audit, tenant_status
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Tenant, User

DAYS = (1, 7, 30)  # for which a link may work
MOST_OPEN = 10  # links of a campaign that work
SHOWN = 20
KEPT = timedelta(days=30)  # after a link has expired
TOO_MANY = f"{MOST_OPEN} links to this report work already. Take one of them back first."
NOT_ACTIVE = "No link works while this client is not active."


class LinkRefused(ActionRefused):
    """No link was made."""


@scope.requires_scope
def make(campaign: Campaign, *, days: int, by: User) -> tuple[ReportLink, str]:
    """A link and its token, which is stored only as a hash. Raises `LinkRefused`."""
    assert campaign.tenant_id is not None  # read through the client
    tenant = tenant_status.lock_tenant(campaign.tenant_id)  # so that two at once keep the limit
    if tenant.status != Tenant.Status.ACTIVE:
        raise LinkRefused(NOT_ACTIVE)
    if _open().filter(campaign=campaign).count() >= MOST_OPEN:
        raise LinkRefused(TOO_MANY)
    token = secrets.token_urlsafe(32)
    link = ReportLink.objects.create(
        tenant=tenant,
        campaign=campaign,
        token_hash=_hash(token),
        made_by=by,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(by, tenant, "campaign.report-shared", campaign, name=campaign.name, days=days)
    return link, token


@scope.requires_scope
def newest(campaign: Campaign) -> list[ReportLink]:
    found = ReportLink.objects.filter(tenant=campaign.tenant_id, campaign=campaign)
    return list(found.select_related("made_by", "revoked_by")[:SHOWN])


@scope.requires_scope
def revoke(link: ReportLink, *, by: User) -> None:
    """It stops working at once. Twice is once."""
    if ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=Now(), revoked_by=by):
        audit.record(by, link.tenant, "campaign.report-revoked", link.campaign, name=link.campaign.name)


@scope.opens_scope
def find(token: str) -> ReportLink | None:
    """The link that works and has this token, with the id of its client alone: what it shows is read in that scope."""
    with scope.for_system("a link to a report is opened"):
        found = _open().filter(token_hash=_hash(token), tenant__status=Tenant.Status.ACTIVE)
        return found.only("tenant", "campaign").first()


@scope.requires_scope
def note_opening(link: ReportLink, campaign: Campaign) -> None:
    """When it was opened last, and an entry of the audit trail, once an hour for each link. Last in its scope."""
    ReportLink.objects.filter(pk=link.pk).update(opened_at=Now())
    maker = ReportLink.objects.select_related("made_by").get(pk=link.pk).made_by
    facts = {"name": campaign.name, "maker": str(maker)}
    audit.record_once(None, campaign.tenant, "campaign.report-opened", link, **facts)


@scope.opens_scope
def prune() -> None:
    """Delete links that expired long ago."""
    with scope.for_system("old links to reports"):
        ReportLink.objects.filter(expires_at__lt=Now() - KEPT).delete()


def _open() -> QuerySet[ReportLink]:
    return ReportLink.objects.filter(revoked_at=None, expires_at__gt=Now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
