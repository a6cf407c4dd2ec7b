"""`manage.py apply_webhooks`: the process that applies what VoiceDock sent (`dashboard.webhooks.applier`)."""

import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dashboard import production
from dashboard.webhooks.applier import Applier


class Command(BaseCommand):
    help = "Applies stored webhooks as soon as they are committed, until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--of", type=int, default=1, help="how many of these processes share the calls")

    def handle(self, *args: Any, **options: Any) -> None:
        production.refuse(settings)
        applier = Applier(options["of"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: applier.stopped.set())
        if path := os.environ.get("PATCHBAY_READY_FILE"):
            Path(path).touch()
        applier.run()
