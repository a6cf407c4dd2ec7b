"""The cap on the memory of a web process: one that is beyond it stops in good order, and is started anew.

What starts it again is `manage.py up`, or the deployment (`restart` in deploy/compose.yaml).
"""

import os
from pathlib import Path

STATM = Path("/proc/self/statm")
DEFAULT = 1024  # megabytes: ten times what it uses at first
PAGE = os.sysconf("SC_PAGE_SIZE")


def used() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not say."""
    try:
        return int(STATM.read_text().split()[1]) * PAGE
    except OSError:
        return 0


def most() -> int:
    """Bytes that it may hold; 0 for no cap."""
    return int(os.environ.get("PATCHBAY_WEB_MEMORY") or DEFAULT) * 1024 * 1024


def is_beyond_cap() -> bool:
    return 0 < most() < used()
