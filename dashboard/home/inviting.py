"""Invite a person: keep the invitation, mail its link, and hand the link over once to be copied."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from tenants import members
from tenants.models import Invitation

log = structlog.get_logger()


@dataclass(frozen=True)
class Link:
    """What the inviting person sees, once: the token is kept nowhere."""

    address: str
    email: str
    mailed: bool


def deliver(invitation: Invitation, token: str) -> Link:
    """Mail the link; with no transaction open, since a mail server takes its time."""
    address = settings.PUBLIC_URL + reverse("invitation", args=[token])
    context = {
        "invitation": invitation,
        "address": address,
        "reseller": settings.RESELLER_NAME,
        "days": members.INVITATION_DAYS,
    }
    try:
        send_mail(
            f"{invitation.invited_by} invites you to {invitation.tenant}",
            render_to_string("home/mail/invitation.txt", context),
            None,
            [invitation.email],
        )
    except (SMTPException, OSError) as error:
        log.error("invitation_not_mailed", invitation=invitation.pk, reason=type(error).__name__)
        return Link(address, invitation.email, mailed=False)
    return Link(address, invitation.email, mailed=True)
