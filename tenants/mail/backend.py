"""Django mail backend that queues each message, so that a failing mail server never fails a request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from tenants.isolation import scope
from tenants.mail import queue


class QueueBackend(BaseEmailBackend):
    """Queues plain text messages and tries to send each at once, outside of transactions.

    `send_messages` returns how many were sent; `queue.send_due` tries the others again.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for message in email_messages:
            if not message.recipients():
                continue
            deliver = partial(_deliver, str(message.subject), str(message.body), list(message.recipients()))
            if scope.current():
                transaction.on_commit(deliver, robust=True)
            else:
                sent += deliver()
        return sent


def _deliver(subject: str, text: str, recipients: list[str]) -> bool:
    mail = queue.add(subject, text, recipients)
    return queue.is_kept(mail) or (not queue.current_error() and queue.attempt(mail.pk))
