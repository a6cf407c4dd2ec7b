"""`manage.py bench`: how fast a whole Patchbay starts, answers and stops on this machine (tests/bench.py)."""

import os
import subprocess
import sys

from dashboard.devserver.paths import ROOT


def run(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "tests.bench", *arguments], cwd=ROOT, env=dict(os.environ)).returncode
