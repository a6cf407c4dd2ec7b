"""The queue of outgoing mail: retried with growing pauses, given up after three days.

No transaction is open while a message is sent to the mail server.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q
from django.db.models.functions import Now

from tenants import audit
from tenants.isolation import scope
from tenants.models import OutgoingMail, User
from tenants.models.mail import GIVE_UP_AFTER

log = structlog.get_logger()

State = OutgoingMail.State
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60)]  # the last one repeats
LEASE = timedelta(minutes=2)  # an attempt whose process died counts as failed after this time
RECENT = timedelta(minutes=1)  # for this time after a failure, only the worker tries to send
SENT_KEPT_FOR, FAILED_KEPT_FOR = timedelta(days=30), timedelta(days=7)
BATCH = 20
SEND_ERRORS = (smtplib.SMTPException, OSError, ValueError)  # ValueError: Django cannot read one of the addresses


@scope.opens_scope
def add(subject: str, text: str, recipients: list[str]) -> OutgoingMail:
    """Add a message to the queue; the demo keeps it there, to be read on a page."""
    state = State.KEPT if settings.MAIL_IS_KEPT else State.WAITING
    mail = OutgoingMail(subject=" ".join(subject.split())[:300], recipients=recipients, state=state)
    mail.text = text
    with scope.for_system("queue a mail"):
        mail.save(force_insert=True)
    return mail


def is_kept(mail: OutgoingMail) -> bool:
    return mail.state == State.KEPT


@scope.opens_scope
def attempt(pk: UUID) -> bool:
    """Try to send one message now; whether it was sent. Two processes never try the same message at once."""
    with scope.for_system("claim a mail"):
        waiting = OutgoingMail.objects.filter(pk=pk, state=State.WAITING, due_at__lte=Now())
        claimed = waiting.update(due_at=Now() + LEASE, attempts=F("attempts") + 1, last_attempt_at=Now())
        mail = OutgoingMail.objects.get(pk=pk) if claimed else None
    if mail is None:
        return False
    try:
        transmit(mail.subject, mail.text, mail.recipients)
    except SEND_ERRORS as error:
        _record_failure(mail, error)
        return False
    with scope.for_system("record a sent mail"):
        OutgoingMail.objects.filter(pk=pk).update(state=State.SENT, sent_at=Now(), sealed_text="", last_error="")
    return True


def transmit(subject: str, text: str, recipients: list[str]) -> None:
    """Hand a message to the mail server; raises one of `SEND_ERRORS`."""
    connection = get_connection(settings.MAIL_TRANSPORT, timeout=settings.EMAIL_TIMEOUT)
    EmailMessage(subject, text, None, recipients, connection=connection).send()


@scope.opens_scope
def send_due() -> int:
    """Try the messages that are due; how many were sent. Stops at the first failure that is not final."""
    with scope.for_system("find due mail"):
        due = OutgoingMail.objects.filter(state=State.WAITING, due_at__lte=Now()).order_by("due_at")
        found = list(due.values_list("pk", flat=True)[:BATCH])
    sent = 0
    for pk in found:
        if attempt(pk):
            sent += 1
        elif (mail := find(pk)) is not None and mail.state == State.WAITING:
            break
    return sent


@scope.opens_scope
def retry(mail: OutgoingMail, *, by: User) -> bool:
    """Try a waiting or failed message again; whether it was sent."""
    with scope.for_system("retry a mail"):
        unsent = OutgoingMail.objects.filter(pk=mail.pk, state__in=[State.WAITING, State.FAILED])
        if not unsent.update(state=State.WAITING, due_at=Now(), give_up_at=Now() + GIVE_UP_AFTER):
            return False
        audit.record(by, None, "mail.tried-again", mail, title=mail.subject, to=mail.to)
    return attempt(mail.pk)


@scope.opens_scope
def find(pk: UUID) -> OutgoingMail | None:
    with scope.for_system("find a mail"):
        return OutgoingMail.objects.filter(pk=pk).first()


@scope.opens_scope
def remove_old() -> int:
    with scope.for_system("remove old mail"):
        failed = Q(state=State.FAILED, give_up_at__lt=Now() - FAILED_KEPT_FOR)
        settled = Q(state__in=[State.SENT, State.KEPT], created_at__lt=Now() - SENT_KEPT_FOR)
        count, _ = OutgoingMail.objects.filter(failed | settled).delete()
    return count


@scope.opens_scope
def current_error() -> str:
    """The message of a failure within the last minute, or ""."""
    with scope.for_system("check mail for errors"):
        stuck = OutgoingMail.objects.filter(state=State.WAITING, last_attempt_at__gt=Now() - RECENT)
        error = stuck.exclude(last_error="").order_by("-last_attempt_at").values_list("last_error", flat=True).first()
    return error or ""


@scope.opens_scope
def count_waiting() -> int:
    with scope.for_system("count waiting mail"):
        return OutgoingMail.objects.filter(state=State.WAITING).count()


@scope.opens_scope
def recent(count: int) -> list[OutgoingMail]:
    """Waiting and failed messages first, then the others, each with the newest first."""
    with scope.for_system("list mail"):
        unsent = list(OutgoingMail.objects.filter(state__in=[State.WAITING, State.FAILED])[:count])
        settled = list(OutgoingMail.objects.exclude(state__in=[State.WAITING, State.FAILED])[:count])
    return (unsent + settled)[:count]


@scope.opens_scope
def kept_in_demo(count: int) -> list[OutgoingMail]:
    """Messages that the demo keeps instead of sending, the newest first."""
    with scope.for_system("list mail of the demo"):
        return list(OutgoingMail.objects.filter(state=State.KEPT)[:count])


def error_message(error: Exception) -> str:
    """The error in a sentence, without any text of the mail server."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server did not accept the user name or password ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = ", ".join(sorted({str(code) for code, _ in error.recipients.values()}))
        return f"The mail server refused the address ({codes})."
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"The mail server refused the sender {settings.DEFAULT_FROM_EMAIL} ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server refused the message ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server closed the connection."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server does not offer what PATCHBAY_SMTP_SECURITY or the sign-in needs."
    if isinstance(error, ssl.SSLError):
        return "No secure connection to the mail server: check its certificate and PATCHBAY_SMTP_SECURITY."
    if isinstance(error, socket.gaierror):
        return "The name of the mail server is not known."
    if isinstance(error, TimeoutError):
        return "The mail server did not answer."
    if isinstance(error, ConnectionRefusedError):
        return "The mail server refused the connection."
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"The sender ({settings.DEFAULT_FROM_EMAIL}) or the address cannot be read as an e-mail address."
    return f"The mail server could not be used ({type(error).__name__})."


def is_final(error: Exception) -> bool:
    """Whether the mail server refused every address permanently, so that a retry is useless."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return False


def _record_failure(mail: OutgoingMail, error: Exception) -> None:
    pause = PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    final = is_final(error)
    log.error("mail_not_sent", mail=str(mail.pk), attempts=mail.attempts, reason=type(error).__name__, final=final)
    with scope.for_system("record a failed mail"):
        waiting = OutgoingMail.objects.filter(pk=mail.pk, state=State.WAITING)
        waiting.update(due_at=Now() + pause, last_error=error_message(error))
        (waiting if final else waiting.filter(give_up_at__lt=Now())).update(state=State.FAILED)
