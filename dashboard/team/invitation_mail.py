"""Mail the links of invitations, and return the link that the inviting user may copy."""

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
    """The link as the inviting user sees it.

    `address` is never the mailed link, which proves that its mail was read, except in the demo; "" shows no link.
    """

    address: str
    email: str
    mailed: bool


def deliver(invitation: Invitation, token: str, *, show_link: bool = False) -> Link:
    """Mail the link, with no transaction open, since a mail server may be slow.

    `show_link`: also return a link to copy, on whose page the invited person has the mailed link sent.
    """
    mailed = settings.PUBLIC_URL + reverse("invitation", args=[members.mailed_token(token)])
    shown = settings.PUBLIC_URL + reverse("invitation", args=[token]) if show_link else ""
    subject = f"{names.isolate(invitation.invited_by)} invites you to {names.isolate(invitation.tenant)}"
    context = {"invitation": invitation, "days": members.INVITATION_DAYS}
    return _mail("invitation", subject, invitation.email, mailed, context, shown=shown, invitation=invitation.pk)


def deliver_to_staff(member: StaffMember, by: User) -> Link:
    """Mail the link with which a new staff member sets a password; also with no transaction open."""
    subject = f"{names.isolate(by)} invites you to {settings.RESELLER_NAME}"
    context = {"by": by, "role": member.get_role_display()}
    return _mail("staff", subject, member.user.email, staff.password_link(member.user), context, staff=member.pk)


def _mail(
    template: str, subject: str, email: str, address: str, context: dict[str, Any], *, shown: str = "", **logged: int
) -> Link:
    shown = address if settings.DEMO else shown
    text = render_to_string(
        f"team/mail/{template}.txt", context | {"address": address, "reseller": settings.RESELLER_NAME}
    )
    mailed = bool(send_mail(subject, text, None, [email]))
    if not mailed:
        log.error("invitation_not_mailed_yet", **logged)
    return Link(shown, email, mailed=mailed)
