"""Mail to the people of a client what they chose to be notified about, one mail a person for all that is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from dashboard.notifications import subjects
from dashboard.notifications.models import SentNotification
from dashboard.notifications.subjects import Subject
from tenants import names, slices
from tenants.accounts.notifications import MAIL_KINDS
from tenants.isolation import scope
from tenants.models import MailKind, Membership, Tenant

KEPT_FOR = timedelta(days=90)  # longer than any subject is looked back for
TITLES = {
    MailKind.NEEDS_PERSON: "A call needs a person",
    MailKind.CALL_BACK: "People asked to be called back",
    MailKind.CAMPAIGN: "A campaign has stopped",
}


@scope.opens_scope
def send_due() -> int:
    """Mail whatever is new, and return how many mails were handed over. Any number of workers may run it at once.

    What is mailed is recorded first, in the transaction that ends before the mail is queued: a process that dies in
    between loses a mail, and none is sent twice.
    """
    with scope.for_system("whoever chose to be mailed"):
        chosen = Membership.objects.exclude(mails=[]).filter(user__is_active=True, tenant__status=Tenant.Status.ACTIVE)
        members = list(chosen.select_related("tenant", "user").order_by("tenant_id", "user_id"))
    sent = 0
    for kind in MailKind:
        found: dict[int, list[Subject]] = {}
        for member in members:
            if not _gets(member, kind):
                continue
            with scope.for_tenant(member.tenant):
                if member.tenant_id not in found:
                    found[member.tenant_id] = subjects.OF_KIND[kind](member.tenant)
                new = _record(member, kind, found[member.tenant_id])
                if new:
                    _send(member, kind, new)
                    sent += 1
    return sent


@scope.opens_scope
def prune() -> int:
    old = SentNotification.objects.filter(at__lt=Now() - KEPT_FOR)
    return slices.delete("forget old notifications", old)


def _gets(member: Membership, kind: MailKind) -> bool:
    return kind in member.mails and member.may(MAIL_KINDS[kind].permission)


def _record(member: Membership, kind: MailKind, found: Sequence[Subject]) -> list[Subject]:
    """Those that this person was not mailed yet; from now on they were."""
    if not found:
        return []
    now = Membership.objects.select_for_update(of=("self",)).filter(pk=member.pk).first()  # two workers, one mail
    if now is None or not _gets(now, kind):
        return []
    mailed = SentNotification.objects.filter(tenant=member.tenant, user=member.user, kind=kind)
    known = set(mailed.filter(subject__in=[subject.key for subject in found]).values_list("subject", flat=True))
    new = [subject for subject in found if subject.key not in known]
    SentNotification.objects.bulk_create(
        SentNotification(tenant=member.tenant, user=member.user, kind=kind, subject=subject.key) for subject in new
    )
    return [subject for subject in new if subject.text]


def _send(member: Membership, kind: MailKind, new: Sequence[Subject]) -> None:
    """Inside the scope: the mail is queued when its transaction is committed."""
    lines = [(subject.text, settings.PUBLIC_URL + subject.path) for subject in new]
    context = {"tenant": member.tenant, "lines": lines, "reseller": settings.RESELLER_NAME}
    account = f"{settings.PUBLIC_URL}{reverse('account')}#notifications"
    text = render_to_string("notifications/mail.txt", context | {"account": account})
    send_mail(f"{TITLES[kind]}: {names.isolate(member.tenant)}", text, None, [member.user.email])
