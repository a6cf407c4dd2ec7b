"""Workers and beat renew a file while they are well: `PATCHBAY_ALIVE_FILE`, which health checks look at."""

import os
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


def renew() -> None:
    if path := os.environ.get("PATCHBAY_ALIVE_FILE"):
        Path(path).touch()


class Scheduler(PersistentScheduler):
    """Celery's own; each round of it is a sign of life."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        pause = super().tick(*args, **kwargs)
        renew()
        return pause
