"""Invite a person: keep the invitation, mail its link, and hand the link over once to be copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from tenants import names
from tenants.accounts import members, staff
from tenants.models import Invitation, StaffMember, User

log = structlog.get_logger()


@dataclass(frozen=True)
class Link:
    """What the inviting person sees.

    `address` is not the mailed link, which proves that its mail was read; it is "" where there is no other, and for
    staff who invite into a client. The demo shows the mailed link.
    """

    address: str
    email: str
    mailed: bool


def deliver(invitation: Invitation, token: str, *, show_link: bool = False) -> Link:
    """Mail the link; with no transaction open, since a mail server takes its time.

    `show_link`: for the client's own people, a link that leads whoever is invited to the mailed one.
    """
    mailed = settings.PUBLIC_URL + reverse("invitation", args=[members.mailed_token(token)])
    shown = settings.PUBLIC_URL + reverse("invitation", args=[token]) if show_link else ""
    subject = f"{names.isolate(invitation.invited_by)} invites you to {names.isolate(invitation.tenant)}"
    facts = {"invitation": invitation, "days": members.INVITATION_DAYS}
    return _mail("invitation", subject, invitation.email, mailed, facts, shown=shown, invitation=invitation.pk)


def deliver_to_staff(one: StaffMember, by: User) -> Link:
    """Mail the link with which somebody new of the reseller sets a password; likewise with no transaction open."""
    subject = f"{names.isolate(by)} invites you to {settings.RESELLER_NAME}"
    facts = {"by": by, "role": one.get_role_display()}
    return _mail("staff", subject, one.user.email, staff.password_link(one.user), facts, staff=one.pk)


def _mail(
    words: str, subject: str, email: str, address: str, facts: dict[str, Any], *, shown: str = "", **logged: int
) -> Link:
    shown = address if settings.DEMO else shown
    text = render_to_string(f"team/mail/{words}.txt", facts | {"address": address, "reseller": settings.RESELLER_NAME})
    mailed = bool(send_mail(subject, text, None, [email]))
    if not mailed:
        log.error("invitation_not_mailed_yet", **logged)
    return Link(shown, email, mailed=mailed)
