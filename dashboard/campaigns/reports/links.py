"""Links to the report of a campaign: made, listed, opened by whoever has one, and taken back.

A link works while its client is active and whoever made it may share reports there: it ends with that person's role,
and one of support with the time for which the client lets support act.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dashboard.campaigns.models import Campaign, ReportLink
from tenants import audit, slices, tenant_status
from tenants.access import support_access
from tenants.access.permissions import Permission, Role, StaffRole, client_may, staff_may
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Membership, StaffGrant, StaffMember, SupportPass, Tenant, User

DAYS = (1, 7, 30)  # for which a link may work
MOST_OPEN = 10  # links of a campaign that work
SHOWN = 20
KEPT = timedelta(days=30)  # after a link has expired
NEEDED = Permission.EXPORT_CALLS
TOO_MANY = f"{MOST_OPEN} links to this report work already. Take one of them back first."
NOT_ACTIVE = "No link works while this client is not active."
MADE_BEFORE = "The link that this form has made does not work any more. Reload the page to make another one."

_members = Membership.objects.filter(
    tenant=OuterRef("tenant"),
    user=OuterRef("made_by"),
    role__in=[role for role in Role if client_may(role, NEEDED)],
)
_granted = StaffGrant.objects.filter(staff=OuterRef("pk"), tenant=OuterRef(OuterRef("tenant")))
_passes = SupportPass.objects.filter(  # those under which the link was made: a later one does not revive it
    tenant=OuterRef(OuterRef("tenant")),
    withdrawn_at=None,
    until__gt=Now(),
    given_at__lte=OuterRef(OuterRef("made_at")),
)
_staff_here = StaffMember.objects.filter(
    Q(sees_all=True) | Exists(_granted),
    user=OuterRef("made_by"),
    role__in=[role for role in StaffRole if staff_may(role, NEEDED)],
)
_support = _staff_here.filter(role=StaffRole.SUPPORT)
_staff = _staff_here.filter(~Q(role=StaffRole.SUPPORT) | Exists(_passes))
MAKER_MAY = Q(Exists(_members) | Exists(_staff), made_by__is_active=True)


class LinkState(TextChoices):
    """Whether a link works, and why not."""

    WORKS = "works"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MAKER_MAY_NOT = "maker-may-not"
    ACCESS_ENDED = "access-ended"
    CLIENT_NOT_ACTIVE = "client-not-active"


class LinkRefused(ActionRefused):
    """No link was made."""


@scope.requires_scope
def make(campaign: Campaign, *, days: int, by: User, form_token: UUID) -> tuple[ReportLink, str]:
    """A link and its token, which is stored only as a hash; of the same form the same link. Raises `LinkRefused`."""
    assert campaign.tenant_id is not None  # read through the client
    tenant = tenant_status.lock_tenant(campaign.tenant_id)  # so that two at once keep the limit
    if tenant.status != Tenant.Status.ACTIVE:
        raise LinkRefused(NOT_ACTIVE)
    token = _token(campaign, days, by, form_token)
    if made := ReportLink.objects.filter(tenant=tenant, token_hash=_hash(token)).first():
        if not made.is_open:
            raise LinkRefused(MADE_BEFORE)
        return made, token
    if _open().filter(MAKER_MAY, campaign=campaign).count() >= MOST_OPEN:
        raise LinkRefused(TOO_MANY)
    link = ReportLink.objects.create(
        tenant=tenant,
        campaign=campaign,
        token_hash=_hash(token),
        made_by=by,
        expires_at=_end(tenant, by, days),
    )
    facts = {"name": campaign.name, "days": days, "until": link.expires_at.isoformat()}
    audit.record(by, tenant, "campaign.report-shared", campaign, **facts)
    return link, token


def _end(tenant: Tenant, by: User, days: int) -> datetime:
    """After these days; of support, at the latest with the pass under which it is made."""
    end = timezone.now() + timedelta(days=days)
    if not StaffMember.objects.filter(user=by, role=StaffRole.SUPPORT).exists():
        return end
    given = support_access.open_pass(tenant)
    return min(end, given.until) if given else end  # without one it does not work


@scope.requires_scope
def newest(campaign: Campaign) -> list[tuple[ReportLink, LinkState]]:
    """Each with its state."""
    found = ReportLink.objects.filter(tenant=campaign.tenant_id, campaign=campaign)
    found = found.select_related("tenant", "made_by", "revoked_by")
    found = found.annotate(maker_may=MAKER_MAY, of_support=Exists(_support))
    return [(link, _state(link, maker_may=link.maker_may, of_support=link.of_support)) for link in found[:SHOWN]]


def _state(link: ReportLink, *, maker_may: bool, of_support: bool) -> LinkState:
    """The same as `find` asks."""
    if not link.is_open:
        return LinkState.REVOKED if link.revoked_at else LinkState.EXPIRED
    if not maker_may:
        return LinkState.ACCESS_ENDED if of_support else LinkState.MAKER_MAY_NOT
    return LinkState.WORKS if link.tenant.status == Tenant.Status.ACTIVE else LinkState.CLIENT_NOT_ACTIVE


@scope.requires_scope
def revoke(link: ReportLink, *, by: User) -> None:
    """It stops working at once. Twice is once."""
    if ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=Now(), revoked_by=by):
        audit.record(by, link.tenant, "campaign.report-revoked", link.campaign, name=link.campaign.name)


@scope.opens_scope
def find(token: str) -> ReportLink | None:
    """The link that works and has this token, with the id of its client alone: what it shows is read in that scope."""
    with scope.for_system("a link to a report is opened"):
        found = _open().filter(MAKER_MAY, token_hash=_hash(token), tenant__status=Tenant.Status.ACTIVE)
        return found.only("tenant", "campaign").first()


@scope.requires_scope
def note_opening(link: ReportLink, campaign: Campaign) -> None:
    """When it was opened last, and an entry of the audit trail, once an hour for each link. Last in its scope."""
    ReportLink.objects.filter(pk=link.pk).update(opened_at=Now())
    maker = ReportLink.objects.select_related("made_by").get(pk=link.pk).made_by
    facts = {"name": campaign.name, "maker": str(maker)}
    audit.record_once(None, campaign.tenant, "campaign.report-opened", link, **facts)


@scope.opens_scope
def prune() -> int:
    """Delete links that expired long ago; returns how many."""
    return slices.delete("old links to reports", ReportLink.objects.filter(expires_at__lt=Now() - KEPT))


def _open() -> QuerySet[ReportLink]:
    return ReportLink.objects.filter(revoked_at=None, expires_at__gt=Now())


def _token(campaign: Campaign, days: int, by: User, form_token: UUID) -> str:
    """Nobody can make it of the form alone, and the form makes it again: it need not be stored to be shown twice."""
    made = salted_hmac("campaigns.report-link", f"{campaign.pk}:{by.pk}:{days}:{form_token}", algorithm="sha256")
    return urlsafe_b64encode(made.digest()).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
