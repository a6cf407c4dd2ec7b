"""`check_mail ADDRESS`: sends one mail without the queue and prints what the mail server answered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from tenants.mail import queue

SUBJECT = "Patchbay can send mail"
TEXT = "This mail was sent by `manage.py check_mail`. Invitations, password links and alarms take the same way.\n"


class Command(BaseCommand):
    help = "Sends one mail with the settings in force and says what the mail server answered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"{address}: {error.message}") from error
        if not settings.EMAIL_HOST:
            raise CommandError("PATCHBAY_SMTP_HOST is not set, so there is no mail server to try.")
        server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} ({settings.SMTP_SECURITY})"
        self.stdout.write(f"Asking {server} to take a mail from {settings.DEFAULT_FROM_EMAIL} to {address} …")
        try:
            queue.transmit(SUBJECT, TEXT, [address])
        except queue.SEND_ERRORS as error:
            raise CommandError(f"{queue.error_message(error)} Nothing was sent.") from error
        self.stdout.write("The mail server took it. Look whether it arrives, also among the unwanted mail.")
        if waiting := queue.count_waiting():
            self.stdout.write(f"{waiting} mails wait in the queue; the worker sends them within a minute.")
