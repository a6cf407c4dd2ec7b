"""`manage.py promises`: the tests of the promises (docs/architecture.md), by name, at their whole scale."""

import os

from dashboard.running import checks


def run(arguments: list[str]) -> int:
    os.environ.setdefault("PATCHBAY_PROMISES", "whole")  # tests/promises/scale.py
    return checks.pytest(["tests/promises", "-v", "--no-header", *arguments])
