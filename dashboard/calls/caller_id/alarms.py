"""Mail to staff when a call left from a number, or with an assistant, that is not its client's: dialing has stopped."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from dashboard.calls.caller_id import proof
from dashboard.calls.models import STOPS_DIALING, Alarm, Call
from tenants import names
from tenants.access.permissions import STAFF_ROLE_PERMISSIONS, Permission
from tenants.isolation import scope
from tenants.models import StaffMember

log = structlog.get_logger()

AGAIN = timedelta(minutes=1)  # after a mail server that did not take it
MOST = 20


@scope.opens_scope
def mail() -> int:
    """Mail every alarm that was not mailed yet, and return how many were. Opens scopes of its own.

    An alarm is claimed before its mail is sent, so that two concurrent tasks send one mail. If the sender dies or the
    mail server refuses, the claim expires after a minute: two mails are better than none.
    """
    with scope.for_system("alarms that were not mailed"):
        waiting = Call.objects.filter(alarm__in=STOPS_DIALING).filter(_due())
        calls = list(waiting.select_related("tenant", "assistant_dedication__assistant").order_by("alarm_at")[:MOST])
    return sum(_mail(call) for call in calls)


def _mail(call: Call) -> bool:
    with scope.for_system("claim the mail of an alarm"):
        due_call = Call.objects.filter(pk=call.pk, alarm=call.alarm).filter(_due())
        if not due_call.update(alarm_mail_at=Now()):
            return False
    to = recipients()
    if not to:
        log.error("alarm_not_mailed", call=str(call.pk), reason="no staff to tell")
        return False
    what, template, facts = _wrong_number(call) if call.alarm == Alarm.WRONG_NUMBER else _wrong_assistant(call)
    context = facts | {"client": call.tenant, "reseller": settings.RESELLER_NAME, "address": _address(call)}
    try:
        send_mail(
            f"Dialing has stopped for {names.isolate(call.tenant)}: {what}",
            render_to_string(template, context),
            None,
            to,
        )
    except (SMTPException, OSError) as error:
        log.error("alarm_not_mailed", call=str(call.pk), reason=type(error).__name__)
        return False
    with scope.for_system("an alarm was mailed"):
        Call.objects.filter(pk=call.pk).update(alarm_mailed_at=Now())
    return True


def _wrong_number(call: Call) -> tuple[str, str, dict[str, Any]]:
    """The subject of the mail, its template and the template's context."""
    with scope.for_system("what is known of a caller ID"):
        caller_id = proof.caller_id_of(call)
    facts = {
        "caller_id": caller_id,
        "reported": ", later ".join(caller_id.reported) or "nothing",
        "words": caller_id.sentence(str(call.tenant)),
    }
    return "a call left from another number", "calls/mail/wrong_number.txt", facts


def _wrong_assistant(call: Call) -> tuple[str, str, dict[str, Any]]:
    right = call.assistant_dedication if call.origin == Call.Origin.PLACED else None
    facts = {
        "meant": right.assistant.name if right else "",
        "reported": call.assistant_name or call.assistant_remote_id,
    }
    return "a call was made with another assistant", "calls/mail/wrong_assistant.txt", facts


def recipients() -> list[str]:
    """Staff who may clear it."""
    roles = [role for role, may in STAFF_ROLE_PERMISSIONS.items() if Permission.CONTROL_CALLS in may]
    found = StaffMember.objects.filter(role__in=roles, user__is_active=True)
    return list(found.order_by("user__email").values_list("user__email", flat=True))


def _due() -> Q:
    return Q(alarm_mailed_at=None) & (Q(alarm_mail_at=None) | Q(alarm_mail_at__lt=Now() - AGAIN))


def _address(call: Call) -> str:
    slug = call.tenant.slug if call.tenant else ""  # such an alarm is always of a client
    return settings.PUBLIC_URL + reverse("call", args=[slug, call.pk])
