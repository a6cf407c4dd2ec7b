"""Django's mail backend: each message goes through the queue, so a mail server in trouble never fails a request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from tenants.isolation import scope
from tenants.mail import queue


class QueueBackend(BaseEmailBackend):
    """Queues plain text messages and tries each at once, outside of transactions.

    Returns how many the mail server took; the others are tried again by `mail_queue.send_due`.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        taken = 0
        for message in email_messages:
            if not message.recipients():
                continue
            deliver = partial(_deliver, str(message.subject), str(message.body), list(message.recipients()))
            if scope.current():
                transaction.on_commit(deliver, robust=True)
            else:
                taken += deliver()
        return taken


def _deliver(subject: str, text: str, recipients: list[str]) -> bool:
    mail = queue.add(subject, text, recipients)
    return queue.is_kept(mail) or (not queue.trouble() and queue.attempt(mail.pk))
