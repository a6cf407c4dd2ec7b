"""`manage.py promises`: the tests of the promises (docs/architecture.md), by name, at their whole scale."""

import os

from dashboard.devserver import checks


def run(arguments: list[str]) -> int:
    os.environ.setdefault("PATCHBAY_PROMISES", "whole")  # tests/promises/scale.py
    return checks.pytest(["tests/promises", "-v", "--no-header", *_beside(), *arguments])


def _beside() -> list[str]:
    """One by one to whoever is free: the walks at their end are longer than all before them."""
    return [*checks.BESIDE, "--maxschedchunk", "1"] if checks.CORES > 1 else []
