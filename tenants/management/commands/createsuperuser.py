"""Replaces Django's `createsuperuser`: Patchbay has no superusers, and the command names the one to use instead."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

MESSAGE = (
    "Patchbay has no superusers. The first of the staff is made by "
    '`manage.py first_admin --email you@example.com --name "Your name"`; everybody else is invited on the page Staff.'
)


class Command(BaseCommand):
    help = "Says how the first staff admin is made: Patchbay has no superusers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--noinput", "--no-input", action="store_true")
        for option in ("--email", "--name", "--username", "--database"):
            parser.add_argument(option)

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(MESSAGE)
