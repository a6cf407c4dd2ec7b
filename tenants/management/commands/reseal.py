"""`reseal`: encrypts every stored secret with the newest of PATCHBAY_FIELD_KEYS; older keys can go afterwards."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants import resealing

REMOVING_KEYS = (
    "Start web, workers and beat with the same keys before this, and take the older keys away an hour after it: words "
    "that were typed before a sign-in are kept encrypted in sessions for that long. Keep them with backups of before."
)


class Command(BaseCommand):
    help = "Encrypt every secret again with the first of PATCHBAY_FIELD_KEYS; can be run any number of times."

    def handle(self, *args: Any, **options: Any) -> None:
        result = resealing.run()
        self.stdout.write(f"{result.changed} encrypted again with the newest key, {result.already} were already.")
        if result.unreadable:
            raise CommandError(
                f"None of the {len(settings.FIELD_KEYS)} keys opens what is in {', '.join(result.unreadable[:20])}. "
                "Put the key that sealed it into PATCHBAY_FIELD_KEYS and run this again; take no key away."
            )
        if len(settings.FIELD_KEYS) > 1:
            self.stdout.write(f"Everything opens with the newest key. {REMOVING_KEYS}")
        else:
            self.stdout.write("There is one key only, so none can go. A new key goes in front of it.")
