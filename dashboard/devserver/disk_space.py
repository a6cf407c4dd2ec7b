"""Whether the disk is nearly full: databases stop and logs are cut without a message when it is."""

import errno
import shutil
from pathlib import Path

LITTLE = 200_000_000  # bytes
FULL = (errno.ENOSPC, errno.EDQUOT)


def trouble(folder: Path) -> str:
    """What to tell a person, or nothing."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    if free >= LITTLE:
        return ""
    left = f"{free // 1_000_000} MB are left"
    return f"The disk of {folder} is nearly full: {left}. Free some space, or Patchbay will stop working."


def is_full(error: OSError) -> bool:
    return error.errno in FULL


def full(folder: Path) -> str:
    return f"The disk is full, so nothing can be written to {folder}. Free some space there and start again."
