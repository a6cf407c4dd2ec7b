"""`manage.py pictures`: the pictures of README.md and docs/, of a demo started for them (tests/pictures.py)."""

import os
import subprocess
import sys

from dashboard.devserver.paths import ROOT


def run(arguments: list[str]) -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.pictures", *arguments], cwd=ROOT, env=dict(os.environ)
    ).returncode
